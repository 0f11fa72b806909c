# Holes stay holes, and data stays where it is.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

blocks() { stat -c %b "$1"; }

truncate -s 5G sparse
for at in 0 1 1023 3000 5119; do
    printf 'data at %s MiB' "$at" | dd of=sparse bs=1M seek="$at" conv=notrunc status=none
done
[ "$(blocks sparse)" -lt 2000 ] || skip "this file system fills holes"
run 0 "$pelcp" sparse copy
[ "$(stat -c %s copy)" = 5368709120 ] || fail "the size is another"
[ "$(blocks copy)" -lt 2000 ] || fail "holes were filled: $(blocks copy) blocks"
for at in 0 1 1023 2000 3000 5119; do
    cmp -n 65536 -i "${at}M" sparse copy >&2 || fail "the data at $at MiB differs"
done

# Large runs of data between holes go through the ring, many small ones through one thread.
truncate -s 64M runs
for at in 3 20 40; do
    head -c 9000000 /dev/urandom | dd of=runs bs=1M seek="$at" conv=notrunc status=none
done
run 0 "$pelcp" runs runs.copy
same_bytes runs runs.copy
[ "$(blocks runs.copy)" -le "$(($(blocks runs) + 64))" ] || fail "holes were filled"

truncate -s 24M holed
for at in $(seq 0 2 2998); do
    printf '%s' "$at" | dd of=holed bs=8k seek="$at" conv=notrunc status=none
done
run 0 "$pelcp" holed holed.copy
same_bytes holed holed.copy
[ "$(blocks holed.copy)" -le "$(($(blocks holed) + 64))" ] || fail "holes were filled"

# A hole at the end, in a small file and in an empty one.
truncate -s 300000 small; printf x | dd of=small conv=notrunc status=none
truncate -s 8M only-hole
for name in small only-hole; do
    run 0 "$pelcp" $name $name.copy
    same_bytes $name $name.copy
    [ "$(blocks $name.copy)" -le "$(($(blocks $name) + 8))" ] || fail "$name: holes were filled"
done

run 0 "$pelcp" --sparse=never small filled
same_bytes small filled
[ "$(blocks filled)" -gt 500 ] || fail "--sparse=never left a hole"
