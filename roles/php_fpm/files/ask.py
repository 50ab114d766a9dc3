"""Run a script in a pool of PHP-FPM, as a web server does: `ask.py SOCKET SCRIPT QUERY` writes what it answers."""

import socket
import struct
import sys

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7


def record(kind, content=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    sizes = b"".join(struct.pack("!I", len(text) | 1 << 31) for text in (name, value))
    return sizes + name.encode() + value.encode()


def ask(path, script, query):
    values = {"SCRIPT_FILENAME": script, "SCRIPT_NAME": "/test.php", "QUERY_STRING": query, "REQUEST_METHOD": "GET"}
    request = record(BEGIN, struct.pack("!HB5x", 1, 0))
    request += record(PARAMS, b"".join(pair(name, value) for name, value in values.items())) + record(PARAMS)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(path)
        connection.sendall(request + record(STDIN))
        return answer(connection.makefile("rb"))


def answer(stream):
    texts = {STDOUT: b"", STDERR: b""}
    while head := stream.read(8):
        _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", head)
        content = stream.read(size)
        stream.read(padding)
        if kind == END:
            break
        texts[kind] = texts.get(kind, b"") + content
    _, _, body = texts[STDOUT].partition(b"\r\n\r\n")
    return (body or texts[STDERR]).decode(errors="replace")


if __name__ == "__main__":
    try:
        print(ask(*sys.argv[1:]))
    except OSError as problem:
        print(problem.strerror or problem)
