"""What servers take on TLS, asked of real ones: openssl's own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", pair, "-quiet", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(200):
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def test_protocols_ciphers_and_the_certificate(pair: Path) -> None:
    with server(pair, "-tls1_2", "-cipher", f"{RSA}:{OLD}:@SECLEVEL=0") as address:
        found = tls.look_up(Machine(), {"connect": address, "name": "wiki.example.com"})
    assert found["exists"]
    assert found["protocols"] == ["TLSv1.2"]
    assert found["ciphers"] == sorted([RSA, OLD])
    assert found["without_forward_secrecy"] == [OLD]
    assert (found["days_left"], found["names"], found["self_signed"]) == (39, ["wiki.example.com"], True)


def test_a_server_of_today_takes_nothing_old(pair: Path) -> None:
    with server(pair, "-tls1_3") as address:
        found = tls.look_up(Machine(), {"connect": address})
    assert found["protocols"] == ["TLSv1.3"]
    assert found["without_forward_secrecy"] == []


def test_who_does_not_listen_or_speaks_something_else(pair: Path) -> None:
    with server(pair, "-tls1_3") as address:
        pass
    assert tls.look_up(Machine(), {"connect": address}) == {"exists": False}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreadableError, match="did not answer in time"):
            tls.look_up(Machine(), {"connect": address, "timeout": 0.3})
    with pytest.raises(UnreadableError, match="not host:port"):
        tls.look_up(Machine(), {"connect": "wiki.example.com"})
