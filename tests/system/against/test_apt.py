"""Sources of apt against apt itself: whether it takes lists that nobody signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import apt
from hypothesis import given, settings
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

NAMES = st.sampled_from(["trusted", "trusted", "Trusted", "allow-insecure", "arch", "by-hash"])
WORDS = st.sampled_from([
    "yes", "true", "with", "on", "enable", "1", "2", "YES", "Enable", "no", "false", "without", "off", "disable", "0",
    "y", "maybe",
])  # fmt: skip
SPACE = st.sampled_from(["", " ", "\t"])


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, str]:
    """(name of a file, text) of one entry in one of both formats; {repo} is a place without signature."""
    name, word = draw(NAMES), draw(WORDS)
    if draw(st.booleans()):
        option = f"[{draw(SPACE)}{name}={word}{draw(st.sampled_from(['', ' arch=all']))}{draw(SPACE)}]"
        line = draw(st.sampled_from(["deb", "deb\t", " deb"])) + f" {option} file:{{repo}} ./"
        return "a.list", draw(st.sampled_from(["", "# "])) + line + "\n"
    enabled = draw(st.sampled_from(["", "Enabled: no\n", "Enabled: yes\n", "Enabled: off\n"]))
    field = f"{name.title() if draw(st.booleans()) else name}:{draw(SPACE)}{word}\n"
    return "a.sources", f"Types: deb\n# c\nURIs: file:{{repo}}\nSuites: ./\n{enabled}{field}"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("apt")
    directories = ("sources.list.d", "preferences.d", "trusted.gpg.d", "apt.conf.d")
    state = ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg", "repo")
    for directory in (*(f"etc/apt/{name}" for name in directories), *state):
        (place / directory).mkdir(parents=True)
    (place / "var/lib/dpkg/status").touch()
    (place / "repo/Packages").touch()
    return place


@needs("apt-get")
@settings(EXAMPLES, max_examples=60)
@given(entry=entries())
def test_an_entry_that_apt_takes_without_a_signature_is_named(root: Path, entry: tuple[str, str]) -> None:
    name, text = entry
    for path in (root / "etc/apt/sources.list.d").iterdir():
        path.unlink()
    (root / "etc/apt/sources.list.d" / name).write_text(text.format(repo=root / "repo"), encoding="utf-8")
    state = f"Dir::State::status={root}/var/lib/dpkg/status"
    sandbox = "APT::Sandbox::User=root"
    done = run("apt-get", "-o", f"Dir={root}", "-o", state, "-o", sandbox, "-o", "Debug::NoLocking=1", "update")
    # Without entries that count there is nothing to refuse.
    counts = "Get:" in done.stdout or "Ign:" in done.stdout or "Err:" in done.stdout
    taken = done.returncode == 0 and counts
    named = bool(apt.unsigned(Machine(str(root))))
    # In a block apt 2.6 passes over Allow-Insecure, which its manual has; it is named all the same.
    assert named is taken or (named and name == "a.sources" and "nsecure" in text), (done.stdout, done.stderr)
