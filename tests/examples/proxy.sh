# proxy hands connections on, both ways, with their ends, their breaks and their waiting.
# $1: the folder of the examples
set -eu
. "$(dirname "$0")/listening.bash"
proxy=$1/proxy
command -v python3 >/dev/null || skip "no python3 to be the client"

ulimit -S -n "$(ulimit -H -n)" # the clients below are more than the usual 1024 allow

listen python3 "$(dirname "$0")/proxy_target.py"
target=$port target_pid=$server_pid
listen "$proxy" 127.0.0.1:0 "127.0.0.1:$target"
trap 'kill "$server_pid" "$target_pid" 2>/dev/null || true' EXIT

timeout 120 python3 "$(dirname "$0")/proxy_clients.py" "$port" "$server_pid" ||
    fail "a client is not content; $(cat complained)"

if command -v socat >/dev/null; then
    head -c 3000000 /dev/urandom >sent
    { echo echo; cat sent; } | socat -t 30 - "TCP:127.0.0.1:$port" >received
    cmp sent received || fail "what socat sends comes back different"
fi

# A target that is gone: the client sees the end, and the proxy goes on.
kill "$target_pid"
wait "$target_pid" 2>/dev/null || true
python3 - "$port" <<'END' || fail "a client of a target that is gone is not closed"
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as client:
    sys.exit(client.recv(1) != b"")
END
grep -qx "proxy: 127.0.0.1:$target: Connection refused" complained ||
    fail "does not say that the target is gone: $(cat complained)"
stop_server

refuses() {
    wanted=$1 words=$2
    shift 2
    code=0
    timeout 30 "$proxy" "$@" 2>errors || code=$?
    [ "$code" = "$wanted" ] && grep -q "$words" errors || fail "of $* exits $code: $(cat errors)"
}
refuses 2 '^usage: proxy'
refuses 2 '^usage: proxy' 127.0.0.1:0
refuses 2 '^usage: proxy' 127.0.0.1:0 nowhere:80
refuses 1 '^proxy: 192.0.2.1:1: Cannot assign requested address$' 192.0.2.1:1 127.0.0.1:1
