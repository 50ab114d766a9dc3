"""Options of agetty against agetty itself: whom it would log in, and whether it asks for a name first."""

from __future__ import annotations

import os
import pty
import select
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.sources import autologin
from hypothesis import given, settings
from hypothesis import strategies as st
from system.against.programs import needs

PROMPT = b"login: "
PROBE = '#!/bin/sh\nprintf "%s\\n" "$@" >{out}.part\nmv {out}.part {out}\n'
WORDS = st.lists(
    st.sampled_from([
        "-a root", "-aroot", "--autologin root", "--autologin=jan", "--autol=jan", "-Ja jan", "-J", "--noclear",
        "-L", "-L=auto", "-n", "--skip-login", "-o '-f jan'",
        "-o '-p -- \\u'", "-o '-p -f -- \\u'", "-o -- -f", "--keep-baud", "-8", "-I a", "--nohints", "-tnone",
        "--wrong", "-f /etc/issue",
    ]),
    max_size=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program in the place of login(1) that writes down what it is called with."""
    place = tmp_path_factory.mktemp("agetty") / "login"
    place.write_text(PROBE.format(out=place.with_name("words")), encoding="utf-8")
    place.chmod(stat.S_IRWXU)
    return place


def called_with(probe: Path, words: list[str]) -> list[str]:
    """The words that login is called with when nobody types a name; none when agetty asks for one, or refuses."""
    out = probe.with_name("words")
    out.unlink(missing_ok=True)
    controller, line = pty.openpty()
    command = ["agetty", *words, "-l", str(probe), "-t", "5", "-", "linux"]
    process = subprocess.Popen(command, stdin=line, stdout=line, stderr=line, start_new_session=True)
    os.close(line)
    shown = b""
    try:
        while select.select([controller], [], [], 0.3 if shown.endswith(PROMPT) else 2)[0]:
            shown += os.read(controller, 1000)
    except OSError:  # the other side is closed: agetty, or the program that it became, has ended
        pass
    finally:
        process.kill()
        process.wait()
        os.close(controller)
    return out.read_text(encoding="utf-8").splitlines() if out.exists() else []


@needs("agetty")
@pytest.mark.skipif(os.geteuid() != 0, reason="agetty is for root")
@settings(max_examples=20)
@given(options=WORDS)
def test_who_is_logged_in_without_a_name_is_found(probe: Path, options: list[str]) -> None:
    words = shlex.split(" ".join(options))
    real = called_with(probe, words)
    options_of_login = real[: real.index("--")] if "--" in real else real
    without_proof = any(word.startswith("-f") for word in options_of_login)
    line = "-/sbin/agetty " + " ".join([*options, "-l /bin/login", "tty1"])
    assert (autologin.reason(line) is not None) == without_proof, real
