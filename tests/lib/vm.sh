# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Virtual machines for tests and demo, sourced: QEMU without KVM, Debian's cloud kernel, and an initramfs of busybox, the virtio modules and
# iperf3. Kernel and initramfs are made once and kept in the build directory. Wants BIN, TMP and pids (which ends what is in it) of the caller.
#
#   vm_prepare                     0: there are kernel and initramfs, else a line on standard output says why not
#   vm_start NAME SERVER ADDRESS... [-- QEMU ARGUMENT...]   a guest with a device at $TMP/NAME.sock; SERVER: on, it listens there; off, we do
#   vm_up NAME                     until its shell answers
#   vm_do NAME COMMAND...          in the guest; its output, and its exit code
#   vm_monitor NAME COMMAND...     to QEMU's monitor
#   vm_pid[NAME]                   its process
#   vm_options                     more of -device virtio-net-pci, ",mq=on" say

declare -A vm_pid=() vm_in=() vm_out=()
vm_options=""
vm_queues=1
vm_dir=$(dirname "$BIN")/vm

# The newest cloud kernel of this release as a package, unpacked and not installed: it is not for this machine.
vm_kernel() {
    local package
    if compgen -G "$vm_dir/kernel/boot/vmlinuz-*" >/dev/null; then
        return 0
    fi
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }')
    [ -n "$package" ] || return 1
    (cd "$vm_dir" && apt-get -qq download "$package" && dpkg -x "$package"_*.deb kernel.new && rm -f "$package"_*.deb && mv kernel.new kernel) >&2
}

vm_initramfs() {
    local root=$vm_dir/root modules file
    modules=$(echo "$vm_dir"/kernel/lib/modules/*/kernel)
    rm -rf "$root"
    mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules}
    cp "$(command -v busybox)" "$root/bin/busybox"
    cp "$modules"/drivers/virtio/virtio{_ring,,_pci_modern_dev,_pci_legacy_dev,_pci}.ko "$modules"/net/core/failover.ko \
        "$modules"/drivers/net/{net_failover,virtio_net}.ko "$root/modules/" || return 1
    cp "$(command -v iperf3)" "$root/bin/"
    ldd "$root/bin/iperf3" | grep -o '/[^ ]*' | while read -r file; do
        mkdir -p "$root$(dirname "$file")"
        cp -L "$file" "$root$file"
    done
    cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net; do
    insmod /modules/$m.ko
done
ip link set lo up
configure() {
    echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
    ip link set eth0 up
    for word in $(cat /proc/cmdline); do
        case $word in
        address=*) ip addr add "${word#address=}" dev eth0 ;;
        esac
    done
}
configure
stty -F /dev/ttyS1 raw -echo
while true; do
    while read -r line; do
        eval "$line" </dev/null 2>&1
        echo "@@ $?"
    done </dev/ttyS1 >/dev/ttyS1
done
INIT
    chmod 755 "$root/init"
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1 >"$vm_dir/initramfs.new") && mv "$vm_dir/initramfs.new" "$vm_dir/initramfs.gz"
}

vm_prepare() {
    local program
    for program in qemu-system-x86_64 busybox cpio iperf3 dpkg; do
        command -v "$program" >/dev/null || { echo "$program is not installed" && return 1; }
    done
    mkdir -p "$vm_dir"
    (
        flock 9
        vm_kernel || { echo "no kernel for the guests: linux-image-cloud-amd64 cannot be downloaded" && exit 1; }
        [ "$vm_dir/initramfs.gz" -nt "${BASH_SOURCE[0]}" ] || vm_initramfs || { echo "no initramfs for the guests: see above" && exit 1; }
    ) 9>"$vm_dir/lock"
}

vm_start() {
    local name=$1 server=$2 chardev="" in out append="console=ttyS0 quiet panic=-1"
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        append="$append address=$1"
        shift
    done
    [ $# -eq 0 ] || shift
    case $server in
    on) chardev=",server=on" ;;
    off) chardev=",reconnect=1" ;;
    esac
    mkfifo "$TMP/$name".{sh,mon}.{in,out}
    exec {in}<>"$TMP/$name.sh.in" {out}<>"$TMP/$name.sh.out"
    vm_in[$name]=$in vm_out[$name]=$out
    qemu-system-x86_64 -nodefaults -no-user-config -display none -accel tcg -cpu max -m 160 -smp 1 \
        -kernel "$vm_dir"/kernel/boot/vmlinuz-* -initrd "$vm_dir/initramfs.gz" -append "$append" \
        -object memory-backend-memfd,id=mem,size=160M,share=on -numa node,memdev=mem \
        -chardev "socket,id=net,path=$TMP/$name.sock$chardev" -netdev "vhost-user,id=n0,chardev=net,queues=$vm_queues" \
        -device "virtio-net-pci,id=nic0,netdev=n0,vectors=0,romfile=,mac=${vm_mac:-02:00:00:00:00:01}$vm_options" \
        -serial "file:$TMP/$name.console" -chardev "pipe,id=sh,path=$TMP/$name.sh" -serial chardev:sh \
        -chardev "pipe,id=mon,path=$TMP/$name.mon" -mon chardev=mon,mode=readline "$@" </dev/null >"$TMP/$name.qemu.log" 2>&1 &
    vm_pid[$name]=$!
    pids+=("$!")
    # The vSwitch is another user; who may enter the folder, says its owner.
    while [ "$server" = on ] && kill -0 "${vm_pid[$name]}" && ! chmod 666 "$TMP/$name.sock" 2>/dev/null; do
        sleep 0.05
    done
}

# vm_do NAME COMMAND...: at most 20 s.
vm_do() {
    local name=$1 line
    shift
    while read -r -t 0.01 -u "${vm_out[$name]}" line; do :; done
    printf '%s\n' "$*" >&"${vm_in[$name]}"
    while read -r -t 20 -u "${vm_out[$name]}" line; do
        line=${line%$'\r'}
        [[ $line != "@@ "* ]] || return "${line#@@ }"
        printf '%s\n' "$line"
    done
    echo "no answer from guest $name"
    return 125
}
vm_answers() {
    local line
    kill -0 "${vm_pid[$1]}" || return 0 # its end is found by what follows
    printf 'true\n' >&"${vm_in[$1]}"
    read -r -t 0.5 -u "${vm_out[$1]}" line && [[ $line == "@@ 0"* ]]
}
vm_up() {
    local end=$((SECONDS + 60))
    until vm_answers "$1" 2>/dev/null; do
        if [ $SECONDS -gt $end ]; then
            echo "guest $1 does not come up: $(tail -n 3 "$TMP/$1.console" "$TMP/$1.qemu.log")" >&2
            return 1
        fi
        sleep 0.1
    done
}
vm_monitor() {
    local name=$1
    shift
    printf '%s\n' "$*" >"$TMP/$name.mon.in"
}
