"""A desk in a process of its own, for what asks it."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

PASSWORD = "vier woorden zijn genoeg"  # noqa: S105 - of an account that lives as long as the bench


@dataclass(frozen=True)
class Served:
    """Where the desk listens on this machine, and its process."""

    port: int
    pid: int

    def used(self) -> float:
        """Its processor time so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_in(self) -> str:
        """The cookie of a session of M. de Wit."""
        origin = f"http://127.0.0.1:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/login")
        answer = connection.getresponse()
        form_cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        token = re.search(r'name="form_token" value="([^"]+)"', answer.read().decode())
        assert token
        form = urlencode({"form_token": token[1], "name": "M. de Wit", "password": PASSWORD})
        headers = {"cookie": form_cookie, "origin": origin, "content-type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/login", form, headers)
        answer = connection.getresponse()
        answer.read()
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        return next(cookie for cookie in cookies if cookie.startswith("oplever_desk="))


@contextmanager
def served(records: str, *roles: str) -> Iterator[Served]:
    """The desk over a directory of records, with an account of M. de Wit in these roles."""
    environment = {**os.environ, "OPLEVER_RECORDS": records, "OPLEVER_STORE": "", "OPLEVER_LANGUAGE": "en"}
    command = [sys.executable, "-m", "oplever", "web"]
    account = [*command, "account", "add", "M. de Wit", *(word for role in roles for word in ("--role", role))]
    subprocess.run(account, env=environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    serve = [*command, "serve", "--port", "0"]
    with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(int(process.stdout.readline().split()[-1].rpartition(":")[2]), process.pid)
        finally:
            process.terminate()
