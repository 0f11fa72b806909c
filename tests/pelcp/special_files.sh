# Links and special files are copied as what they are, and never opened.
set -eu
. "$(dirname "$0")/assertions.bash" "$1"

mkdir from
mkfifo from/fifo
ln -s missing from/dangling
ln -s fifo from/to-fifo
ln -s . from/loop
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("from/socket")'
[ "$(id -u)" -ne 0 ] || mknod from/device b 7 200
run 0 timeout 20 "$pelcp" -r from to; quiet
for name in fifo dangling to-fifo loop socket; do
    [ "$(stat -c '%F' from/$name)" = "$(stat -c '%F' to/$name)" ] || fail "$name is something else"
done
[ "$(id -u)" -ne 0 ] || [ "$(stat -c '%F %t %T' to/device)" = "block special file 7 c8" ] ||
    fail "the device is another"
[ "$(readlink to/dangling)" = missing ] || fail "the link leads elsewhere"

# What links point to, on request; a link that leads back up is told, not followed for ever.
mkdir links; echo file >links/file; ln -s file links/link; mkdir links/sub; ln -s .. links/sub/up
run 1 "$pelcp" -rL links followed
complains "pelcp: cannot copy cyclic symbolic link 'links/sub/up'"
[ ! -L followed/link ] || fail "-L kept a link"
same_bytes links/file followed/link
ln -s links named
run 0 "$pelcp" -rH named h; [ -d h ] && [ -L h/link ] || fail "-H"
run 0 "$pelcp" -r named p; [ -L p ] || fail "-r followed a link"
run 0 "$pelcp" -P links/link q; [ -L q ] || fail "-P followed a link"
run 0 "$pelcp" links/link r; [ ! -L r ] || fail "a link was copied without -P"

# A link replaces what is there.
echo old >to/link-here; ln -s new from/link-here; rm from/fifo to/fifo
run 0 "$pelcp" -r from/. to
[ "$(readlink to/link-here)" = new ] || fail "the old file stayed"
