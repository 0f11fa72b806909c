# Sourced by the tests of servers: starts one, learns its port, stops it.
name=$(basename "$0" .sh)

fail() {
    echo "$name: $*" >&2
    exit 1
}
skip() {
    echo "skipped: $*"
    exit 77
}

# listen PROGRAM ARGUMENTS...: sets `server_pid` and `port`. The server says so once it listens; one
# that ended instead says nothing.
listen() {
    exec 3< <(exec "$@" 2>complained)
    server_pid=$!
    trap 'kill "$server_pid" 2>/dev/null || true' EXIT
    if ! read -r -u 3 said || [[ ! $said =~ ^listening\ on\ port\ [0-9]+$ ]]; then
        fail "does not listen: $(cat complained)"
    fi
    port=${said##* }
}

# It is still there, and a request to stop ends it.
stop_server() {
    kill -0 "$server_pid" 2>/dev/null || fail "ended by itself: $(cat complained)"
    kill -TERM "$server_pid"
    for _ in $(seq 100); do
        kill -0 "$server_pid" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "goes on after SIGTERM"
}
