# echo_server gives each client back what it sent: a short line, and a megabyte to several at once.
# $1: the folder of the examples
set -eu

server=$1/echo_server
if ! command -v python3 > /dev/null; then
    echo "skipped: no python3 to be the client"
    exit 77
fi

exec 3< <(exec "$server" 2> complained)
pid=$!
trap 'kill "$pid" 2> /dev/null || true' EXIT

# It says so once it listens; one that ended instead says nothing.
if ! read -r -u 3 said || [[ ! $said =~ ^listening\ on\ port\ [0-9]+$ ]]; then
    cat complained
    exit 1
fi
port=${said##* }

python3 - "$port" << 'END'
import os, socket, sys, threading

port = int(sys.argv[1])
failures = []

def echo(host, payload):
    with socket.create_connection((host, port), timeout=30) as client:
        sender = threading.Thread(target=client.sendall, args=(payload,))
        sender.start()
        received = bytearray()
        while len(received) < len(payload):
            part = client.recv(65536)
            if not part:
                break
            received += part
        sender.join()
        client.shutdown(socket.SHUT_WR)
        if received != payload or client.recv(1) != b"":
            failures.append(f"{host}: {len(payload)} bytes came back as {len(received)}")

echo("127.0.0.1", b"hello\n")
if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
    echo("::1", b"hello\n")
with socket.create_connection(("127.0.0.1", port)):
    pass  # a client that goes away at once
crowd = [threading.Thread(target=echo, args=("127.0.0.1", os.urandom(1 << 20))) for _ in range(8)]
for one in crowd:
    one.start()
for one in crowd:
    one.join()
sys.exit("; ".join(failures) or 0)
END

# Idle, it waits in the kernel, and it is still there.
kill -0 "$pid"
"$server" seventy 2> usage && exit 1
grep -q '^usage: echo_server' usage
"$server" "$port" 2> taken && exit 1
grep -q 'Address already in use' taken
echo "echoed by port $port"
