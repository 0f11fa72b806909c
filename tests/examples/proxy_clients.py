"""Clients of the proxy at the port given, whose process is given too: each is a way to behave."""

import os
import socket
import struct
import sys
import threading
import time

PORT, PROXY = int(sys.argv[1]), int(sys.argv[2])
RESET = struct.pack("ii", 1, 0)
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)


def connect(first_line):
    client = socket.create_connection(("127.0.0.1", PORT), timeout=30)
    client.sendall(first_line + b"\n")
    return client


def all_of(client):
    received = bytearray()
    while part := client.recv(1 << 16):
        received += part
    return bytes(received)


def soon(holds):
    for _ in range(300):
        if holds():
            return True
        time.sleep(0.05)
    return False


def noted(name):
    """What the target wrote into a file, which is then gone."""
    if not soon(lambda: os.path.exists(name)):
        return "nothing"
    with open(name, encoding="ascii") as file:
        text = file.read()
    os.remove(name)
    return text


def echo(payload):
    with connect(b"echo") as client:
        def speak():
            client.sendall(payload)
            client.shutdown(socket.SHUT_WR)
        speaker = threading.Thread(target=speak)
        speaker.start()
        expect(all_of(client) == payload, f"{len(payload)} bytes come back different")
        speaker.join()


def resident_kib():
    with open(f"/proc/{PROXY}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def descriptors():
    return len(os.listdir(f"/proc/{PROXY}/fd"))


echo(b"")
echo(b"hello")
soon(lambda: descriptors() < 12)
at_rest = descriptors()  # what it opens at first use included
crowd = [threading.Thread(target=echo, args=(os.urandom(1 << 20),)) for _ in range(8)]
for one in crowd:
    one.start()
for one in crowd:
    one.join()

# The client's end is passed on; the answer comes after it.
with connect(b"count") as client:
    client.sendall(b"x" * 100000)
    client.shutdown(socket.SHUT_WR)
    expect(all_of(client) == b"100000", "an answer after the client's end is lost")

# The target's end is passed on; what the client sends after it arrives.
with connect(b"speak") as client:
    expect(all_of(client) == b"spoken", "the end of the target's side is not passed on")
    client.sendall(b"still here")
    client.shutdown(socket.SHUT_WR)
    heard = noted("heard")
    expect(heard == "still here", f"the target hears {heard!r} after its own end")

# A side that breaks breaks the other: it is a reset, never an orderly end.
with connect(b"reset") as client:
    try:
        expect(False, f"a reset of the target's reaches the client as {all_of(client)!r}")
    except ConnectionResetError:
        pass
client = connect(b"watch")
time.sleep(0.2)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
client.close()
ended = noted("ended")
expect(ended == "reset", f"a reset of the client's reaches the target as: {ended}")

# Who takes nothing is not read for: what piles up are the sockets' buffers, not the proxy's memory.
before = resident_kib()
pouring = [connect(b"pour") for _ in range(20)]
time.sleep(1)
grown = resident_kib() - before
expect(grown < 8 * 1024, f"20 clients that do not read cost {grown} KiB")
echo(b"beside them")
for client in pouring:
    client.close()

# More idle connections than the pool has pages for, two receives each: they hold none.
idle = [connect(b"echo") for _ in range(600)]
echo(os.urandom(1 << 20))
for client in idle:
    client.sendall(b"awake\n")
for client in idle:
    expect(client.recv(100) == b"awake\n", "a connection that slept is lost")
    client.close()
expect(soon(lambda: descriptors() <= at_rest), f"{descriptors()} descriptors stay, of {at_rest}")

sys.exit("; ".join(failures) or 0)
