# A source that changes its size meanwhile: what is there is copied, and it is told.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

# until_seen CHANGE: changes the size of `source` in the background, for 20 rounds at most, until
# pelcp tells that it did.
until_seen() {
    local change=$1 round status
    for round in $(seq 1 20); do
        head -c 64M /dev/zero >source
        (for i in $(seq 1 50); do eval "$change"; sleep 0.002; done) &
        status=0
        timeout 20 "$pelcp" source copy 2>"$printed/stderr" || status=$?
        wait
        if [ "$status" -eq 1 ]; then
            complains "pelcp: file 'source' changed size while it was copied"
            return
        fi
        [ "$status" -eq 0 ] || fail "exit status $status"
    done
    echo "never copied while it changed: $change"
}
until_seen 'truncate -s -1M source'
[ "$(stat -c %s copy)" -lt 67108864 ] || [ "$(stat -c %s source)" -eq 67108864 ] ||
    fail "more was copied than there is"
until_seen 'head -c 100000 /dev/zero >>source'
[ "$(stat -c %s copy)" -ge 67108864 ] || fail "less was copied than there was"
