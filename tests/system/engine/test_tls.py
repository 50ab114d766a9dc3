"""What servers take on TLS, asked of real ones: openssl's own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import tls

RSA = "ECDHE-RSA-AES256-GCM-SHA384"
OLD = "AES128-SHA"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with its certificate for 40 days, in one file."""
    file = tmp_path_factory.mktemp("tls") / "pair.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "40", "-subj", "/CN=wiki.example.com",
         "-addext", "subjectAltName=DNS:wiki.example.com", "-keyout", file, "-out", file.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + file.with_suffix(".crt").read_bytes())
    return file


@contextlib.contextmanager
def server(pair: Path, *options: str) -> Iterator[str]:
    """The address of a server of OpenSSL, on a port that the kernel chose and that it prints when it listens."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", pair, *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield next(line.split()[1] for line in process.stdout if line.startswith("ACCEPT "))
        finally:
            process.kill()


def test_protocols_ciphers_and_the_certificate(pair: Path) -> None:
    with server(pair, "-tls1_2", "-cipher", f"{RSA}:{OLD}:@SECLEVEL=0") as address:
        answer = tls.look_up(Machine(), {"connect": address, "name": "wiki.example.com"})
    assert answer["exists"]
    assert answer["protocols"] == ["TLSv1.2"]
    assert answer["ciphers"] == sorted([RSA, OLD])
    assert answer["without_forward_secrecy"] == [OLD]
    assert (answer["days_left"], answer["names"], answer["self_signed"]) == (39, ["wiki.example.com"], True)


def test_a_server_of_today_takes_nothing_old(pair: Path) -> None:
    with server(pair, "-tls1_3") as address:
        answer = tls.look_up(Machine(), {"connect": address})
    assert answer["protocols"] == ["TLSv1.3"]
    assert answer["without_forward_secrecy"] == []


def test_who_does_not_listen_or_speaks_something_else(pair: Path) -> None:
    with socket.socket() as taken:  # and does not listen
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert tls.look_up(Machine(), {"connect": address}) == {"exists": False}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreadableError, match="did not answer in time"):
            tls.look_up(Machine(), {"connect": address, "timeout": 0.3})
    with pytest.raises(UnreadableError, match="not host:port"):
        tls.look_up(Machine(), {"connect": "wiki.example.com"})
