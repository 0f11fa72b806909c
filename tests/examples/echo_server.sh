# echo_server gives each client back what it sent: a short line, and a megabyte to several at once.
# $1: the folder of the examples
set -eu
. "$(dirname "$0")/listening.bash"
server=$1/echo_server
command -v python3 >/dev/null || skip "no python3 to be the client"

listen "$server"

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

# Stopped while clients are connected: their tasks end, too.
exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port"
echo hello >&4
read -r -t 30 -u 4 answer && [ "$answer" = hello ] || fail "a shell is not answered"
"$server" seventy 2>usage && fail "takes seventy for a port"
grep -q '^usage: echo_server' usage
"$server" "$port" 2>taken && fail "shares a port"
grep -q 'Address already in use' taken
stop_server
echo "echoed by port $port"
