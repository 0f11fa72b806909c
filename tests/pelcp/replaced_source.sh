# A large file that is another kind of file when its turn comes is told, and nothing takes its place
# in the copy.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"
[ "$(id -u)" -eq 0 ] || skip "not root"
PATH=$PATH:/usr/sbin:/sbin
type fsfreeze mkfs.ext4 >/dev/null 2>&1 || skip "no fsfreeze or no mkfs.ext4"

truncate -s 64M disk
mkfs.ext4 -q disk
mkdir to from
mount -o loop disk to 2>/dev/null || skip "no loop mount"
trap 'fsfreeze -u to 2>/dev/null || :; umount to; rm -rf "$printed"' EXIT

# Whether two of the process's threads wait in the kernel for the frozen file system.
both_wait() { [ "$(ps -L -o stat= -p "$1" | grep -c '^D')" -ge 2 ]; }

# replace COMMAND...: copies three large files with these arguments; while the copies of the first
# two cannot begin, COMMAND replaces the third.
replace() {
    local status=0 round
    rm -rf to/* from
    mkdir from
    for name in 1 2 3; do head -c 5000000 /dev/zero >from/$name; done
    fsfreeze -f to
    "$pelcp" "${options[@]}" from/1 from/2 from/3 to 2>"$printed/stderr" &
    local copying=$!
    for round in $(seq 1 200); do
        ! both_wait $copying || break
        sleep 0.02
    done
    rm from/3
    "$@" from/3
    fsfreeze -u to
    wait $copying || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status"
    [ ! -e to/3 ] || fail "there is a copy of what was replaced: $(stat -c %F to/3)"
    same_bytes from/1 to/1
    same_bytes from/2 to/2
}

options=(-r)
replace mkfifo
complains "pelcp: skipping file 'from/3', as it was replaced while being copied"
replace mkdir
complains "pelcp: cannot open 'from/3' for reading: Is a directory"

options=(--no-dereference)
replace mkdir
complains "pelcp: cannot open 'from/3' for reading: Is a directory"
