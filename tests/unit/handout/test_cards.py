"""Cards tell what was delivered: values of passing tests, and nothing where the record has none."""

from __future__ import annotations

import io
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import command
import pikepdf
import pytest
import school
from golden import outputs
from golden.cases import Case
from oplever import store
from oplever.app.handouts import reasons
from oplever.errors import OpleverError
from oplever.page.blocks import Paragraph
from oplever.page.cards import About, groups
from oplever.page.translator import Translator
from oplever.record.handout import Fact, FilledCard, LeftOut, find, handouts
from oplever.record.model import CardStep, Record, Text


def record(wiki: school.Tests | None = None, **keys: Any) -> Record:
    return outputs.record_of(Case(school.journal(wiki, **keys)))


def names(delivered: Record, **chosen: str) -> list[str]:
    return [card.name for card in handouts(delivered, **chosen).cards]


def test_a_card_has_the_address_that_a_passing_test_asked_for() -> None:
    (card,) = find(record(), "dokuwiki/open")
    assert [step.do.nl for step in card.steps][1] == f"Typ {school.ADDRESS} in de adresbalk."
    assert card.link == school.ADDRESS
    assert card.hosts == ("web1",)


@pytest.mark.parametrize(
    ("wiki", "why", "subject"),
    [
        ({"dokuwiki.page": "fail", "dokuwiki.login.docent": "pass"}, "test_failed", "dokuwiki.page"),
        ({"dokuwiki.login.docent": "pass"}, "test_missing", "dokuwiki.page"),
        ({}, "test_missing", "dokuwiki.page"),
    ],
)
def test_what_was_not_shown_to_work_is_on_no_card(wiki: school.Tests, why: str, subject: str) -> None:
    made = handouts(record(wiki))
    assert "dokuwiki/open" not in [card.name for card in made.cards]
    left = next(left for left in made.left_out if left.card == "dokuwiki/open")
    assert (left.host, left.why, left.subject) == ("web1", why, subject)


def test_logging_in_is_on_a_card_when_somebody_could() -> None:
    made = handouts(record({"dokuwiki.page": "pass", "dokuwiki.login.docent": "fail"}))
    assert "dokuwiki/open" in [card.name for card in made.cards]
    assert [left.subject for left in made.left_out if left.card == "dokuwiki/log-in"] == ["dokuwiki.login.docent"]


def test_a_value_that_the_record_does_not_have_is_said_on_the_card_or_keeps_it_back() -> None:
    (card,) = find(record(), "dokuwiki/account")
    assert [(fact.label.en, fact.value) for fact in card.facts][-1] == ("Version", "")
    made = handouts(record(address=""))
    assert [left.why for left in made.left_out if left.card == "dokuwiki/open"] == ["value_missing"]


def test_a_trial_run_delivered_nothing() -> None:
    made = handouts(record(check_mode=True))
    assert not made.cards
    assert {left.why for left in made.left_out} == {"trial"}


def test_audience_and_room_choose() -> None:
    delivered = record()
    assert "dokuwiki/account" in names(delivered, audience="administrator")
    assert "dokuwiki/account" not in names(delivered, audience="student")
    assert names(delivered, audience="student") == names(delivered, audience="user")
    room = names(delivered, audience="user", room="room_014")
    assert {"browser/open", "dokuwiki/open"} <= set(room), "a service is for every room"
    assert "browser/open" not in names(delivered, audience="user", room="wiki_servers")
    with pytest.raises(OpleverError, match="no room or group 9") as problem:
        handouts(delivered, room="9.99")
    assert problem.value.slug == "handout-room"
    assert "room_014" in problem.value.advice


def test_a_role_that_was_skipped_everywhere_tells_nothing() -> None:
    lines = [line.replace(b'"changed"', b'"skipped"') for line in school.journal()]
    assert outputs.record_of(Case([line for line in lines if b"oplever.lab.checks" not in line])).cards == ()


def test_a_card_is_one_for_all_machines_on_which_it_says_the_same() -> None:
    (card,) = find(record(), "browser/open")
    assert card.hosts == ("ws1", "ws2")


def test_another_address_is_another_version() -> None:
    (card,) = find(record(), "dokuwiki/open")
    (same,) = find(record(identifier="20261123T110000Z-site-e00003"), "dokuwiki/open")
    (moved,) = find(record(address="http://wiki2.school.example/"), "dokuwiki/open")
    assert card.digest == same.digest
    assert card.digest != moved.digest


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.chdir(tmp_path)
    return school.store(tmp_path / "records", school.journal())


run = partial(command.attempt, "handout")


@pytest.mark.slow
def test_a_sheet_and_cards_hold_the_same_in_both_languages(directory: Path) -> None:
    for language, words in (("nl", "Druk op Enter."), ("en", "Press Enter.")):
        for shape in ("sheet", "cards"):
            for fmt in ("html", "md"):
                done = run(directory.name, "--language", language, "--shape", shape, "--format", fmt, "--out", "-")
                assert done.exit_code == 0, done.output
                assert words in done.stdout
                assert "wiki.school.example" in done.stdout
                assert Translator(language)("Whom to ask for help is not in this record.") in done.stdout


def test_a_sheet_for_everybody_says_for_whom_each_card_is(directory: Path) -> None:
    """A pupil does not begin at the card of an administrator."""
    lines = run(directory.name, "--language", "nl", "--format", "md", "--out", "-").stdout.splitlines()
    audiences = [line.removeprefix("- Voor wie: ") for line in lines if line.startswith("- Voor wie: ")]
    assert len(audiences) == sum(line.startswith("### ") for line in lines)
    alone = [audience == "beheerders" for audience in audiences]
    assert alone == sorted(alone)
    assert {True, False} == set(alone)
    one = run(directory.name, "--audience", "user", "--language", "nl", "--format", "md", "--out", "-").stdout
    assert "Voor wie" not in one


def test_why_a_card_is_not_made_is_said_once_for_all_machines() -> None:
    left = [LeftOut("dns/look-up", host, "test_missing", "dns.service") for host in ("ws1", "ws2")]
    other = LeftOut("dns/look-up", "web1", "test_failed", "dns.service")
    assert [str(message) for message in reasons((left[0], other, left[1]))] == [
        "dns/look-up for ws1, ws2 is not made: no test dns.service was carried out",
        "dns/look-up for web1 is not made: the test dns.service does not pass",
    ]


LONG = "sudo unattended-upgrade --dry-run --debug"


@pytest.mark.slow
def test_no_line_ends_inside_a_word_that_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads `unattended-` at the end of a line cannot see whether the hyphen is typed."""
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    lines = [line.replace(b"Press Enter.", f"Type: {LONG}".encode()) for line in school.journal()]
    record = school.store(tmp_path, lines)
    for shape in ("cards", "sheet"):
        paper = tmp_path / f"{shape}.pdf"
        run(record.name, "--language", "en", "--shape", shape, "--out", str(paper))
        text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, text=True, check=True).stdout
        assert set(LONG.split()) <= set(text.split()), shape
        page = run(record.name, "--language", "en", "--shape", shape, "--format", "html", "--out", "-").stdout
        assert "".join(f"<span>{word}</span> " for word in LONG.split()).strip() in page
    assert f"`{LONG}`" in run(record.name, "--language", "en", "--format", "md", "--out", "-").stdout


@pytest.mark.slow
def test_cards_are_one_to_a_page_of_a6_and_tagged(directory: Path) -> None:
    done = run(directory.name, "--audience", "user", "--shape", "cards", "--out", "cards.pdf")
    assert done.exit_code == 0, done.output
    with pikepdf.open(io.BytesIO(Path("cards.pdf").read_bytes())) as opened:
        sizes = {tuple(round(float(side) * 25.4 / 72) for side in page.mediabox[2:]) for page in opened.pages}
        assert sizes == {(105, 148)}
        assert len(opened.pages) == 6
        assert opened.Root.MarkInfo.Marked
        with opened.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"


def test_the_command_says_what_is_not_made_and_why(directory: Path) -> None:
    (directory / "journal.jsonl").write_bytes(b"".join(school.journal({"dokuwiki.page": "fail"})))
    done = run(directory.name, "--language", "en", "--out", "x.pdf")
    assert done.exit_code == 0
    assert "dokuwiki/open for web1 is not made: the test dokuwiki.page does not pass" in done.stderr
    done = run(directory.name, "--audience", "user", "--room", "wiki_servers", "--language", "en")
    assert done.exit_code == 2
    assert "[handout-none]" in done.stderr
    assert "the test dokuwiki.page does not pass" in done.stderr


def test_a_record_whose_roles_have_no_cards_says_so(directory: Path) -> None:
    lines = [line for line in school.journal() if b'"role"' not in line.split(b'"kind": ')[1][:8]]
    (directory / "journal.jsonl").write_bytes(b"".join(lines))
    done = run(directory.name, "--language", "en")
    assert done.exit_code == 2
    assert "no role in" in done.stderr


def test_each_machine_has_its_own_card_when_that_is_asked_for() -> None:
    """What is for everywhere is about no machine, and stays one card."""
    made = handouts(record(), each_machine=True).cards
    hosts = [card.hosts for card in made if card.name == "browser/open"]
    assert hosts == [("ws1",), ("ws2",)]
    assert len([card for card in made if card.name == "dokuwiki/open"]) == 1
    assert len({card.digest for card in made if card.name == "browser/open"}) == 1


@pytest.mark.slow
def test_a_sheet_for_each_machine_begins_on_its_own_page(directory: Path) -> None:
    """With the machine above it, its own cards and whom to ask; what is for everywhere comes first."""
    done = run(directory.name, "--each-machine", "--audience", "user", "--language", "en")
    assert done.exit_code == 0, done.output
    (paper,) = Path.cwd().glob("sheet-user-each-machine-*.en.pdf")
    pages = pages_of(paper)
    first = {name: page for page in range(len(pages), 0, -1) for name in ("Everywhere", "ws1", "ws2")
             if re.search(rf"^{name}$", pages[page - 1], re.M)}  # fmt: skip
    assert list(dict(sorted(first.items(), key=lambda item: item[1]))) == ["Everywhere", "ws1", "ws2"]
    for name in ("ws1", "ws2"):
        page = pages[first[name] - 1]
        assert page.index(name) < page.index("Open a website"), name
        assert "Whom to ask for help" in page
        assert "Open the wiki" not in page
    assert "Open the wiki" in pages[0]


@pytest.mark.slow
def test_a_card_for_each_machine_says_which(directory: Path) -> None:
    run(
        directory.name, "--each-machine", "--shape", "cards", "--room", "room_014", "--language", "en", "--out", "c.pdf"
    )
    of_browser = [page for page in pages_of(Path("c.pdf")) if "browser/open" in page]
    assert [re.findall(r"\bws\d\b", page) for page in of_browser] == [["ws1"], ["ws2"]]
    page = run(
        directory.name, "--each-machine", "--shape", "sheet", "--format", "html", "--language", "en", "--out", "-"
    ).stdout
    assert re.findall(r'<section class="group( sheet)?"><h2>([^<]*)</h2>', page) == [
        ("", "Everywhere"), (" sheet", "web1"), (" sheet", "ws1"), (" sheet", "ws2"),
    ]  # fmt: skip
    assert "<h3>Open a website</h3>" in page


def pages_of(paper: Path) -> list[str]:
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, text=True, check=True).stdout
    return text.split("\f")[:-1]


@pytest.mark.slow
@pytest.mark.parametrize("audience", ["", "user", "administrator"])
def test_no_card_of_a_sheet_is_on_two_pages(directory: Path, audience: str) -> None:
    """Whoever follows its steps would have to turn a paper that hangs on a wall."""
    chosen = ["--audience", audience] if audience else []
    run(directory.name, *chosen, "--language", "en", "--out", "sheet.pdf")
    pages = pages_of(Path("sheet.pdf"))
    made = handouts(record(), audience=audience).cards
    assert made
    for card in made:
        (page,) = [page for page in pages if card.version in page]
        before = page[: page.index(card.version)]
        for part in (card.title.en, card.steps[0].do.en):
            assert " ".join(part.split()[:3]) in " ".join(before.split()), (card.name, part)


def admin(host: str, address: str, see: str = "You see the load.") -> FilledCard:
    """A card for an administrator as it is filled in for a machine."""
    return FilledCard(
        role="oplever.lab.base",
        id="load",
        audiences=("administrator",),
        title=Text("De belasting zien", "See the load"),
        steps=(
            CardStep(Text(f"Log in op {host}.", f"Log in to {host}.")),
            CardStep(Text("Typ: w", "Type: w"), Text("", see)),
        ),
        trouble=(),
        facts=(Fact(Text("Machine", "Machine"), host), Fact(Text("Adres", "Address"), address)),
        proof=("base.load",),
        hosts=(host,),
        digest=host[-1] * 64,
    )


def test_cards_that_differ_in_their_values_alone_are_one_part_of_a_sheet() -> None:
    """Thirty machines do not make thirty times the same steps; the values of each are in a table below them."""
    t = Translator("en")
    cards = [admin("pc1", "192.0.2.1"), admin("pc2", "192.0.2.2"), admin("pc3", "192.0.2.3", "You see nothing.")]
    alike, other = groups(cards, About("administrator"), t)
    assert [type(block).__name__ for block in alike.blocks] == ["Steps", "Paragraph", "Table"]
    assert alike.blocks[1] == Paragraph("The steps are for pc1. For the others, take the values of this table.")
    rows = [[cell.text for cell in row] for row in alike.blocks[2].rows]
    assert rows == [["pc1", "192.0.2.1", "11111111"], ["pc2", "192.0.2.2", "22222222"]]
    assert [type(block).__name__ for block in other.blocks] == ["Steps", "KeyValue"]


@pytest.mark.slow
def test_a_card_that_is_long_is_still_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed smaller: the mark that says which card it is would stand alone on a page behind it."""
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    long = "Wait until you can see that the page is there. " * 6
    lines = [line.replace(b"You see", f"{long}You see".encode()) for line in school.journal()]
    record = school.store(tmp_path, lines)
    run(record.name, "--language", "en", "--audience", "user", "--shape", "cards", "--out", "long.pdf")
    pages = pages_of(Path("long.pdf"))
    made = handouts(store.load(record), audience="user").cards
    assert any(long in step.see.en for card in made for step in card.steps)
    assert [card.version for card in made if card.version not in pages[made.index(card)]] == []
    assert len(pages) == len(made)
