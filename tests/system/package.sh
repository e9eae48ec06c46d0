#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package in a chroot: this system's root under an overlay that is thrown away. Installed, its units verified, both
# programs started as their units say, used, removed and purged; then nothing of it may be left.
set -Eeuo pipefail

build=${AVS_BUILD_DIR:?}
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
skip() {
    echo "skipped: $*"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "needs root for a chroot"
for program in cpack dpkg-shlibdeps unshare setpriv systemd-analyze; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done

if [ "${1:-}" != inside ]; then
    exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" inside
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/avs-package.XXXXXX")
trap 'umount -R "$tmp/root" 2>/dev/null; umount "$tmp"; rmdir "$tmp"' EXIT
mount -t tmpfs -o size=512m none "$tmp"
mkdir "$tmp/upper" "$tmp/work" "$tmp/root" "$tmp/deb"
mount -t overlay overlay -o "lowerdir=/,upperdir=$tmp/upper,workdir=$tmp/work" "$tmp/root" 2>/dev/null || skip "no overlay on this root"
mount -t proc proc "$tmp/root/proc"
mount --rbind /sys "$tmp/root/sys"
mount --bind /dev "$tmp/root/dev"
mount -t tmpfs none "$tmp/root/run"
mount -t tmpfs none "$tmp/root/tmp"
ip link set lo up
in_root() { chroot "$tmp/root" "$@"; }
rm -f "$tmp/root/var/lib/man-db/auto-update" # an index of all pages takes its time
in_root getent passwd avs >/dev/null && skip "this machine has a user avs"

echo "== packed"
(cd "$tmp/deb" && cpack --config "$build/CPackConfig.cmake" -B "$tmp/deb" >"$tmp/cpack.log" 2>&1) || fail "cpack: $(tail -n 5 "$tmp/cpack.log")"
deb=$(ls "$tmp"/deb/*.deb)
for library in libjansson4 librte-mempool-ring librte-net-memif; do
    dpkg-deb -f "$deb" Depends | grep -q "$library" || fail "no dependency on $library: $(dpkg-deb -f "$deb" Depends)"
done
dpkg-deb -c "$deb" | awk '$2 != "root/root" { print; bad = 1 } END { exit bad }' || fail "files that are not root's"
cp "$deb" "$tmp/root/tmp/avs.deb"

echo "== installed"
find "$tmp/upper" -mindepth 1 | sort >"$tmp/before"
in_root dpkg --force-unsafe-io -i /tmp/avs.deb >"$tmp/out" 2>&1 || fail "dpkg -i: $(cat "$tmp/out")"
in_root getent passwd avs | grep -q nologin || fail "user avs: $(in_root getent passwd avs)"
[ "$(stat -c %u:%a "$tmp/root/var/lib/avs")" = "$(in_root id -u avs):750" ] || fail "/var/lib/avs: $(stat -c %u:%a "$tmp/root/var/lib/avs")"
in_root dpkg -V avs || fail "files differ from the package's"
for page in avsd.8 avs-nic.8 avs-ctl.1 avs-replay.1; do
    [ -s "$tmp/root/usr/share/man/man${page##*.}/$page.gz" ] || fail "no page $page"
done
in_root bash -c 'source /usr/share/bash-completion/completions/avs-ctl && complete -p avs-ctl' >/dev/null || fail "no bash completion"
in_root systemd-analyze verify /lib/systemd/system/avs-nic.service /lib/systemd/system/avsd.service >"$tmp/out" 2>&1 ||
    fail "units: $(cat "$tmp/out")"
! grep -E 'avs.*(Unknown|Failed)' "$tmp/out" || fail "units: $(cat "$tmp/out")"

# What systemd itself holds back, whatever the programs do: 0 to 10 for none (docs/security.md).
exposure() {
    in_root systemd-analyze security --offline=true --no-pager --threshold="$2" "/lib/systemd/system/$1.service" >"$tmp/out" 2>&1 ||
        fail "$1: $(tail -n 1 "$tmp/out")"
}
exposure avsd 17
exposure avs-nic 27

# As the unit says: its user, its capabilities, its command with the options of /etc/default/avs.
start() {
    local unit=$tmp/root/lib/systemd/system/$1.service caps command
    caps=$(sed -n 's/^AmbientCapabilities=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
    command=$(sed -n 's/^ExecStart=//p' "$unit")
    chroot "$tmp/root" setpriv --reuid=avs --regid=avs --init-groups --inh-caps="-all${caps:+,$caps}" --ambient-caps="-all${caps:+,$caps}" \
        --bounding-set="-all${caps:+,$caps}" --no-new-privs bash -c ". /etc/default/avs && umask 0077 && exec $command" \
        </dev/null >"$tmp/$1.log" 2>&1 &
    started=$!
}
wait_for() {
    local what=$1 tries=200
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain: $what: $(cat "$tmp"/*.log | tail -n 5)"
        sleep 0.05
    done
}
ctl() { in_root avs-ctl "$@"; }

echo "== started as the units say, and used"
install -d -m 750 -o "$(in_root id -u avs)" -g "$(in_root id -g avs)" "$tmp/root/run/avs" # RuntimeDirectory=
start avs-nic
nic=$started
wait_for "avs-nic" test -S "$tmp/root/run/avs/nic.sock"
start avsd
avsd=$started
wait_for "avsd" ctl version
ctl vpc add blue vni=100
ctl subnet add s1 vpc=blue prefix4=10.1.0.0/24
ctl port add web role=vnic type=tap device=web0 subnet=s1 mac=02:00:00:00:00:01 addresses=10.1.0.5
ip link show web0 >/dev/null || fail "no interface web0"
ctl port list | grep -q web || fail "$(ctl port list)"
[ -s "$tmp/root/var/lib/avs/state.yaml" ] || fail "nothing was saved"
grep -q 'module=audit msg=changed method=object.add' "$tmp/avsd.log" || fail "nothing in the audit log: $(cat "$tmp/avsd.log")"
for pid in "$avsd" "$nic"; do
    kill "$pid"
    wait "$pid" || fail "ended with code $?: $(cat "$tmp"/*.log)"
done
! grep -hE 'level=(warn|error)' "$tmp/avsd.log" || fail "a complaint in the log"

echo "== removed: configuration and state stay; purged: nothing does"
in_root dpkg -r avs >"$tmp/out" 2>&1 || fail "dpkg -r: $(cat "$tmp/out")"
for file in etc/avs/avsd.yaml var/lib/avs/state.yaml; do
    [ -e "$tmp/root/$file" ] || fail "removing took $file away"
done
in_root dpkg -P avs >"$tmp/out" 2>&1 || fail "dpkg -P: $(cat "$tmp/out")"
! in_root getent passwd avs || fail "user avs is left"
! in_root getent group avs || fail "group avs is left"
[ ! -e "$tmp/root/run/avs" ] || fail "/run/avs is left"
# Character devices are the overlay's word for "gone".
left=$(find "$tmp/upper" -mindepth 1 \( -name '*avs*' -o -path '*avs*' \) ! -type c ! -path '*/tmp/*' | comm -13 "$tmp/before" - || true)
[ -z "$left" ] || fail "left: $left"
echo "== ok"
