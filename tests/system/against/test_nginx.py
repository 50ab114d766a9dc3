"""The reader of `nginx -T` on files that nginx takes and refuses: blocks and words count, never lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import nginx
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

# What is written, and what nginx makes of it.
WORDS = [
    ("a", "a"), ('"b c"', "b c"), ("'d;e'", "d;e"), ("f#g", "f#g"), ("$host", "$host"), ('"{}"', "{}"),
    ("${host}x", "${host}x"),
    ("x\\ y", "x\\ y"), ('"q\\"r"', 'q"r'), ("a}b", "a}b"), ("it's", "it's"), ("a\\;b", "a\\;b"),
]  # fmt: skip
SPACE = st.sampled_from([" ", "\n", "\t", "  # add_header X no;\n", "\n\n"])
CLOSE = st.sampled_from(["", " ", "\n", " # } ;\n"])


@st.composite
def headers(draw: st.DrawFn) -> tuple[str, list[str]]:
    written, value = draw(st.sampled_from(WORDS))
    name = f"X-{draw(st.integers(0, 9))}"
    text = f"add_header{draw(SPACE)}{name}{draw(SPACE)}{written}{draw(st.sampled_from(['', ' ']))};{draw(CLOSE)}"
    return text, [name, value]


Found = list[tuple[str, list[str]]]


@st.composite
def blocks(draw: st.DrawFn) -> tuple[str, Found]:
    """(text, (context, words) of each add_header) of the inside of http."""
    text, found = "", []
    for context, opening in (("http", ""), ("http/server", "server"), ("http/server/location", "location /x")):
        if opening:
            text += opening + draw(st.sampled_from(["", " ", "\n"])) + "{" + draw(CLOSE)
        for written, words in draw(st.lists(headers(), max_size=2)):
            text += written
            found.append((context, words))
    return text + "}" + draw(CLOSE) + "}" + draw(CLOSE), found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx") / "nginx.conf"


def shown_by_nginx(file: Path, inside: str) -> str | None:
    """Output of nginx -T; None when nginx refuses the file."""
    head = f"pid {file.parent}/pid; error_log stderr; events{{}}http{{access_log off;"
    file.write_text(head + inside + "}", encoding="utf-8")
    done = run("nginx", "-T", "-c", file)
    return None if done.returncode else done.stdout


@needs("nginx")
@EXAMPLES
@given(block=blocks())
def test_each_directive_is_read_with_its_words_and_its_block(file: Path, block: tuple[str, Found]) -> None:
    text, expected = block
    output = shown_by_nginx(file, text)
    assert output is not None, text
    own = [(d.context, d.words) for d in nginx.parse(output) if d.name == "add_header"]
    assert own == expected


@needs("nginx")
@EXAMPLES
@given(block=blocks(), data=st.data())
def test_braces_that_nginx_refuses_are_refused(file: Path, block: tuple[str, Found], data: st.DataObject) -> None:
    text, _ = block
    at = data.draw(st.integers(0, len(text) - 1))
    text = text[:at] + data.draw(st.sampled_from(["{", "}", ""])) + text[at + 1 :]
    output = shown_by_nginx(file, text)
    if output is None:
        return  # nothing is shown of it, so that there is nothing to read
    try:
        nginx.parse(output)
    except UnreadableError as problem:
        raise AssertionError(f"nginx takes what we refuse: {problem}") from None
