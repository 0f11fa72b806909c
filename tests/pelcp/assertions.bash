# What the tests of pelcp say. Sourced, with the path of pelcp as $1, in a fresh directory.
pelcp=$(realpath "$1")
export LC_ALL=C
umask 022

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# run STATUS COMMAND...: runs it, and fails unless it exits so. What it printed is in the files
# stdout and stderr, outside of the directory that the test works in.
printed=$(mktemp -d)
trap 'rm -rf "$printed"' EXIT
run() {
    local expected=$1 status=0
    shift
    "$@" >"$printed/stdout" 2>"$printed/stderr" || status=$?
    if [ "$status" -ne "$expected" ]; then
        cat "$printed/stdout" "$printed/stderr" >&2
        fail "exit status $status instead of $expected: $*"
    fi
}

# complains SENTENCE...: standard error had exactly these lines, in any order.
complains() {
    printf '%s\n' "$@" | sort >"$printed/expected"
    sort "$printed/stderr" | diff "$printed/expected" - >&2 || fail "standard error is another"
}

# says LINE...: standard output had exactly these lines, in any order.
says() {
    printf '%s\n' "$@" | sort >"$printed/expected"
    sort "$printed/stdout" | diff "$printed/expected" - >&2 || fail "standard output is another"
}

quiet() {
    [ ! -s "$printed/stderr" ] || { cat "$printed/stderr" >&2; fail "something was said"; }
}

same_bytes() { cmp -- "$1" "$2" >&2 || fail "$1 and $2 differ"; }

# Everything that a copy with -a keeps, for each name below the directory $1. The size of a
# directory is the file system's own affair, and a link's own access time changes when it is read.
listing() {
    (cd "$1" && find . \( -type d -printf '%y %m %U %G %T@ - %n %p\n' \) \
        -o -printf '%y %m %U %G %T@ %s %n %p -> %l\n') | sort
}

same_trees() {
    listing "$1" >"$printed/one"
    listing "$2" >"$printed/two"
    diff "$printed/one" "$printed/two" >&2 || fail "$1 and $2 are not alike"
    diff -r --no-dereference "$1" "$2" >&2 || fail "$1 and $2 have different contents"
}

# as_nobody COMMAND...: without root's privileges. pelcp is a copy here, where nobody can reach it.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
become_able_to_be_nobody() {
    [ "$(id -u)" -eq 0 ] || skip "not root"
    cp "$pelcp" pelcp-for-nobody
    chmod 755 . pelcp-for-nobody
    pelcp=$PWD/pelcp-for-nobody
    as_nobody test -x "$pelcp" || skip "nobody cannot reach $PWD"
}
