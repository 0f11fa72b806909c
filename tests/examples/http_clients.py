"""Clients that no honest program is: what they send is a test of http_files on the port given."""

import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=30)


def ask(raw, pieces=None):
    """All that comes back until the server ends the connection, which it must."""
    with connect() as client:
        for piece in pieces or [raw]:
            client.sendall(piece)
        if not pieces:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer


def status(raw):
    return ask(raw).split(b" ", 2)[1:2] or [b"none"]


GET = b"GET /ten HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /ten HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

# Requests in one piece, and one request in single bytes.
expect(ask(GET * 3 + LAST).count(b"0123456789") == 4, "four requests at once lack answers")
expect(ask(b"", [bytes([byte]) for byte in LAST]).endswith(b"\r\n\r\n0123456789"),
       "a request in single bytes is not understood")
# An upgrade that is not offered is ignored.
expect(ask(b"GET /ten HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + LAST)
       .count(b"0123456789") == 2, "a request to upgrade ends the connection")
expect(ask(b"GET http://a/ten HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
       .endswith(b"0123456789"), "an absolute target is not understood")
# The body of a request is no request.
expect(ask(b"GET /ten HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\n" + GET + LAST)
       .count(b"HTTP/1.1 ") == 1, "a body was taken for a request")

for raw, wanted in (
        (b"nonsense\r\n\r\n", b"501"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"501"),  # TLS
        (b"GET /ten HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /ten HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET /ten HTTP/3.0\r\nHost: a\r\n\r\n", b"505"),
        (b"GET /ten HTTP/2.0\r\nHost: a\r\n\r\n", b"505"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505"),
        (b"GET ten HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET /ten HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET /ten HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /ten HTTP/1.1\r\nHo st: a\r\n\r\n", b"400"),
        (b"GET /t\x00en HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
):
    expect(status(raw) == [wanted], f"{raw[:60]!r} is answered with {status(raw)}, not {wanted}")

# Clients that vanish: at once, in a head, in a file, with a reset.
RESET = struct.pack("ii", 1, 0)
for sent in (b"", b"GET /t", b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"):
    for reset in (False, True):
        client = connect()
        client.sendall(sent)
        if sent.endswith(b"\r\n\r\n"):
            client.recv(1000)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()

# Idle ones and ones that never read do not keep others waiting.
crowd = [connect() for _ in range(200)]
for one in crowd[:100]:
    one.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
begun = time.monotonic()
expect(ask(LAST).endswith(b"0123456789"), "a client goes unanswered beside a crowd")
expect(time.monotonic() - begun < 10, "a client waits for a crowd")
for one in crowd:
    one.close()

sys.exit("; ".join(failures) or 0)
