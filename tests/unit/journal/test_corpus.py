"""Leaks and false masks of the redactor, counted over messages, settings and command lines (corpus/)."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.names import is_secret_name
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import MASK, redact_text

CORPUS = Path(__file__).parent / "corpus"
AROUND = "\"'\\[] "
MARKED = re.compile("⟦(.*?)⟧", re.S)


def lines(name: str) -> list[str]:
    texts = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [text.replace("␤", "\n") for text in texts if text and not text.startswith("#")]


@pytest.mark.parametrize(("name", "least"), [("lines.txt", 400), ("held_out.txt", 60)])
def test_no_secret_stays_and_nothing_else_goes(name: str, least: int) -> None:
    marked = lines(name)
    leaks, false_masks = [], []
    for line in marked:
        kept = redact_text(MARKED.sub(r"\1", line))
        if any(secret.strip(AROUND) in kept for secret in MARKED.findall(line)):
            leaks.append(kept)
        elif kept != MARKED.sub(MASK, line):
            false_masks.append((MARKED.sub(MASK, line), kept))
    secrets = sum("⟦" in line for line in marked)
    print(
        f"{name}: {secrets} lines with a secret, {len(marked) - secrets} without; "
        f"leaks {len(leaks)}, false masks {len(false_masks)}"
    )
    assert len(marked) >= least
    assert 0.4 < secrets / len(marked) < 0.6
    assert leaks == []
    assert false_masks == []


def test_names() -> None:
    named = {"+": set[str](), "-": set[str]()}
    for line in lines("names.txt"):
        named[line[0]] |= set(line[1:].split())
    assert min(len(names) for names in named.values()) > 60
    assert {name for name in named["+"] if not is_secret_name(name)} == set()
    assert {name for name in named["-"] if is_secret_name(name)} == set()


def test_what_is_masked_stays_as_it_is() -> None:
    for line in lines("lines.txt"):
        kept = redact_text(MARKED.sub(r"\1", line))
        assert redact_text(kept) == kept


@pytest.mark.parametrize(
    "piece",
    ["a", " ", "\\", "'", '"', "password", "password ", "password=", "password: '", "token:[", "cookie: a=", "curl -u ",
     "-----BEGIN PRIVATE KEY-----", "https://a:", "mysql -p", "encrypt_string --a ", "identified by '", "<password>",
     "authorization: ", "echo ", "--token ", "eyJaaaaaaaaa.", "SG.aaaaaaaaaaaaaaaaaaaa", "key_", "=", ":", "a.b-"],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    begun = time.process_time()
    redact_text(text)
    redact_text(text + " password=x")
    assert time.process_time() - begun < 2, piece
