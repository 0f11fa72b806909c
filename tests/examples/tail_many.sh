# tail_many shows what is appended to files that grow, shrink, are replaced, go, and come.
# $1: the folder of the examples
set -eu
. "$(dirname "$0")/listening.bash"
tail_many=$1/tail_many

printf 'old\n' >grows
printf 'old\n' >rotates
printf 'old old old\n' >shrinks
ln -s grows link
: >many

"$tail_many" -s 0.02 grows rotates shrinks later below/later link >shown 2>said &
tail_pid=$!
trap 'kill "$tail_pid" 2>/dev/null || true' EXIT

# Waits for what must come: a line of standard output, or of standard error.
waits_for() {
    for _ in $(seq 300); do
        grep -qxF -e "$2" "$1" 2>/dev/null && return 0
        kill -0 "$tail_pid" 2>/dev/null || fail "ended: $(cat said)"
        sleep 0.05
    done
    fail "never shows '$2' but: $(cat "$1")"
}
waits_for said "tail_many: later: No such file or directory"
waits_for said "tail_many: below/later: No such file or directory"
sleep 0.3 # the other files are open by now

printf 'first\n' >>grows
waits_for shown first
[ "$(grep -cx first shown)" = 2 ] || { sleep 1; [ "$(grep -cx first shown)" = 2 ]; } ||
    fail "a link is not followed"

printf 'short\n' >shrinks
waits_for said "tail_many: shrinks: cut short; reading it from its beginning"
waits_for shown short

# As logrotate does it: the writer goes on in the old file for a while.
mv rotates rotates.1
waits_for said "tail_many: rotates: No such file or directory"
printf 'after the move\n' >>rotates.1
printf 'in the new one\n' >rotates
waits_for shown 'after the move'
waits_for shown 'in the new one'

# Replaced under way, twice, without a moment in which there is none.
for i in 1 2; do
    printf 'replacement %d\n' "$i" >next
    mv next rotates
    waits_for shown "replacement $i"
done

printf 'made later\n' >later
mkdir below
printf 'made below\n' >below/later
waits_for shown 'made later'
waits_for shown 'made below'
rm later
waits_for said "tail_many: later: No such file or directory"
mkdir later
waits_for said "tail_many: later: Is a directory"
rmdir later
mkfifo later
waits_for said "tail_many: later: Operation not supported"
rm later
printf 'a file again\n' >later
waits_for shown 'a file again'

# More than a pipe or a piece holds, in order and whole.
seq 200000 >numbers
cat numbers >>later
waits_for shown 200000
sed -n '/^1$/,/^200000$/p' shown | cmp - numbers || fail "many lines come out of order"
! grep -q 'old' shown || fail "shows what was there before"
kill -TERM "$tail_pid"
wait "$tail_pid" 2>/dev/null || true

# Many files, and little said by each: every line comes, each under its name.
mkdir crowd
for i in $(seq 300); do : >"crowd/$i"; done
"$tail_many" -s 0.02 crowd/* >shown 2>said &
tail_pid=$!
sleep 1
for i in $(seq 300); do echo "line of $i" >>"crowd/$i"; done
for i in $(seq 300); do waits_for shown "line of $i"; done
awk '/^==>/ { title = $2 } /^line of/ { if (title != "crowd/" $3) exit 1 }' shown ||
    fail "a line is shown under the title of another file"
[ ! -s said ] || fail "complains about many files: $(head -3 said)"
kill -TERM "$tail_pid"
wait "$tail_pid" 2>/dev/null || true

# A reader that leaves ends it.
("$tail_many" -s 0.02 grows & echo $! >pid; wait) 2>/dev/null | head -n 2 >/dev/null &
sleep 0.5
for _ in $(seq 100); do
    kill -0 "$(cat pid)" 2>/dev/null || break
    echo more >>grows
    sleep 0.1
done
! kill -0 "$(cat pid)" 2>/dev/null || fail "outlives its reader"

for arguments in '' '-s' '-s 0 grows' '-s x grows' '-s 1'; do
    code=0
    # shellcheck disable=SC2086
    "$tail_many" $arguments 2>errors || code=$?
    [ "$code" = 2 ] && grep -q '^usage: tail_many' errors || fail "of '$arguments' exits $code"
done
