"""Values of umask and PATH against the shells that Debian has, and where its linker looks for libraries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import environment, umask
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

OCTAL = st.sampled_from(
    ["0", "00", "2", "22", "022", "0022", "27", "077", "777", "0777", "1000", "8", "028", "00000022"]
)
CLAUSES = st.tuples(
    st.sampled_from(["u", "g", "o", "a", "ug", "go", "ugo", ""]),
    st.sampled_from(["=", "+", "-"]),
    st.sampled_from(["r", "w", "x", "rw", "rx", "rwx", "", "wx", "q"]),
).map("".join)
SYMBOLIC = st.lists(CLAUSES, min_size=1, max_size=3).map(",".join)
WORDS = st.one_of(OCTAL, SYMBOLIC, st.sampled_from(["u=rwx,g=rx,o=", "g-w,o-rwx", "u+", "+", "u", "rwx", "a=,", "-w"]))


def real(shell: str, word: str, before: int) -> int | None:
    done = run(shell, "-c", f"umask {before:o} && umask -- '{word}' && umask || exit 9")
    return int(done.stdout, 8) if done.returncode == 0 else None


@needs("bash")
@needs("dash")
@EXAMPLES
@given(word=WORDS, before=st.sampled_from([0o022, 0o077, 0, 0o777, 0o027]))
def test_a_value_is_what_the_shells_make_of_it(word: str, before: int) -> None:
    """Where they differ, as about an empty clause, either will do."""
    assert umask.parse(word, before) in {real(shell, word, before) for shell in ("bash", "dash")}


@pytest.mark.parametrize(
    ("line", "masks"),
    [
        ("umask 0", [0]),
        ("\tumask\t022", [0o022]),
        ("if true; then umask 002; else umask 077; fi", [0o002, 0o077]),
        ("true && umask u=rwx,g=rx,o=", [0o027]),
        ("umask -S u=rwx,go=", [0o077]),
        ("echo umask 000", []),
        ("# umask 000", []),
        ("umask 077 # umask 000", [0o077]),
        ("umask", []),
        ("umask -S", []),
        ("umask $MASK", []),
        ("umask '0027'", [0o027]),
        ("myumask 0", []),
        ("umask \\\n 22", [0o022]),
        ("[ $UID = 0 ] || { umask 27; }", [0o027]),
    ],
)
def test_where_a_file_sets_it(line: str, masks: list[int]) -> None:
    assert umask.settings(line + "\n") == masks


PIECES = st.sampled_from(
    [
        "/a",
        '"/b"',
        "'/c'",
        "$PATH",
        '"$PATH"',
        "${PATH}",
        "$HOME/bin",
        '"${HOME}/x"',
        "$D",
        '"$D/e"',
        ".",
        "~/t",
        "",
        "rel",
    ]
)
PLACES = st.lists(PIECES, min_size=1, max_size=4).map(":".join)
FORMS = st.sampled_from(
    [
        "PATH={}",
        "export PATH={}",
        "\tPATH={}; export PATH",
        "true && PATH={}",
        "PATH={} # PATH=/no",
        "export A=1 PATH={}",
    ]
)
OTHERS = st.sampled_from(
    ["# PATH=/no", "MANPATH=/no", "XPATH=/no", "LD_LIBRARY_PATH=/no; true", "D=/f", "D='/g'", "true"]
)
LINES = st.one_of(st.builds(str.format, FORMS, PLACES), OTHERS)


@needs("bash")
@needs("dash")
@EXAMPLES
@given(lines=st.lists(LINES, max_size=4))
def test_a_path_is_what_the_shells_make_of_it(lines: list[str]) -> None:
    text = "\n".join(["D=/d", *lines, ""])
    path = "/before"
    for value in environment._paths(text):
        path = re.sub(r"\$PATH|\$\{PATH\}", path, value)
    shells = {run(f"/bin/{s}", "-c", f'HOME=/root\nPATH=/before\n{text}echo "$PATH"').stdout for s in ("bash", "dash")}
    assert {path + "\n"} == shells


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("PATH+=:/x\n", ["/x"]),
        ('PATH="/x"y:"$PATH"\n', ["/xy:$PATH"]),
        ("if true; then PATH=/y; fi\n", ["/y"]),
        ("PATH=$PATH:$JAVA_HOME/bin\n", ["$PATH"]),
        ("[ -d /x ] && (PATH=/x)\n", ["/x"]),
    ],
)
def test_where_a_file_sets_the_path(text: str, paths: list[str]) -> None:
    assert list(environment._paths(text)) == paths


@needs("ldconfig")
def test_libraries_are_looked_for_where_the_linker_looks(tmp_path: Path) -> None:
    files = {
        "etc/ld.so.conf": "include ld.so.conf.d/*.conf\n/opt/a # /opt/no\n\t/opt/b\n/opt/c \nhwcap 1 /opt/no\n",
        "etc/ld.so.conf.d/x.conf": "/opt/d=libc6\ninclude /etc/more.conf\n",
        "etc/ld.so.conf.d/y": "/opt/no\n",
        "etc/more.conf": "/opt/e\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    for name in ("a", "b", "c", "d", "e", "no"):
        (tmp_path / "opt" / name).mkdir(parents=True)
    told = run("ldconfig", "-r", str(tmp_path), "-N", "-X", "-v")
    looked_for = {line.partition(":")[0] for line in told.stdout.splitlines() if line.startswith("/opt")}
    assert set(environment.look_up(Machine(str(tmp_path)), {"what": "library_path"})["values"]) == looked_for
    assert looked_for == {f"/opt/{name}" for name in "abcde"}
