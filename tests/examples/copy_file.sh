# copy_file.sh DIRECTORY: what copy_file of the examples in DIRECTORY makes equals what it is given.
set -eu
copy=$1/copy_file

fail() {
    echo "copy_file: $*" >&2
    exit 1
}

for size in 0 1 4095 4096 4097 1048575 1048576 1048577 10485761; do
    head -c "$size" /dev/urandom >from
    "$copy" from into || fail "of $size bytes exits $?"
    cmp from into || fail "of $size bytes differs"
done

head -c 20000000 /dev/urandom >into
head -c 100 /dev/urandom >from
"$copy" from into && cmp from into || fail "over a longer file leaves its end"

head -c 5000000 /dev/urandom >from
for mask in read_fixed,write_fixed read,write openat2,close registered_buffers defer_taskrun; do
    PELTON_MASK=$mask "$copy" from into || fail "without $mask exits $?"
    cmp from into || fail "without $mask differs"
done

refuses() {
    words=$1
    shift
    code=0
    "$copy" "$@" 2>errors || code=$?
    [ "$code" = 1 ] || fail "of $* exits $code instead of 1"
    [ "$(cat errors)" = "copy_file: $words" ] || fail "of $* says: $(cat errors)"
}
refuses "missing: No such file or directory" missing into
refuses "nowhere/into: No such file or directory" from nowhere/into
refuses ".: Is a directory" from .
refuses ".: Is a directory" . into

code=0
"$copy" from 2>errors || code=$?
[ "$code" = 2 ] || fail "of one name exits $code instead of 2"

mkdir disk
if ! mount -t tmpfs -o size=1m pelton disk 2>/dev/null; then
    echo "not tried: a full disk, which only root can mount"
    exit 0
fi
trap 'umount disk' EXIT
refuses "disk/into: No space left on device" from disk/into
