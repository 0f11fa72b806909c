# http_files serves what is below its folder, and nothing else, whatever a client sends.
# $1: the folder of the examples
set -eu
server=$1/http_files
here=$(dirname "$0")
. "$here/listening.bash"
[ -x "$server" ] || skip "http_files was not built: no llhttp"
command -v curl >/dev/null || skip "no curl to be the client"

mkdir -p www/sub www/empty outside
printf '0123456789' >www/ten
printf 'index' >www/index.html
printf 'below' >www/sub/index.html
printf 'odd' >'www/a b?%.txt'
: >www/nothing
head -c 5000000 /dev/urandom >www/big
printf 'secret' >outside/secret
ln -s ../outside/secret www/leak
ln -s "$PWD/www/ten" www/absolute
ln -s sub/../ten www/inside
ln -s round www/round
ln -s ../outside www/leaks
mkfifo www/fifo

listen "$server" www
at=http://127.0.0.1:$port

# asked STATUS CURL-ARGUMENTS...: the answer's head is in `head`, its content in `body`.
asked() {
    wanted=$1
    shift
    got=$(curl -s -m 20 -D head -o body -w '%{http_code}' "$@") || fail "curl $* fails with $?"
    [ "$got" = "$wanted" ] || fail "$* is answered with $got instead of $wanted"
}
says() { tr -d '\r' <head | grep -qx "$1" || fail "the answer lacks $1 but says: $(cat head)"; }
holds() { printf '%s' "$1" | cmp -s - body || fail "the content is not $1"; }

asked 200 "$at/ten" && holds 0123456789 && says 'Content-Length: 10'
asked 200 "$at/big" && cmp body www/big
asked 200 "$at/nothing" && says 'Content-Length: 0'
asked 200 "$at/" && holds index && says 'Content-Type: text/html; charset=utf-8'
asked 200 "$at/sub/" && holds below
asked 301 "$at/sub" && says 'Location: /sub/'
asked 301 --path-as-is "$at//sub" && says 'Location: /sub/' # not //sub, another host
asked 200 "$at/a%20b%3f%25.txt?q=1" && holds odd
asked 200 --path-as-is "$at/sub/./../ten" && holds 0123456789
asked 200 -I "$at/ten" && says 'Content-Length: 10'
[ ! -s body ] || [ "$(head -c 4 body)" = HTTP ] || fail "HEAD has content"

# Ranges
asked 206 -r 2-5 "$at/ten" && holds 2345 && says 'Content-Range: bytes 2-5/10'
asked 206 -r 7- "$at/ten" && holds 789 && says 'Content-Range: bytes 7-9/10'
asked 206 -r -3 "$at/ten" && holds 789
asked 206 -r -30 "$at/ten" && holds 0123456789
asked 206 -r 9-99999999999999999999999 "$at/ten" && holds 9
asked 206 -r 0-0 "$at/ten" && holds 0
asked 206 -r 1000000-3999999 "$at/big" &&
    tail -c +1000001 www/big | head -c 3000000 | cmp - body
for range in 10- 99- -0 99999999999999999999999-; do
    asked 416 -r "$range" "$at/ten" && says 'Content-Range: bytes \*/10'
done
asked 416 -r 0- "$at/nothing" && says 'Content-Range: bytes \*/0'
for range in 5-2 x- 1-x 1,2 0-1,3-4 -; do
    asked 200 -H "Range: bytes=$range" "$at/ten" && holds 0123456789
done
asked 200 -H 'Range: lines=1-2' "$at/ten" && holds 0123456789

# Conditions
tag=$(curl -sI "$at/ten" | tr -d '\r' | sed -n 's/^ETag: //p')
date=$(curl -sI "$at/ten" | tr -d '\r' | sed -n 's/^Last-Modified: //p')
asked 304 -H "If-None-Match: \"x\", $tag" "$at/ten"
asked 200 -H 'If-None-Match: "x"' -H "If-Modified-Since: $date" "$at/ten" && holds 0123456789
asked 304 -H "If-Modified-Since: $date" "$at/ten"
asked 200 -H 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT' "$at/ten"
asked 200 -H 'If-Modified-Since: yesterday' "$at/ten"
asked 206 -r 1-2 -H "If-Range: $tag" "$at/ten" && holds 12
asked 206 -r 1-2 -H "If-Range: $date" "$at/ten" && holds 12
asked 200 -r 1-2 -H 'If-Range: "x"' "$at/ten" && holds 0123456789

# What is not there, or nobody's business
asked 404 "$at/missing"
asked 404 "$at/empty/"
asked 404 "$at/ten/"
asked 404 "$at/ten/ten"
asked 404 "$at/fifo"
asked 404 "$at/leak"
asked 404 "$at/absolute"
asked 404 "$at/round"
asked 200 "$at/inside" && holds 0123456789
asked 404 "$at/leaks/secret"
asked 404 "$at/$(printf 'a%.0s' $(seq 300))"
for path in ../outside/secret sub/../../outside/secret %2e%2e/outside/secret ..%2foutside/secret \
    ten%00.html %zz %2 ..; do
    asked 400 --path-as-is "$at/$path"
done
asked 405 -X DELETE "$at/ten" && says 'Allow: GET, HEAD'
asked 405 -d @www/big "$at/ten" && says 'Connection: close'
asked 501 -X NONSENSE "$at/ten"
asked 431 -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" "$at/ten"
asked 414 "$at/$(head -c 20000 /dev/zero | tr '\0' x)"
asked 400 -H 'Host:' "$at/ten"
asked 200 --http1.0 "$at/ten" && says 'Connection: close'
if [ "$(id -u)" != 0 ]; then
    printf x >www/mine && chmod 0 www/mine
    asked 403 "$at/mine"
fi

# Keep-alive: two requests, one connection.
curl -s -o one -o two -w '%{num_connects}\n' "$at/ten" "$at/ten" | tr '\n' ' ' | grep -qx '1 0 ' ||
    fail "a second request needs a connection of its own"

python3 "$here/http_clients.py" "$port" || fail "a raw client is not content"
if command -v wrk >/dev/null; then
    wrk -t 1 -c 64 -d 2s "$at/ten" >load || fail "wrk fails: $(cat load)"
    ! grep -E 'Socket errors|Non-2xx' load || fail "errors under load"
    grep 'Requests/sec' load
    wrk -t 1 -c 300 -d 1s "$at/big" >load || fail "wrk fails: $(cat load)"
    ! grep -E 'Non-2xx|connect [1-9]' load || fail "errors under load"
fi
asked 200 "$at/ten" && holds 0123456789
stop_server

code=0
"$server" missing 2>errors || code=$?
[ "$code" = 1 ] && grep -qx 'http_files: missing: No such file or directory' errors ||
    fail "a missing folder: $code, $(cat errors)"
code=0
"$server" www seventy 2>errors || code=$?
[ "$code" = 2 ] && grep -q '^usage: http_files' errors || fail "a port that is none: $code"
