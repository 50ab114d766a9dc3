"""300 mails with known truth go through the desk: where each goes, what is answered, and that none is lost."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from mails import DESK, Answer, Corpus, Letter
from oplever import store
from oplever.app import incidents, mail_answers, mail_intake
from oplever.store import manifest
from post import Post


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(tmp_path, monkeypatch, receipt=True, most_new_an_hour=200)


def cases_of(records: Path) -> dict[str, str]:
    """Digest of a mail that came in -> the case that it is in."""
    found = {}
    for directory in records.glob("*-incident-*"):
        for mail in incidents.case_of(store.load(directory)).mails:
            found[mail.digest] = directory.name
    return found


@pytest.mark.slow
def test_three_hundred_mails_go_where_they_belong(post: Post) -> None:
    corpus = Corpus()
    firsts = corpus.first()
    post.deliver(*(letter.content for letter in firsts))
    handled = post.take_in()
    assert len(handled) == len(firsts)
    where = cases_of(post.records)
    of_thread = {letter.thread: where[digest(letter)] for letter in firsts if letter.truth == "new"}
    answers = answer_reports(of_thread)
    seconds = corpus.second(answers, firsts)
    post.deliver(*(letter.content for letter in seconds))
    handled += post.take_in()
    letters = [*firsts, *seconds]
    assert len(letters) == 300
    assert len(handled) == 300

    wrong = [f"{letter.what}: {outcome} {case}" for letter, outcome, case in misplaced(letters, handled, of_thread)]
    threaded = [letter for letter in letters if letter.truth not in ("new", "aside", "present")]
    assert len(threaded) > 70
    assert len(wrong) <= len(letters) // 100, wrong
    assert wrong == []

    # Nothing is lost: every message is in a case or in the folder of what was set aside, as it came.
    kept = {hashlib.sha256(content).hexdigest() for content in post.folder(".Oplever-aside")}
    kept |= {path.stem for path in post.records.glob("*-incident-*/mail/*.eml")}
    kept |= {hashlib.sha256(content).hexdigest() for content in post.folder(".Oplever")}
    assert {digest(letter) for letter in letters} <= kept
    assert post.folder() == []
    assert all(
        manifest.problems(path) == []
        for path in post.records.glob("*-incident-*")
        if (path / "manifest.json").is_file()
    )

    # No machine was answered, nobody got two receipts, and every receipt says the number.
    receipts = [message_from_bytes(content, policy=policy.default) for content in post.outgoing()]
    receipts = [receipt for receipt in receipts if receipt["X-Oplever"] == "receipt"]
    addresses = Counter(str(receipt["To"]) for receipt in receipts)
    assert set(addresses.values()) == {1}
    assert len(receipts) > 100
    assert not any(machine in address.lower() for address in addresses for machine in ("daemon", DESK))
    for receipt in receipts:
        assert receipt["Auto-Submitted"] == "auto-replied"
        assert re.search(r"\[INC [0-9a-f]{6}\]", receipt["Subject"])
    assert all(to.read_text(encoding="utf-8").startswith("-i -f <> -- ") for to in post.sent.glob("*.to")
               if b"X-Oplever: receipt" in to.with_suffix("").read_bytes())  # fmt: skip


def digest(letter: Letter) -> str:
    return hashlib.sha256(letter.content).hexdigest()


def answer_reports(of_thread: dict[str, str]) -> dict[str, Answer]:
    """A person answers every report that has an address; what went out, by thread."""
    answers = {}
    for key, name in of_thread.items():
        data = {"how": "We komen langs.", "when": "2026-11-25"}
        if not any(mail.address for mail in incidents.case_of(store.load(store.find(name))).mails):
            continue
        record = mail_answers.tell(store.find(name), "P. Visser", data, mail_intake.settings())
        sent = record.case.mails[-1]
        answers[key] = Answer(sent.message_id, sent.subject, sent.text)
    return answers


def misplaced(letters: list[Letter], handled: list[mail_intake.Handled], of_thread: dict[str, str]) -> Any:
    """Those that went elsewhere than they belong."""
    for letter, done in zip(letters, handled, strict=True):
        expected = {"new": "new", "aside": "aside", "present": "present"}.get(letter.truth)
        if letter.what == "bounce of an answer":
            is_right = (done.outcome, done.case) == ("returned", of_thread[letter.truth])
        elif expected:
            is_right = done.outcome == expected
        else:
            is_right = (done.outcome, done.case) == ("added", of_thread[letter.truth])
        if not is_right:
            yield letter, done.outcome, done.case or done.reason
