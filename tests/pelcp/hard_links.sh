# Names of one inode are names of one inode again.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir -p from/a from/b/c
echo shared >from/a/one; ln from/a/one from/b/two; ln from/a/one from/b/c/three
head -c 6000000 /dev/urandom >from/a/large; ln from/a/large from/large; ln from/a/large from/b/large
ln -s a/one from/link; ln -P from/link from/b/link
for i in $(seq 1 200); do echo "$i" >"from/a/many$i"; ln "from/a/many$i" "from/b/again$i"; done

run 0 "$pelcp" -a from to; quiet
same_trees from to
groups() { (cd "$1" && find . -links +1 ! -type d -printf '%i %p\n' | sort |
    awk '{ if ($1 != last) { print line; line = "" } line = line " " $2; last = $1 }
         END { print line }' |
    sort); }
diff <(groups from) <(groups to) >&2 || fail "other names belong together"
run 0 "$pelcp" -a from/. to; quiet
same_trees from to

# Between operands too.
mkdir into
run 0 "$pelcp" -a from/a/one from/b/two into
[ "$(stat -c %h into/one)" = 2 ] || fail "operands were not linked"

# Also when one operand is finished before the other, and their paths are not below this directory.
mkdir -p operands/many/deep operands/few
for i in $(seq 1 2000); do echo "$i" >"operands/many/$i"; done
echo shared >operands/few/one; ln operands/few/one operands/many/two
ln operands/few/one operands/many/deep/three
mkdir absolute
run 0 "$pelcp" -a "$PWD/operands/many" "$PWD/operands/few" absolute; quiet
[ "$(stat -c %h absolute/few/one)" = 3 ] || fail "names in two operands were not linked"

# Without -a each name is a file of its own.
run 0 "$pelcp" -r from apart
[ "$(stat -c %h apart/a/one)" = 1 ] || fail "-r made a hard link"
same_bytes from/a/large apart/b/large

# The target's other names keep their bytes.
echo old >old; ln old other
run 0 "$pelcp" -a from/a/one old
[ "$(cat other)" = old ] || fail "another name of the target was written to"
