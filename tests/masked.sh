# masked.sh MASK EXECUTABLE...: the test executables pass with PELTON_MASK=MASK, a process each.
# Cases of the suite "slow" are left out: they are about amounts, not about which operation is used.
set -eu
PELTON_MASK=$1
export PELTON_MASK
shift
failed=0
for tests in "$@"; do
    code=0
    "$tests" --no-version --test-suite-exclude='*slow*' || code=$?
    case $code in
        0 | 77) ;;
        *)
            echo "$tests fails with PELTON_MASK=$PELTON_MASK"
            failed=1 ;;
    esac
done
exit $failed
