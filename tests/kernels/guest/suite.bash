# Everything the guest does once it has a shell; /init starts it as process 1.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin LC_ALL=C HOME=/root
exec 3>/dev/ttyS1
say() { printf '%s\n' "$*" >&3; }
leave() {
    sync
    sleep 0.2  # the line is slow
    busybox poweroff -f
}
trap 'say "broken	line $LINENO"; leave' ERR  # until the tests begin
busybox stty -F /dev/ttyS1 raw

ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t devpts devpts /dev/pts
busybox ip link set lo up
ulimit -n 65536
trap - ERR
while read -r module; do
    busybox insmod $module || say "note	insmod $module failed"
done </guest/modules
. /guest/settings  # scratch, filesystem, disk

# Where tests make their files: the disk, which knows O_DIRECT; the root is memory.
appears() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -b "$1" ] && return
        sleep 0.1
    done
}
appears /dev/vda
device=/dev/vda
if [ "$disk" = scsi_debug ]; then
    appears /dev/sda
    device=/dev/sda
    dd if=/dev/vda of=$device bs=1M || say "note	the disk could not be copied"
fi
# NFS is ext4 that the guest exports to itself. Nothing but NFS 4.2 is spoken, so there is no
# portmapper; and as no client can have been there before, its grace period ends at once.
mount_nfs() {
    mkdir -p /export /var/lib/nfs/v4recovery
    mount -t ext4 $device /export && mount -t nfsd nfsd /proc/fs/nfsd || return
    chmod 777 /export
    : >/var/lib/nfs/etab && : >/var/lib/nfs/rmtab
    echo 10 >/proc/fs/nfsd/nfsv4leasetime && echo 10 >/proc/fs/nfsd/nfsv4gracetime || return
    echo '/export 127.0.0.1(rw,fsid=0,no_root_squash,no_subtree_check)' >/etc/exports
    exportfs -a && rpc.mountd --no-nfs-version 3 || return
    rpc.nfsd --no-udp --no-nfs-version 3 --nfs-version 4.2 4 || return
    echo Y >/proc/fs/nfsd/v4_end_grace
    mount.nfs4 127.0.0.1:/ "$1" -o vers=4.2,sec=sys
}
mount_scratch() {
    case $filesystem in
        nfs) mount_nfs "$scratch" ;;
        *) mount -t "$filesystem" $device "$scratch" ;;
    esac
}
mkdir -p "$scratch" /tmp
if ! mount_scratch >/run/mounting 2>&1; then
    sed 's/^/note	mounting: /' /run/mounting >&3
    say "broken	no disk with $filesystem"
    leave
fi
mkdir -p "$scratch/tmp" "$scratch/here"
chmod 1777 "$scratch/tmp"
case $scratch in
    /tmp/*) ;;  # the tests themselves lie there
    *) mount --bind "$scratch/tmp" /tmp ;;
esac
chmod 755 / /root
if ! cd "$scratch/here"; then
    say "broken	no $scratch/here"
    leave
fi
# Polled transfers and NVMe commands, and nothing else, write to it.
[ ! -b /dev/nvme0n1 ] || export PELTON_SCRATCH_DEVICE=/dev/nvme0n1
[ ! -c /dev/ng0n1 ] || export PELTON_NVME_NAMESPACE=/dev/ng0n1
say "kernel	$(uname -r)"

passed=0 skipped=0 failed=0
# one SECONDS NAME COMMAND...
one() {
    local seconds=$1 name=$2 code=0 start=${EPOCHREALTIME/./} took
    shift 2
    say "begin	$name"
    timeout --kill-after=5 "$seconds" "$@" </dev/null >/run/out 2>&1 || code=$?
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    case $code in
        0)
            passed=$((passed + 1))
            say "ok	$name	$took" ;;
        77)
            skipped=$((skipped + 1))
            say "skip	$name	$(sed -nE '/skipped:/I { s/.*skipped: *//I; p; q }' /run/out)" ;;
        *)
            failed=$((failed + 1))
            [ $code != 124 ] && [ $code != 137 ] || code="time $code"
            say "FAIL	$name	$code	$took"
            tail -c 6000 /run/out | tail -n 60 | tr -d '\r' | sed 's/^/> /' >&3 ;;
    esac
}
mkdir -p /run
. /guest/suite
say "done	$passed	$skipped	$failed"
leave
