"""Asks machines of a room for their screen, as Veyon Master does: FILE with a private key, its name, HOST[=NAME]...
With - for the file, a key that nobody knows is made. Prints what became of each: accepted, refused or silent."""

import concurrent.futures
import os
import socket
import struct
import subprocess
import sys
import tempfile

PORT, VEYON, KEY_FILE = 11100, 40, 3
INT, TEXT, BYTES = 2, 10, 12
WHO = "oplever"
"""Whom the machine says on its screen and in its log to have come."""
WAIT = 5


def main(file, key, *machines):
    if file == "-":
        # The name is gone before anybody can ask for it, and the key with this process.
        with tempfile.TemporaryDirectory() as place:
            file = os.path.join(place, "key")
            run("openssl", "genpkey", "-algorithm", "RSA", "-out", file)
            show(file, key, machines)
    else:
        show(file, key, machines)


def show(file, key, machines):
    hosts = [machine.partition("=")[0] for machine in machines]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        words = list(pool.map(lambda host: ask(host, file, key), hosts))
    for machine, word in zip(machines, words, strict=True):
        print(machine.rpartition("=")[2], word)


def ask(host, file, key):
    """One word, with the ways to prove oneself that the machine offers."""
    try:
        connection = socket.create_connection((host, PORT), WAIT)
    except OSError:
        return "silent"
    with connection:
        connection.settimeout(WAIT)
        try:
            ways, challenge = begin(connection)
            send(connection, text(key) + data(signature(file, challenge)))
            if take(connection, 4) != bytes(4):
                raise ValueError("answers no")
        except (OSError, ValueError, struct.error) as problem:
            return "refused (%s)" % problem
    return "accepted (%s)" % ways


def begin(connection):
    """The ways that are offered, and what is to be signed."""
    take(connection, 12)
    connection.sendall(b"RFB 003.008\n")
    kinds = take(connection, take(connection, 1)[0])
    if VEYON not in kinds:
        raise ValueError("no Veyon")
    connection.sendall(bytes([VEYON]))
    numbers = struct.unpack(">" + "IxI" * (len(message := receive(connection)) // 9), message)[1::2]
    ways = ",".join(map(str, numbers[1:]))
    if KEY_FILE not in numbers[1:]:
        raise ValueError("offers " + ways)
    send(connection, struct.pack(">IBi", INT, 0, KEY_FILE) + text(WHO))
    receive(connection)
    return ways, receive(connection)[9:]


def signature(file, challenge):
    return run("openssl", "dgst", "-sha512", "-sign", file, input=challenge)


def run(*argv, **options):
    return subprocess.run(
        argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, **options
    ).stdout


def text(words):
    return struct.pack(">IB", TEXT, 0) + counted(words.encode("utf-16-be"))


def data(content):
    return struct.pack(">IB", BYTES, 0) + counted(content)


def counted(content):
    return struct.pack(">I", len(content)) + content


def send(connection, content):
    connection.sendall(counted(content))


def receive(connection):
    return take(connection, struct.unpack(">I", take(connection, 4))[0])


def take(connection, size):
    content = b""
    while len(content) < size:
        part = connection.recv(size - len(content))
        if not part:
            raise ValueError("closed")
        content += part
    return content


if __name__ == "__main__":
    main(*sys.argv[1:])
