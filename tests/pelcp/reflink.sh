# On a filesystem that shares blocks between files a copy takes none of its own.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"
[ "$(id -u)" -eq 0 ] || skip "not root"
command -v mkfs.xfs >/dev/null || skip "no mkfs.xfs (package xfsprogs)"
mkdir disk
truncate -s 512M image
mkfs.xfs -q -m reflink=1 image || skip "mkfs.xfs does not know reflink"
mount -o loop image disk 2>/dev/null || skip "no loop mount of XFS"
trap 'umount disk; rm -rf "$printed"' EXIT

used() { sync -f disk; df --output=used -B1 disk | tail -1; }
head -c 100000000 /dev/urandom >disk/from
before=$(used)
run 0 "$pelcp" --verify disk/from disk/into
quiet; same_bytes disk/from disk/into
after=$(used)
[ $((after - before)) -lt 10000000 ] || fail "the copy took $((after - before)) bytes of its own"

# What is written to the copy afterwards does not reach the source.
before=$(sha256sum <disk/from)
printf changed | dd of=disk/into conv=notrunc status=none
[ "$before" = "$(sha256sum <disk/from)" ] || fail "the source changed with its copy"
