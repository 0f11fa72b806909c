# Nothing is copied onto or into itself.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

echo a >a; ln a b; ln -s a c; mkdir d d/e; echo f >d/f
for other in a ./a d/../a b c; do
    run 1 "$pelcp" a "$other"
    complains "pelcp: 'a' and '$other' are the same file"
    [ "$(cat a)" = a ] || fail "a lost its bytes"
done
run 1 "$pelcp" a .
complains "pelcp: 'a' and './a' are the same file"

run 1 "$pelcp" -r d d/x
complains "pelcp: cannot copy a directory, 'd', into itself, 'd/x'"
[ ! -e d/x ] || fail "d/x was made"
run 1 "$pelcp" -r d d
complains "pelcp: cannot copy a directory, 'd', into itself, 'd/d'"
run 1 "$pelcp" -r d d/e
complains "pelcp: cannot copy a directory, 'd', into itself, 'd/e/d'"
run 1 "$pelcp" -r . d/e/f
complains "pelcp: cannot copy a directory, '.', into itself, 'd/e/f'"
run 1 "$pelcp" -rT d d
complains "pelcp: 'd' and 'd' are the same file"
[ "$(find d | sort | tr '\n' ' ')" = "d d/e d/f " ] || fail "something was made in d"
