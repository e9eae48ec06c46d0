#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says what this machine has and lacks, each finding with its remedy; changes nothing.
#   --json   the findings as JSON
# Exit 0 when everything that `./run demo` needs is there: "missing" stops it, "note" does not.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

json=0
case "${1:-}" in
"") ;;
--json) json=1 ;;
*) usage_error "doctor: unknown option '$1'" ;;
esac

findings=()
missing=0
# finding ok|note|missing NAME TEXT [REMEDY]
finding() {
    findings+=("$1"$'\t'"$2"$'\t'"$3"$'\t'"${4:-}")
    if [ "$1" = missing ]; then
        missing=$((missing + 1))
    fi
}

check_system() {
    local name version arch
    name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-unknown}") || name=unknown
    version=$(. /etc/os-release 2>/dev/null && echo "${ID:-}:${VERSION_ID:-}") || version=""
    case $version in
    debian:12*) finding ok system "$name, Linux $(uname -r)" ;;
    *) finding note system "$name, Linux $(uname -r)" "made for and tested on Debian 12" ;;
    esac

    arch=$(uname -m)
    case $arch in
    x86_64)
        if grep -qw sse4_2 /proc/cpuinfo; then
            finding ok processor "$arch, $(nproc) cores"
        else
            finding missing processor "$arch without SSE4.2" "DPDK needs an x86-64-v2 processor"
        fi
        ;;
    aarch64) finding ok processor "$arch, $(nproc) cores" ;;
    *) finding missing processor "$arch" "x86-64 and arm64 are supported" ;;
    esac
    if [ "$(nproc)" -lt 2 ]; then
        finding note cores "one core" "measurements want 2 cores or more; the demo runs slower"
    fi
}

check_memory() {
    local available pages size memlock
    available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    if [ "$available" -ge 1024 ]; then
        finding ok memory "$available MiB available"
    else
        finding missing memory "$available MiB available" "the build and the demo want 1024 MiB"
    fi
    pages=$(awk '/^HugePages_Free:/ { print $2 }' /proc/meminfo)
    size=$(awk '/^Hugepagesize:/ { print $2 }' /proc/meminfo)
    if [ "${pages:-0}" -gt 0 ]; then
        finding ok hugepages "$pages free of ${size:-?} KiB"
    else
        finding note hugepages "none free; ordinary pages are used" \
            "for more speed: sudo sysctl vm.nr_hugepages=256"
    fi
    memlock=$(ulimit -l)
    if [ "$memlock" = unlimited ] || [ "$memlock" -ge 65536 ] || is_root; then
        finding ok memlock "$memlock KiB"
    else
        finding note memlock "$memlock KiB" "for locked memory: ulimit -l unlimited (as root), or limits.conf"
    fi
}

# 12 is CAP_NET_ADMIN, 21 CAP_SYS_ADMIN: links, and namespaces.
check_privilege() {
    local effective
    effective=$((16#$(awk '/^CapEff:/ { print $2 }' /proc/self/status)))
    if is_root && ((effective >> 12 & 1)) && ((effective >> 21 & 1)); then
        finding ok privilege "root with CAP_NET_ADMIN and CAP_SYS_ADMIN"
    elif is_root; then
        finding missing privilege "root without CAP_NET_ADMIN or CAP_SYS_ADMIN" \
            "in a container: run it with --privileged, or both capabilities"
    else
        finding missing privilege "not root (build, unit and replay tests work)" \
            "network namespaces need root; as root: ./run doctor, ./run demo"
    fi
}

# Tries a command inside a network namespace that ends with it.
in_scratch_netns() {
    if is_root; then
        unshare -n "$@" >/dev/null 2>&1
    else
        unshare -rn "$@" >/dev/null 2>&1
    fi
}

check_kernel() {
    if [ -c /dev/net/tun ] && [ -r /dev/net/tun ] && [ -w /dev/net/tun ]; then
        finding ok tun "/dev/net/tun"
    else
        finding missing tun "/dev/net/tun is missing or closed" \
            "sudo modprobe tun; in a container: --device /dev/net/tun"
    fi
    if ! command -v ip >/dev/null; then
        finding missing netns "the program ip is missing" "./run deps demo"
        return
    fi
    if ! in_scratch_netns ip link set lo up; then
        finding missing netns "network namespaces cannot be made here" "needs root and CONFIG_NET_NS"
        return
    fi
    finding ok netns "network namespaces"
    try_link veth "ip link add avs0 type veth peer name avs1"
    try_link vxlan "ip link add avs0 type vxlan id 1 dstport 4789 local 127.0.0.1 dev lo"
    try_link bridge "ip link add avs0 type bridge"
    try_link tap "ip tuntap add dev avs0 mode tap multi_queue vnet_hdr"
}

try_link() {
    # shellcheck disable=SC2086 # the command's words
    if in_scratch_netns $2; then
        finding ok "$1" "$1 links"
    else
        finding missing "$1" "$1 links cannot be made here" "sudo modprobe ${1/tap/tun}"
    fi
}

check_packages() {
    local group lacking state
    if ! command -v dpkg-query >/dev/null; then
        finding note packages "not a Debian system" "scripts/packages.txt names what is needed"
        return
    fi
    for group in build demo test bench lint; do
        lacking=$(missing_packages "$group" | xargs)
        state=note
        case $group in build | demo) state=missing ;; esac
        if [ -z "$lacking" ]; then
            finding ok "packages-$group" "all $(packages_of "$group" | wc -l) installed"
        else
            finding "$state" "packages-$group" "lacking: $lacking" "sudo ./run deps $group"
        fi
    done
}

check_system
check_memory
check_privilege
check_kernel
check_packages

if [ "$json" -eq 1 ]; then
    printf '%s\n' "${findings[@]}" | "$PYTHON" -c '
import json, sys
rows = [dict(zip(("state", "name", "finding", "remedy"), line.rstrip("\n").split("\t"))) for line in sys.stdin]
print(json.dumps({"ready": all(row["state"] != "missing" for row in rows), "findings": rows}, indent=2))'
else
    for row in "${findings[@]}"; do
        IFS=$'\t' read -r state name text remedy <<<"$row"
        printf '%-8s %-15s %s\n' "$state" "$name" "$text"
        if [ -n "$remedy" ]; then
            printf '%-8s %-15s -> %s\n' "" "" "$remedy"
        fi
    done
    if [ "$missing" -eq 0 ]; then
        echo "doctor: ready for ./run demo"
    else
        echo "doctor: $missing missing for ./run demo"
    fi
fi
[ "$missing" -eq 0 ]
