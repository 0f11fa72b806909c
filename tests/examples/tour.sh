# tour says what docs/using.md says that its parts do.
# $1: the folder of the examples
set -eu
tour=$1/tour

fail() {
    echo "tour: $*" >&2
    exit 1
}

cat >expected <<'END'
files: a note
memory: 100008 bytes
sockets: hello
errors: it is not there
deadlines: nobody came
stops: Operation canceled
at once: it is not there, nobody came
threads: 500500
shards: 1 of 2
posts: a message came
END
for mask in '' linux_6.1 registered_buffers,openat2; do
    mkdir files
    PELTON_MASK=$mask "$tour" files >said 2>complained ||
        fail "without '$mask' exits $?: $(cat complained)"
    cmp expected said || fail "without '$mask' says: $(cat said)"
    printf 'a note\n' | cmp - files/note
    [ "$(head -c 8 files/log)" = stopped ] || fail "the shielded write did not happen"
    [ "$(wc -c <files/log)" = 100008 ] || fail "the gathered write is of another length"
    rm -r files
done

code=0
"$tour" nowhere 2>errors || code=$?
[ "$code" = 1 ] && [ "$(cat errors)" = "pelton: No such file or directory" ] ||
    fail "of a missing folder exits $code: $(cat errors)"
