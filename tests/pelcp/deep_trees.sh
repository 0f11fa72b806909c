# Trees deeper than a path can be long, and than a process can have descriptors.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

# make DEPTH NAME: a tree of that depth below the directory made, a file in each level, and beside
# the way down a directory that is looked at later.
make() {
    python3 - "$@" <<'EOF'
import os, sys
depth, name = int(sys.argv[1]), sys.argv[2]
at = os.open(".", os.O_RDONLY)
for level in range(depth):
    for made in (name, "aside"):
        os.mkdir(made, dir_fd=at)
    with open(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at), "w") as file:
        file.write(str(level))
    below = os.open(name, os.O_RDONLY, dir_fd=at)
    os.close(at)
    at = below
EOF
}
# depth NAME: how deep a copy is, each level with its file and its directory.
depth() {
    python3 - "$@" <<'EOF'
import os, sys
at, level = os.open(".", os.O_RDONLY), 0
while True:
    try:
        below = os.open(sys.argv[1], os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
    except FileNotFoundError:
        break
    with open(os.open("file", os.O_RDONLY, dir_fd=at)) as file:
        assert file.read() == str(level), level
    assert sorted(os.listdir(at)) == sorted(["aside", "file", sys.argv[1]]), level
    os.close(at)
    at, level = below, level + 1
print(level)
EOF
}
long=$(printf 'n%.0s' $(seq 1 50))
mkdir wide; (cd wide && make 300 "$long")
run 0 "$pelcp" -a wide wide.copy; quiet
[ "$(cd wide.copy && depth "$long")" = 300 ] || fail "levels are missing"

mkdir deep; (cd deep && make 3000 d)
run 0 "$pelcp" -a deep deep.copy; quiet
[ "$(cd deep.copy && depth d)" = 3000 ] || fail "levels are missing"
[ "$(cd deep && find . -type d -printf '%m %T@\n' | sort | md5sum)" = \
    "$(cd deep.copy && find . -type d -printf '%m %T@\n' | sort | md5sum)" ] ||
    fail "directories have other times"

# With hardly any descriptors.
(ulimit -n 100; run 0 "$pelcp" -r deep few; quiet)
[ "$(cd few && depth d)" = 3000 ] || fail "levels are missing"
rm -rf wide wide.copy deep deep.copy few
