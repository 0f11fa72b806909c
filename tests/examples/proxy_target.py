"""The server behind the proxy: the first line a client sends says what it does with it."""

import os
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)


def note(name, text):
    with open(name + ".part", "wb") as file:
        file.write(text)
    os.rename(name + ".part", name)


def serve(client):
    stream = client.makefile("rwb")
    what = stream.readline().strip()
    if what == b"echo":
        while part := stream.read1(65536):
            stream.write(part)
            stream.flush()
    elif what == b"count":  # answers only after the end of what the client sends
        stream.write(b"%d" % len(stream.read()))
        stream.flush()
    elif what == b"speak":  # ends its side first, and goes on listening
        stream.write(b"spoken")
        stream.flush()
        client.shutdown(socket.SHUT_WR)
        note("heard", stream.read())
    elif what == b"reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    elif what == b"watch":  # notes how the client's side ends
        try:
            stream.read()
            note("ended", b"end")
        except ConnectionResetError:
            note("ended", b"reset")
    elif what == b"pour":  # as much as anybody takes
        try:
            while True:
                client.sendall(bytes(1 << 16))
        except OSError:
            pass
    try:
        stream.close()
    except OSError:
        pass
    client.close()


def main():
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as door:
        print(f"listening on port {door.getsockname()[1]}", flush=True)
        while True:
            threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()


main()
