# Links that someone placed in the target are never written through.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir -p from/dir outside to; echo new >from/file; echo new >from/dir/f; echo precious >outside/file
head -c 5000000 /dev/urandom >from/large; echo precious >outside/large
ln -s ../outside to/dir; ln -s ../outside/file to/file; ln -s ../outside/large to/large
run 1 "$pelcp" -r from/. to
complains "pelcp: cannot overwrite non-directory 'to/./dir' with directory 'from/./dir'" \
    "pelcp: not writing through symbolic link 'to/./file'" \
    "pelcp: not writing through symbolic link 'to/./large'"
[ "$(cat outside/file outside/large)" = "precious
precious" ] || fail "a file outside was written to"
[ "$(ls outside)" = "file
large" ] || fail "something was put outside"

# A dangling one, which would make a file elsewhere; and one in the way of a file in a directory.
rm to/file to/large to/dir; ln -s ../outside/made to/file; ln -s ../outside to/large
run 1 "$pelcp" -r from/. to
[ ! -e outside/made ] && [ ! -e outside/large.1 ] || fail "a file outside was made"

# -f replaces the link itself.
run 0 "$pelcp" -rf from/. to
[ ! -L to/file ] && [ ! -e outside/made ] || fail "-f wrote through the link"
same_bytes from/file to/file
same_bytes from/large to/large

# A fifo where a file should go would hold the copy up for ever.
rm to/file; mkfifo to/file
run 1 timeout 20 "$pelcp" -r from/. to
complains "pelcp: not writing to special file 'to/./file'"

# But a link that the user names is his own.
ln -s outside/file mine
run 0 "$pelcp" from/file mine
same_bytes from/file outside/file
ln -s outside mine-too
run 0 "$pelcp" -r from/dir mine-too
same_bytes from/dir/f outside/dir/f
