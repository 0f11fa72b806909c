# receive_file writes what a client sends behind its headers: empty, small and large messages; an
# end in the middle of one is an error.
# $1: the folder of the examples
set -eu

program=$1/receive_file
if ! command -v python3 > /dev/null; then
    echo "skipped: no python3 to be the client"
    exit 77
fi

start() {
    exec 3< <("$program" got 2> complained && echo "exit 0" || echo "exit $?")
    read -r -u 3 said
    [[ $said =~ ^listening\ on\ port\ [0-9]+$ ]] || { cat complained; exit 1; }
    port=${said##* }
}
ended() {
    read -r -u 3 said
    [ "$said" = "exit $1" ] || { cat complained; echo "$said, not exit $1"; exit 1; }
}

start
python3 - "$port" << 'END'
import os, socket, sys

sizes = [0, 1, 39, 40, 41, 4096, 100_000, 3_000_000, 5]
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as client, \
        open("expected", "wb") as expected:
    for size in sizes:
        payload = os.urandom(size)
        expected.write(payload)
        client.sendall(size.to_bytes(8, "little") + bytes(32) + payload)
END
ended 0
cmp got expected

start
python3 - "$port" << 'END'
import socket, sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as client:
    client.sendall((100).to_bytes(8, "little") + bytes(32) + b"too little")
END
ended 1
grep -q 'a payload: .*ended the stream before' complained

"$program" 2> usage && exit 1
grep -q '^usage: receive_file' usage
echo "received $(stat -c %s expected) bytes"
