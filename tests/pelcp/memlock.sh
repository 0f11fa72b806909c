# With little memory to lock the copy is slower, not refused.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"
become_able_to_be_nobody

mkdir mine; chown 65534 mine; head -c 20000000 /dev/urandom >large
for limit in 8192 2048 64; do
    rm -f mine/large
    (ulimit -l $limit; run 0 as_nobody "$pelcp" large mine/large)
    quiet; same_bytes large mine/large
done
