# cat.sh DIRECTORY: what cat of the examples in DIRECTORY writes is what is in the file.
set -eu
cat=$1/cat

fail() {
    echo "cat: $*" >&2
    exit 1
}

for size in 0 1 4095 4096 4097 262144 262145 10485760; do
    head -c "$size" /dev/urandom >file
    "$cat" file >copy || fail "of $size bytes exits $?"
    cmp file copy || fail "of $size bytes into a file differs"
    "$cat" file | cmp - file || fail "of $size bytes into a pipe differs"
done

# Small steps: the pipe holds a page at a time for a reader that takes single bytes of the rest.
"$cat" file | (dd bs=1 count=100 status=none; dd bs=1000 status=none) | cmp - file ||
    fail "into a slow pipe differs"

PELTON_CAT=told "$cat" /proc/self/environ | tr '\0' '\n' | grep -qx PELTON_CAT=told ||
    fail "does not read /proc/self/environ"
"$cat" /proc/self/cmdline | tr '\0' '\n' | grep -qx /proc/self/cmdline ||
    fail "does not read /proc/self/cmdline"

# From a pipe, by name: the writer may come later.
head -c 300000 file >part
mkfifo fifo
"$cat" fifo >copy &
reader=$!
cat part >fifo
wait "$reader" || fail "of a FIFO fails"
cmp part copy || fail "of a FIFO differs"
"$cat" /dev/stdin <file | cmp - file || fail "of a file as standard input differs"

for mask in read_fixed,readv_fixed read,write readv,writev openat2,close registered_buffers; do
    PELTON_MASK=$mask "$cat" file | cmp - file || fail "without $mask differs"
done

refuses() {
    words=$1
    shift
    code=0
    "$cat" "$@" >out 2>errors || code=$?
    [ "$code" = 1 ] || fail "of $* exits $code instead of 1"
    [ "$(cat errors)" = "cat: $words" ] || fail "of $* says: $(cat errors)"
    [ ! -s out ] || fail "of $* writes to standard output"
}
refuses "missing: No such file or directory" missing
refuses ".: Is a directory" .
refuses "file/below: Not a directory" file/below

code=0
"$cat" file >/dev/full 2>errors || code=$?
[ "$code" = 1 ] || fail "to a full device exits $code instead of 1"
[ "$(cat errors)" = "cat: standard output: No space left on device" ] ||
    fail "to a full device says: $(cat errors)"

code=0
"$cat" 2>errors || code=$?
[ "$code" = 2 ] || fail "of nothing exits $code instead of 2"
[ "$(cat errors)" = "usage: cat FILE" ] || fail "of nothing says: $(cat errors)"

# The reader leaves: cat ends, by SIGPIPE or with a sentence, and does not hang.
(
    set +e
    "$cat" file 2>errors
    echo $? >code
) | head -c 1 >/dev/null
case $(cat code) in
    141) ;;
    1) grep -qx "cat: standard output: Broken pipe" errors || fail "EPIPE says: $(cat errors)" ;;
    *) fail "whose reader leaves exits $(cat code)" ;;
esac
