# --kernel-info tells what is here and what is missing.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

run 0 "$pelcp" --kernel-info; quiet
grep -q "^kernel: $(uname -r)$" "$printed/stdout" || fail "no release"
grep -q "^readv_fixed " "$printed/stdout" || fail "no features"
grep -q "RLIMIT_MEMLOCK" "$printed/stdout" || fail "no limit"
grep -q "^pages: 8192 KiB" "$printed/stdout" || fail "no pages"
PELTON_MASK=readv_fixed run 0 "$pelcp" --kernel-info
grep -Eq "^readv_fixed +[0-9.]+ +masked +[a-zA-Z]" "$printed/stdout" || fail "a mask is not shown"
run 0 "$pelcp" --version
grep -Eq '^pelcp [0-9.]+$' "$printed/stdout" || fail "no version"
run 0 "$pelcp" --help
grep -q -- --archive "$printed/stdout" || fail "no help"
