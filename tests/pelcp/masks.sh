# Every fallback copies the same bytes.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir -p from/sub; head -c 9000001 /dev/urandom >from/large; echo small >from/sub/small
truncate -s 20M from/runs
head -c 6000000 /dev/urandom | dd of=from/runs bs=1M seek=5 conv=notrunc status=none
for mask in readv_fixed,writev_fixed,read_fixed,write_fixed registered_buffers openat2 \
    read_fixed read,write read,write,read_fixed,write_fixed,readv,writev \
    defer_taskrun,single_issuer \
    no_sqarray close fsync; do
    rm -rf to
    PELTON_MASK=$mask run 0 "$pelcp" -a --sync --verify from to
    same_trees from to
done
PELTON_MASK=no_such_feature run 1 "$pelcp" from/large to
grep -q "no_such_feature" "$printed/stderr" || fail "a misspelled mask went unnoticed"
