#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing. Arguments: groups of packages.txt, default all.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for group in "$@"; do
    [ -n "$(packages_of "$group")" ] || usage_error "deps: unknown group '$group'"
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    warn "deps: this is not a Debian system. The Debian 12 packages needed are:"
    die 1 "$(packages_of "$@" | xargs)"
fi

mapfile -t missing < <(missing_packages "$@")
if [ ${#missing[@]} -eq 0 ]; then
    echo "deps: all $(packages_of "$@" | wc -l) packages are installed"
    exit 0
fi
if ! is_root; then
    warn "deps: packages are missing; install them with:"
    die 3 "  sudo apt-get install --no-install-recommends -y ${missing[*]}"
fi

# nginx, redis and Open vSwitch would be started on installation; the tests start their own instances.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

log=$(mktemp /tmp/avs-deps.XXXXXX)
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -o DPkg::Lock::Timeout=600 -q "$@" >>"$log" 2>&1; }
echo "deps: installing ${missing[*]}"
if ! apt update; then
    warn "deps: apt-get update failed, trying with the lists at hand"
fi
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    die 1 "deps: apt-get install failed; whole log: $log"
fi
rm -f "$log"
echo "deps: ${#missing[@]} installed"
