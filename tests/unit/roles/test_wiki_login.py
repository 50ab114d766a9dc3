"""The logins that test a wiki and a website ask for its certificate by name: for another name nginx shows none."""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROLES = Path(__file__).resolve().parents[3] / "roles"


class Wiki(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'do=logout page=acl id="your-profile" options-general.php')

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: the test says what went wrong."""


def by_name(_: ssl.SSLSocket | ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
    return None if name == "wiki.example" else ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A site over TLS on this machine, for the name wiki.example alone."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run(
        [*command, "-subj", "/CN=wiki", "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = by_name
    server = http.server.HTTPServer(("127.0.0.1", 0), Wiki)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("role", ["dokuwiki", "wordpress"])
@pytest.mark.parametrize(("name", "answer"), [("wiki.example", "in, manager\n"), ("other.example", "")])
def test_the_site_is_asked_for_by_its_name(port: int, role: str, name: str, answer: str) -> None:
    command = [sys.executable, str(ROLES / role / "files/login.py"), f"https://127.0.0.1:{port}", name, "jan"]
    env = {**os.environ, "OPLEVER_PASSWORD": "x"}
    done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == (answer, 0 if answer else 1), done.stderr
