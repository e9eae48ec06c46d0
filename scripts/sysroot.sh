#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's libraries for arm64, unpacked into build/sysroot-arm64 for the preset `arm64`. They are not installed: beside those of
# this machine they cannot be (DPDK's development packages of two architectures exclude each other).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

arch=arm64
root=build/sysroot-$arch
mapfile -t packages < <(packages_of build test | grep '^lib.*-dev$' | grep -v '^libclang')
list="${packages[*]}"
if [ -f "$root/.packages" ] && [ "$(<"$root/.packages")" = "$list" ]; then
    exit 0
fi

# apt with lists, cache and "installed packages" of its own: none is installed, so that all that is needed comes.
state=$(mktemp -d /tmp/avs-sysroot.XXXXXX)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
apt() {
    apt-get -q -y -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache::archives="$state/archives" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
        -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@" >>"$state/log" 2>&1 || {
        tail -n 20 "$state/log" >&2
        die 1 "sysroot: apt-get $1 failed"
    }
}
echo "sysroot: fetching Debian's libraries for $arch"
apt update
apt install --download-only --no-install-recommends "${packages[@]}"

rm -rf "$root"
mkdir -p "$root"
for package in "$state"/archives/*.deb; do
    dpkg -x "$package" "$root"
done
# What points to an absolute path means one below the root.
find "$root" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
    ln -sfnr "$root$(readlink "$link")" "$link"
done
echo "$list" >"$root/.packages"
echo "sysroot: $(find "$state/archives" -name '*.deb' | wc -l) packages in $root"
