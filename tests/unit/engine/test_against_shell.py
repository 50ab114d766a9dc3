"""Values of umask against the shells that Debian has."""

from __future__ import annotations

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.sources import umask
from hypothesis import given
from hypothesis import strategies as st
from unit.engine.programs import EXAMPLES, needs, run

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
