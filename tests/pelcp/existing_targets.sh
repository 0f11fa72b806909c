# -n, -f, -v and what is there already.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

echo new >new; echo old >old; chmod 600 old
run 0 "$pelcp" -n new old; quiet
[ "$(cat old)" = old ] || fail "-n overwrote"
run 0 "$pelcp" new old
same_bytes new old
[ "$(stat -c %a old)" = 600 ] || fail "the mode of what was there changed"

mkdir -p from/sub to/sub; echo 1 >from/sub/1; echo 2 >from/sub/2; ln -s l from/sub/l
echo mine >to/sub/1
run 0 "$pelcp" -rn from/. to; quiet
[ "$(cat to/sub/1)" = mine ] || fail "-n overwrote"
same_bytes from/sub/2 to/sub/2
run 0 "$pelcp" -rn from/. to; quiet

run 0 "$pelcp" -rv from said
says "'from' -> 'said'" "'from/sub' -> 'said/sub'" "'from/sub/1' -> 'said/sub/1'" \
    "'from/sub/2' -> 'said/sub/2'" "'from/sub/l' -> 'said/sub/l'"
run 0 "$pelcp" -v new said
says "'new' -> 'said/new'"

# A directory is no place for a file, nor a file for a directory; the rest goes on.
mkdir -p a/x b; echo y >a/y; echo file >b/x; mkdir b/y
run 1 "$pelcp" -r a/. b
complains "pelcp: cannot overwrite non-directory 'b/./x' with directory 'a/./x'" \
    "pelcp: cannot overwrite directory 'b/./y' with non-directory"

run 0 "$pelcp" --sync -a from synced; same_trees from synced
run 0 "$pelcp" --sync new synced.file; same_bytes new synced.file
run 0 "$pelcp" --reflink=never new cloned.not; same_bytes new cloned.not
run 0 "$pelcp" --progress=always -r from shown
diff -r --no-dereference from shown || fail "--progress"
