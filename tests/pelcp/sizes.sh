# Every byte arrives, around the sizes where something else begins to happen.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir from
head -c 9000000 /dev/urandom >seed
for size in 0 1 4095 4096 4097 262143 262144 262145 1048575 1048576 1048577 4194303 4194304 \
    4194305 8388609; do
    head -c "$size" seed >"from/$size"
    run 0 "$pelcp" "from/$size" alone
    same_bytes "from/$size" alone
    rm alone
done
run 0 "$pelcp" -r from all
diff -r from all || fail "the tree differs"

# Over something longer, the rest of which must go.
head -c 9000000 seed >over
run 0 "$pelcp" from/4097 over
same_bytes from/4097 over
head -c 9000000 seed >over
run 0 "$pelcp" from/4194305 over
same_bytes from/4194305 over

# Files of procfs say that they are empty, those of sysfs that they are longer than they are.
run 0 "$pelcp" /proc/version version
grep -q Linux version || fail "/proc/version is empty"
run 0 "$pelcp" /sys/kernel/mm/transparent_hugepage/enabled enabled
cat /sys/kernel/mm/transparent_hugepage/enabled | cmp - enabled || fail "a file of sysfs differs"

# What is no regular file but named alone is read to its end.
head -c 300000 seed | run 0 "$pelcp" /dev/stdin from-pipe
head -c 300000 seed | cmp - from-pipe || fail "the pipe's bytes differ"
run 0 "$pelcp" from/4097 /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
