"""What is kept about one person, over records of every kind."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from command import run
from journals import Journal
from mails import Corpus
from oplever import clock, store
from oplever.config import Retention
from oplever.store import retention
from post import Post
from stored import store_record

NAME, ADDRESS = "Fatma Demir", "fatma.demir@school.example"


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setenv("OPLEVER_PERSON", "L. Smit")
    monkeypatch.chdir(tmp_path)
    return Post(tmp_path, monkeypatch)


def exported(*names: str, code: int = 0) -> dict[str, Any]:
    also = [word for name in names[1:] for word in ("--also", name)]
    done = run("person", "export", names[0], *also, "--format", "json", "-o", "-", code=code)
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def places(content: dict[str, Any]) -> dict[str, list[str]]:
    return {row["record"]: [mention["place"] for mention in row["mentions"]] for row in content["records"]}


def installation(post: Post, name: str, person: str) -> None:
    journal = Journal(account="svc", assignment={"people": [{"name": person, "role": "executor"}]})
    journal.task(f"Home of {person}", message=f"made for {person}")
    store_record(post.records, name, journal.finish(ok=1))


def test_every_text_that_names_a_person_is_there_and_of_nobody_else(post: Post) -> None:
    installation(post, "20261120T100000Z-site-aaaaaa", "F. Demir")
    installation(post, "20261121T100000Z-site-bbbbbb", "Selim Demir")
    run("add", "hours", "--record", "20261121T100000Z-site-bbbbbb", "--by", "L. Smit", "--person", "Demir, Fatma",
        "--hours", "1", "--activity", "geholpen")  # fmt: skip
    made = run("incident", "new", "--channel", "phone", "--reporter", NAME, "--text",
               f"Ik ben {NAME} en kan niet inloggen").stdout.split()[-1]  # fmt: skip
    other = run("incident", "new", "--channel", "phone", "--reporter", "Selim Demir", "--text", "ook").stdout.split()[
        -1
    ]
    run("incident", "tell", other, "--how", "belt fatma  demir terug", "--when", clock.now()[:10])
    post.deliver(Corpus().text("Een vraag.", From=f'"{NAME}" <{ADDRESS}>'))
    (mailed,) = post.take_in()

    content = exported(NAME, ADDRESS)
    where = places(content)
    assert set(where) == {
        "20261120T100000Z-site-aaaaaa", "20261121T100000Z-site-bbbbbb", made, other, mailed.case,
    }  # fmt: skip
    assert where["20261120T100000Z-site-aaaaaa"] == ["journal.jsonl people.0.name"]
    assert where["20261121T100000Z-site-bbbbbb"] == ["entries.jsonl 1 hours person"]
    assert sorted(where[made]) == [
        "entries.jsonl 1 opened title", "entries.jsonl 3 reported reporter", "entries.jsonl 3 reported text",
    ]  # fmt: skip
    assert sorted(where[mailed.case]) == [
        "entries.jsonl 3 reported reporter", "entries.jsonl 3 reported text", "entries.jsonl 4 mail-received address",
        "entries.jsonl 4 mail-received date", "entries.jsonl 4 mail-received sender",
        "entries.jsonl 4 mail-received subject", "entries.jsonl 4 mail-received text",
    ]  # fmt: skip
    assert where[other] == ["entries.jsonl 4 contact how"]
    assert [(line["outcome"], line["case"], line["reason"]) for line in content["mail_log"]] == [
        ("new", mailed.case, "")
    ]
    assert [row["messages"] != [] for row in content["records"] if row["record"] == mailed.case] == [True]
    texts = [mention["text"] for row in content["records"] for mention in row["mentions"]]
    assert not any("Selim" in text for text in texts)


def test_what_was_done_with_mail_of_the_person_is_there_in_the_language_of_the_document(post: Post) -> None:
    automatic = {"Auto-Submitted": "auto-replied"}
    post.deliver(
        Corpus().text("Ik ben er niet.", From=f'"{NAME}" <{ADDRESS}>', **automatic),
        Corpus(seed=2).text("Ik ook niet.", From="Selim Demir <selim@school.example>", **automatic),
    )
    assert [done.outcome for done in post.take_in()] == ["aside", "aside"]
    (line,) = exported(NAME, ADDRESS)["mail_log"]
    assert (line["outcome"], line["reason"]) == ("aside", "a machine wrote it (auto-submitted)")
    shown = run("--language", "nl", "person", "export", NAME, "--also", ADDRESS, "--format", "md", "-o", "-",
                "--language", "nl").stdout  # fmt: skip
    assert shown.count("een machine schreef de mail") == 1
    assert "a machine wrote it" not in shown


def test_pseudonyms_of_a_person_are_found_while_there_is_a_key(post: Post) -> None:
    made = run("incident", "new", "--channel", "phone", "--reporter", NAME, "--text", "stuk").stdout.split()[-1]
    now = clock.moment("2031-01-01T00:00:00Z")
    (due,) = retention.plan(post.records, Retention(hours_names="2 years"), now)
    retention.carry_out(post.records, due, now)
    assert places(exported(NAME)) == {made: ["entries.jsonl 3 reported reporter"]}
    assert places(exported("Selim Demir")) == {}
    (post.records / "pseudonym.key").unlink()
    assert places(exported(NAME)) == {}


def test_a_record_that_cannot_be_read_is_named(post: Post) -> None:
    made = run("incident", "new", "--channel", "phone", "--reporter", NAME, "--text", "stuk").stdout.split()[-1]
    with (store.find(made) / "entries.jsonl").open("ab") as file:
        file.write(b"{broken\n")
    content = exported(NAME, code=1)
    assert content["records"] == []
    assert made in content["unreadable"][0]


def test_the_export_is_a_document_and_an_archive_with_the_mails(post: Post) -> None:
    post.deliver(Corpus().text("Een vraag.", From=f'"{NAME}" <{ADDRESS}>'), Corpus(seed=2).text("Van een ander."))
    mailed = post.take_in()[0].case
    run("person", "export", NAME, "--also", ADDRESS)
    with zipfile.ZipFile(io.BytesIO(Path("person.zip").read_bytes())) as archive:
        names = archive.namelist()
        kept = [name for name in names if name.endswith(".eml")]
        assert len(kept) == 1
        assert kept[0].startswith(mailed)
        assert b"Een vraag." in archive.read(kept[0])
        assert b"Van een ander." not in b"".join(archive.read(name) for name in names)
    for language, words in (("nl", "Wat is bewaard over Fatma Demir"), ("en", "What is kept about Fatma Demir")):
        run("person", "export", NAME, "--format", "md", "--language", language, "-o", f"p.{language}.md")
        text = Path(f"p.{language}.md").read_text(encoding="utf-8")
        assert words in text
        assert "entries.jsonl 3 reported reporter" in text
    assert Path("person.zip").stat().st_mode & 0o077 == 0
    run("person", "export", " ", code=2)


def test_a_file_that_the_person_added_comes_along_and_that_of_others_does_not(post: Post, tmp_path: Path) -> None:
    case = run("incident", "new", "--channel", "phone", "--reporter", NAME, "--text", "kapot").stdout.split()[-1]
    for by in (NAME, "L. Smit"):
        path = tmp_path / "meting.txt"
        path.write_text(f"van {by}\n", encoding="utf-8")
        run("attach", str(path), "--what", "meting", "--record", case, "--by", by)
    [row] = [row for row in exported(NAME)["records"] if row["record"] == case]
    assert len(row["annexes"]) == 1
    run("person", "export", NAME, "--format", "zip", "--output", str(tmp_path / "alles.zip"))
    with zipfile.ZipFile(tmp_path / "alles.zip") as archive:
        assert archive.read(f"{case}/{row['annexes'][0]}") == f"van {NAME}\n".encode()
        assert len([name for name in archive.namelist() if "/annexes/" in name]) == 1
