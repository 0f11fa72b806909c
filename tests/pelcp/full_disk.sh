# A full disk is told for each file that does not fit; the others are copied.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"
[ "$(id -u)" -eq 0 ] || skip "not root"
mkdir disk from
mount -t tmpfs -o size=8M tmpfs disk 2>/dev/null || skip "no mount"
trap 'umount disk; rm -rf "$printed"' EXIT

head -c 12000000 /dev/urandom >from/large
run 1 "$pelcp" from/large disk/large
complains "pelcp: error writing 'disk/large': No space left on device"
size=$(stat -c %s disk/large)
[ "$size" -lt 12000000 ] || fail "half a copy has the size of a whole one"
cmp -n "$size" from/large disk/large || fail "what was copied is not the beginning of the source"
rm disk/large

for i in 1 2 3 4; do head -c 3000000 /dev/urandom >"from/medium$i"; done
rm from/large; mkdir from/sub; echo small >from/sub/small; ln -s small from/sub/link
run 1 "$pelcp" -r from disk/tree
grep -q "error writing 'disk/tree/medium" "$printed/stderr" || fail "nothing was said"
[ "$(readlink disk/tree/sub/link)" = small ] || fail "the rest was not copied"
whole=0
for i in 1 2 3 4; do cmp -s "from/medium$i" "disk/tree/medium$i" && whole=$((whole + 1)); done
[ "$whole" -ge 1 ] || fail "nothing at all was copied"

# Nor does it end the copy when nobody can be told of it.
mkdir -p nobody/from nobody/to/from/7
for i in $(seq 1 50); do echo "$i" >"nobody/from/$i"; done
code=0
"$pelcp" -r nobody/from nobody/to 2>/dev/full || code=$?
[ "$code" = 1 ] || fail "without a standard error it ended with $code"
[ "$(find nobody/to -type f | wc -l)" = 49 ] || fail "the rest was not copied"
