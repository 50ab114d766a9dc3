"""`oplever incident`, as somebody at a counter and a technician type it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command import attempt, run
from desk import EVENTS, UNTIL_SOLVED
from journals import Journal
from oplever import clock, store
from oplever.app import incidents
from oplever.app.entries_file import parse
from oplever.app.incident_sources import from_record
from oplever.app.incident_sources import troubles as causes_of
from oplever.config import Retention
from oplever.page.translator import Translator
from oplever.store import retention
from stored import check, store_record, visit

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "incidents.yml"
TECHNICIAN, COLLEAGUE, USER = "S. Yilmaz", "P. Visser", "J. Bakker"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", TECHNICIAN)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "records"


def incident(*arguments: str) -> Result:
    return attempt("incident", *arguments)


def new(impact: str = "", urgency: str = "", text: str = "De printer doet niets", *more: str) -> str:
    classified = ("--impact", impact, "--urgency", urgency) if impact else ()
    done = incident("new", "--channel", "counter", "--reporter", USER, "--text", text, *classified, *more)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()[-1]


def arguments(kind: str) -> Iterator[str]:
    for name, value in EVENTS[kind].items():
        yield from (f"--{name.replace('_', '-')}", str(value))


def listed(*options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(incident("list", "--format", "json", *options).stdout)
    return rows


def record(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((store.records_directory() / name / "record.json").read_text(encoding="utf-8"))
    return content


def solved(name: str) -> str:
    """The case, solved: only the retest, the confirmation and the closing are to be done."""
    incident("take", name, "--reason", "test")
    for kind in UNTIL_SOLVED:
        if kind not in ("taken", "classified"):
            done = incident(incidents_command(kind), name, *arguments(kind))
            assert done.exit_code == 0, done.output
    return name


def incidents_command(kind: str) -> str:
    from oplever.kinds.incident.entries import COMMANDS  # noqa: PLC0415

    return COMMANDS[kind]


def test_a_report_is_registered_with_channel_time_and_reporter(base: Path) -> None:
    name = new("2", "2", "De printer in 0.14 doet niets", "--place", "0.14", "--machine", "print1")
    content = record(name)
    case = content["incident"]
    assert (content["kind"], content["work_process"], content["status"]) == ("incident", "3.2", "new")
    assert (case["channel"], case["reporter"], case["place"]) == ("counter", USER, "0.14")
    assert clock.moment(case["reported_at"]) <= datetime.now(UTC)
    assert (case["priority"], case["reported_by"]) == (3, TECHNICIAN)
    assert case["rules"]["version"] == "default-1"
    assert len(case["rules_digest"]) == 64
    assert [system["name"] for system in content["systems"]] == ["print1"]
    assert [line["what"] for line in content["document"]["history"]] == [
        "opened", "rules: default-1", "reported", "classified",
    ]  # fmt: skip
    assert not (base / name / "journal.jsonl").exists()


def test_a_report_that_lacks_something_is_not_registered(base: Path) -> None:
    for left_out, advice in (("--reporter", "say who reports it"), ("--text", "text"), ("--channel", "channel")):
        options = {"--channel": "phone", "--reporter": USER, "--text": "x"}
        del options[left_out]
        done = incident("new", *(word for pair in options.items() for word in pair))
        assert done.exit_code == 2, left_out
        assert advice in done.stderr
    for part in (["--impact", "2"], ["--lesson"], ["--priority", "1", "--reason", "examen"]):
        assert incident("new", "--channel", "phone", "--reporter", USER, "--text", "x", *part).exit_code == 2, part
    assert not base.exists() or list(base.glob("*-incident-*")) == []


def test_a_case_is_named_by_the_end_of_its_name() -> None:
    name = new("2", "2")
    assert incident("take", name[-6:]).exit_code == 0
    assert record(name)["status"] == "in_progress"
    assert incident("take", "ffffff").exit_code == 2
    twin = store.records_directory() / f"20200101T000000Z-incident-{name[-6:]}"
    twin.mkdir()
    ambiguous = incident("show", name[-6:])
    assert f"2 records are named {name[-6:]}" in ambiguous.stderr
    assert f"{twin.name}, {name}" in ambiguous.stderr
    twin.rmdir()
    hand = attempt("new", "installation", "--title", "Switch").stdout.splitlines()[-1]
    assert "is no incident" in incident("take", hand).stderr
    assert attempt("new", "incident", "--title", "x").exit_code == 2


def test_the_queue_is_in_order_of_priority_due_time_and_age() -> None:
    low, first, second, unclassified = new("3", "3"), new("1", "1"), new("1", "1"), new()
    assert [row["name"] for row in listed()] == [unclassified, first, second, low]
    rows = listed("--all")
    keys = [(row["priority"] or 0, row["due"] or "9", row["opened"], row["name"]) for row in rows]
    assert keys == sorted(keys)
    incident("tell", first, *arguments("contact"))  # then the solution is due, which is later
    assert [row["name"] for row in listed()] == [unclassified, second, first, low]
    lines = incident("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [unclassified, second, first, low]


def test_who_takes_another_case_than_the_first_says_why() -> None:
    low, high = new("3", "3"), new("1", "1")
    refused = incident("take", low)
    assert (refused.exit_code, "[incident-order]" in refused.stderr) == (2, True)
    assert high in refused.stderr
    assert record(low)["status"] == "new"
    assert incident("take", low, "--reason", "docent staat hier").exit_code == 0
    [move] = record(low)["incident"]["moves"]
    assert (move["passed_over"], move["reason"]) == (high, "docent staat hier")
    assert incident("take", high).exit_code == 0
    assert record(high)["incident"]["moves"][0]["passed_over"] == ""


def test_what_another_has_does_not_stand_before_it() -> None:
    low, high = new("3", "3"), new("1", "1")
    incident("assign", high, "--to", COLLEAGUE)
    assert incident("take", low).exit_code == 0
    assert incident("take", new("3", "3"), "--by", COLLEAGUE).exit_code == 2


def test_what_is_for_another_team_does_not_stand_before_it(tmp_path: Path) -> None:
    (tmp_path / "incidents.yml").write_bytes(EXAMPLE.read_bytes())
    high = new("1", "1", "wifi weg", "--category", "netwerk")
    low = new("3", "3", "printer", "--category", "printer", "--answer", "lampje=rood")
    of_network, of_no_team = "R. de Boer", "T. Stagiair"
    for by in (of_network, of_no_team):
        assert high in incident("take", low, "--by", by).stderr, by
    assert incident("take", low, "--by", TECHNICIAN).exit_code == 0
    assert record(low)["incident"]["moves"][0]["passed_over"] == ""
    assert incident("take", high, "--by", of_network).exit_code == 0


@pytest.mark.slow
def test_a_case_from_report_to_approval() -> None:
    name = solved(new("2", "2"))
    refused = incident("close", name)
    assert (refused.exit_code, "[incident-open-ends]" in refused.stderr) == (2, True)
    assert "oplever incident retest" in refused.stderr
    assert incident("retest", name, "--result", "pass", "--reason", "testpagina").exit_code == 0
    assert incident("confirm", name, "--satisfied", "yes", "--user", TECHNICIAN).exit_code == 2
    assert incident("confirm", name, "--satisfied", "yes").exit_code == 0
    assert incident("show", name).exit_code == 1
    assert incident("close", name).exit_code == 0
    assert incident("show", name).exit_code == attempt("show", name).exit_code == 0
    assert listed() == []
    assert [row["state"] for row in listed("--all")] == ["closed"]
    assert attempt("add", "report", "--record", name, "--to", "M. de Wit").exit_code == 0
    assert attempt("add", "decision", "--record", name, "--by", TECHNICIAN, "--decision", "approved").exit_code == 2
    assert attempt("add", "decision", "--record", name, "--by", "M. de Wit", "--decision", "approved").exit_code == 0
    assert record(name)["completeness"] == {**record(name)["completeness"], "complete": True, "missing": []}
    assert incident("check").exit_code == 0


@pytest.mark.slow
def test_list_verify_and_export_take_a_case() -> None:
    name = new("2", "2")
    for words in (["list", "--kind", "incident"], ["list", "--state", "new"], ["verify", name]):
        done = attempt(*words)
        assert (done.exit_code, name in done.output) == (0, True), done.output
    assert attempt("report", name).exit_code == 1  # as of every record that says no
    for form in ("json", "jsonl", "csv", "junit", "sarif"):
        assert attempt("export", form, name).exit_code == 0, form
    assert {path.name for path in (store.records_directory() / name).glob("report.*")} >= {
        "report.nl.html", "report.en.html", "report.nl.md", "report.en.md",
    }  # fmt: skip


def test_a_case_has_a_letter_and_no_certificate() -> None:
    name = solved(new("2", "2"))
    letter = attempt("form", "letter", name, "--language", "nl").stdout
    for text in ("Beste J. Bakker,", "Uw melding is opgelost.", "Oplossing: toner vervangen", name, TECHNICIAN):
        assert text in letter, text
    refused = attempt("form", "certificate", name)
    assert (refused.exit_code, "[form-unknown]" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_one_flipped_byte_anywhere_is_named(base: Path) -> None:
    name = solved(new("2", "2"))
    for path in (base / name / "entries.jsonl", base / name / "record.json"):
        content = path.read_bytes()
        for place in range(0, len(content), max(1, len(content) // 25)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            done = attempt("verify", name)
            assert done.exit_code in (1, 2), (path.name, place)
            assert path.name in done.stderr, (path.name, place)
        path.write_bytes(content)
    assert attempt("verify", name).exit_code == 0


@pytest.mark.slow
def test_two_desks_that_took_the_same_report_are_joined_and_keep_both(base: Path, tmp_path: Path) -> None:
    """Each desk wrote a case of its own while it was offline; their directories are put together later."""
    first = new("2", "2", "printer 0.14", "--by", COLLEAGUE)
    second = solved(new("2", "2", "printer doet niets"))
    before = (base / first / "entries.jsonl").read_bytes()
    assert incident("merge", first, "--into", second, "--reason", "dezelfde printer").exit_code == 0
    assert (base / first / "entries.jsonl").read_bytes().startswith(before)
    assert (record(first)["status"], record(first)["incident"]["merged_into"]) == ("merged", second)
    assert record(first)["completeness"]["missing"] == []
    assert [(link["relation"], link["target"]) for link in record(second)["incident"]["links"]] == [
        ("duplicate", first)
    ]
    assert [row["name"] for row in listed()] == [second]
    assert attempt("verify", first).exit_code == attempt("verify", second).exit_code == 0
    refused = incident("take", first)
    assert second in refused.stderr
    assert incident("merge", second, "--into", first, "--reason", "x").exit_code == 2
    assert incident("merge", second, "--into", second, "--reason", "x").exit_code == 2


def test_rules_of_the_project_hold_and_are_cited(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").touch()
    (tmp_path / "incidents.yml").write_bytes(EXAMPLE.read_bytes())
    refused = incident("new", "--channel", "phone", "--reporter", USER, "--text", "x", "--category", "printer")
    assert "answers are missing: lampje" in refused.stderr
    name = new("2", "2", "x", "--category", "printer", "--answer", "lampje=rood")
    first = record(name)["incident"]
    assert (first["rules"]["version"], first["answers"]) == ("2026-3", [{"question": "lampje", "answer": "rood"}])
    text = EXAMPLE.read_text(encoding="utf-8")
    (tmp_path / "incidents.yml").write_text(text.replace("2026-3", "2026-4"), encoding="utf-8")
    incident("wait", name, "--on", "user", "--reason", "x")
    assert record(name)["incident"]["rules"]["version"] == "2026-3"
    incident("classify", name, "--impact", "1", "--urgency", "1")
    second = record(name)["incident"]
    assert second["rules"]["version"] == "2026-4"
    assert second["classifications"][0]["rules"] == first["rules_digest"] != second["classifications"][1]["rules"]


def test_what_an_organisation_wrote_is_said_in_the_language_of_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / "incidents.yml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    words = ("incident", "new", "--channel", "phone", "--reporter", USER, "--text", "x", "--category", "printer")
    assert "lampje: Welke kleur heeft het lampje?" in attempt("--language", "nl", *words).stderr
    assert "lampje: What colour is the light?" in attempt("--language", "en", *words).stderr


def test_a_mistake_in_the_rules_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").touch()
    (tmp_path / "oplever.yml").write_text("incidents: desk/rules.yml\n", encoding="utf-8")
    (tmp_path / "desk").mkdir()
    path = tmp_path / "desk" / "rules.yml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("priorities:", "prioritys:"), encoding="utf-8")
    done = incident("check")
    assert done.exit_code == 1
    line = EXAMPLE.read_text(encoding="utf-8").splitlines().index("priorities:") + 1
    assert f"{path}:{line}:1: there is no 'prioritys' here; did you mean 'priorities'?" in done.stderr
    refused = incident("new", "--channel", "phone", "--reporter", USER, "--text", "x")
    assert (refused.exit_code, "[rules-invalid]" in refused.stderr) == (2, True)
    for words in (("check",), ("new", "--channel", "phone", "--reporter", USER, "--text", "x")):
        in_dutch = attempt("--language", "nl", "incident", *words).stderr
        assert f"{path}:{line}:1: 'prioritys' bestaat hier niet; bedoelt u 'priorities'?" in in_dutch


def failing(base: Path, name: str, *identifiers: str, host: str = "web1", status: str = "fail") -> Path:
    journal = Journal(work_process="1.3")
    journal.add("play_start", play="q", name="Web", hosts="web", targets=[host], groups={host: ["web"]})
    for identifier in identifiers:
        check(journal, host, status, identifier)
    return store_record(base, name, journal.finish(ok=1))


def test_a_failing_test_makes_one_case_however_often_it_fails(base: Path) -> None:
    failing(base, "20261120T100000Z-site-aaaaaa", "nginx.answers", "nginx.certificate")
    made = incident("from-record", "20261120T100000Z-site-aaaaaa").stdout.split()
    assert [record(name)["incident"]["cause"] for name in made] == ["web1 nginx.answers", "web1 nginx.certificate"]
    case = record(made[0])["incident"]
    assert (case["channel"], case["machine"], case["category"]) == ("machine", "web1", "machine")
    assert "expected 200; found 502" in case["text"]
    assert case["links"][0]["target"] == "20261120T100000Z-site-aaaaaa"
    assert len(case["links"][0]["digest"]) == 64
    again = incident("from-record", "20261120T100000Z-site-aaaaaa")
    assert (again.stdout, again.stderr.count("is in already")) == ("", 2)
    failing(base, "20261121T100000Z-site-bbbbbb", "nginx.answers")
    second = incident("from-record", "20261121T100000Z-site-bbbbbb")
    assert (second.stdout, f"added to: {made[0]}" in second.stderr) == ("", True)
    assert [link["target"] for link in record(made[0])["incident"]["links"]] == [
        "20261120T100000Z-site-aaaaaa", "20261121T100000Z-site-bbbbbb",
    ]  # fmt: skip
    assert len(listed()) == 2


def test_what_a_machine_reports_is_in_the_language_of_whoever_makes_the_case(base: Path) -> None:
    failing(base, "20261120T100000Z-site-aaaaaa", *(f"nginx.{number:02}" for number in range(1, 3)))
    made = attempt("--language", "nl", "incident", "from-record", "20261120T100000Z-site-aaaaaa").stdout.split()
    text = record(made[0])["incident"]["text"]
    assert "verwacht 200; gevonden 502" in text
    assert "expected" not in text


@pytest.mark.slow
def test_a_retest_by_a_record_is_what_the_record_shows(base: Path) -> None:
    failing(base, "20261120T100000Z-site-aaaaaa", "nginx.answers", "nginx.other")
    [name, _] = incident("from-record", "20261120T100000Z-site-aaaaaa").stdout.split()
    incident("classify", name, "--impact", "2", "--urgency", "1")
    solved(name)
    early = incident("retest", name, "--record", "20261120T100000Z-site-aaaaaa")
    assert "before the case was solved" in early.stderr
    failing(base, "29990101T100000Z-verify-dddddd", "nginx.answers")
    assert incident("retest", name, "--record", "29990101T100000Z-verify-dddddd").exit_code == 0
    assert (record(name)["status"], record(name)["incident"]["retests"][-1]["result"]) == ("in_progress", "fail")
    incident("solve", name, *arguments("solved"))
    failing(base, "29990102T100000Z-verify-eeeeee", "nginx.answers", status="pass")
    missing = incident("retest", name, "--record", "29990102T100000Z-verify-eeeeee", "--tests", "nginx.other")
    assert "has no test of nginx.other" in missing.stderr
    offered = incident("from-record", "29990102T100000Z-verify-eeeeee")
    assert f"oplever incident retest {name} --record 29990102T100000Z-verify-eeeeee" in offered.stderr
    added = incident("from-record", "29990102T100000Z-verify-eeeeee", "--retest")
    assert f"close it: oplever incident close {name}" in added.stderr
    retest = record(name)["incident"]["retests"][-1]
    assert (retest["result"], retest["tests"], len(retest["digest"])) == ("pass", ["web1 nginx.answers"], 64)
    incident("confirm", name, "--satisfied", "not_applicable")
    assert incident("close", name).exit_code == 0
    assert record(name)["stage"] == "tested"


def test_a_passing_test_offers_nothing_to_a_case_that_nobody_took(base: Path) -> None:
    failing(base, "20261120T100000Z-site-aaaaaa", "nginx.answers")
    [name] = incident("from-record", "20261120T100000Z-site-aaaaaa").stdout.split()
    failing(base, "29990102T100000Z-verify-eeeeee", "nginx.answers", status="pass")
    done = incident("from-record", "29990102T100000Z-verify-eeeeee", "--retest")
    assert f"first: oplever incident take {name}" in done.stderr
    assert record(name)["incident"]["retests"] == []


def test_a_value_of_a_closed_case_is_corrected(base: Path) -> None:
    """Also of the report itself: a name that does not belong there goes."""
    name = solved(new("3", "3", text="Fatma kan niet inloggen"))
    for words in (("retest", "--result", "pass", "--reason", "x"), ("confirm", "--satisfied", "yes"), ("close",)):
        assert incident(words[0], name, *words[1:]).exit_code == 0
    correct = ("add", "correction", "--record", name, "--reason", "verkeerd")
    for field, value in (("entry.3.text", "Kan niet inloggen"), ("entry.4.impact", "2")):
        done = attempt(*correct, "--field", field, "--value", value)
        assert done.exit_code == 0, done.output
    case = record(name)["incident"]
    assert (record(name)["status"], case["text"], case["classifications"][0]["impact"]) == (
        "closed", "Kan niet inloggen", 2,
    )  # fmt: skip
    assert "[entry-invalid]" in attempt(*correct, "--field", "entry.4.impact", "--value", "9").stderr
    assert case["void"] == []


def test_a_link_names_a_record_that_is_here_and_stays_what_it_is(base: Path) -> None:
    """Six characters may be those of another record tomorrow, and `latest` always is."""
    name, other = new(), new(text="ook de beamer")
    failing(base, "20261120T100000Z-verify-dddddd", "nginx.answers")
    targets = {
        "record": "dddddd",
        "duplicate": f"#{other[-6:].upper()}",
        "earlier": "20200101T000000Z-incident-abcdef",
        "problem": "PRB-3",
    }
    for relation, target in targets.items():
        done = incident("link", name[-6:], "--relation", relation, "--target", target)
        assert done.exit_code == 0, done.output
    links = record(name)["incident"]["links"]
    assert [link["target"] for link in links] == [
        "20261120T100000Z-verify-dddddd", other, "20200101T000000Z-incident-abcdef", "PRB-3",
    ]  # fmt: skip
    assert len(links[0]["digest"]) == 64
    for itself in (name, name[-6:]):
        assert (
            "a case is not linked to itself"
            in incident("link", name, "--relation", "record", "--target", itself).stderr
        )
    assert incident("link", name[-6:], "--relation", "record", "--target", "latest").exit_code == 0
    assert re.fullmatch(r"\d{8}T\d{6}Z-[\w-]+", record(name)["incident"]["links"][-1]["target"])
    refused = incident("link", name[-6:], "--relation", "record", "--target", "ffffff")
    assert (refused.exit_code, "[record-unknown]" in refused.stderr) == (2, True)


def test_check_names_failing_tests_without_a_case(base: Path) -> None:
    failing(base, "20261120T100000Z-site-aaaaaa", "nginx.answers")
    done = incident("check")
    assert done.exit_code == 1
    assert "no case is about web1 nginx.answers" in done.stderr
    incident("from-record", "20261120T100000Z-site-aaaaaa")
    assert incident("check").exit_code == 0
    failing(base, "20261121T100000Z-site-bbbbbb", "nginx.answers", status="pass")
    assert incident("check").exit_code == 0


def test_check_names_a_case_that_was_closed_by_hand_in_its_file(base: Path) -> None:
    name = new("2", "2")
    path = base / name / "entries.jsonl"
    for kind in ("taken", "solved", "closed"):
        line = {"at": clock.now(), "by": TECHNICIAN, "entry": {"added": kind, **EVENTS[kind]}}
        with path.open("a", encoding="utf-8") as entries:
            entries.write(json.dumps(line) + "\n")
    done = incident("check")
    assert done.exit_code == 1
    assert f"{name}: it is closed without this: Whether the user is satisfied with the solution" in done.stderr
    in_dutch = attempt("--language", "nl", "incident", "check")
    assert f"{name}: is gesloten zonder dit: Of de gebruiker tevreden is" in in_dutch.stderr


@pytest.mark.slow
def test_names_in_a_case_become_pseudonyms(base: Path) -> None:
    name = solved(new("2", "2", f"{USER} kan niet printen"))
    terms = Retention(hours_names="1 day")
    due = retention.plan(base, terms, datetime(2999, 1, 1, tzinfo=UTC))
    assert [(purged.record, purged.action) for purged in due] == [(name, "pseudonymised")]
    retention.carry_out(base, due[0], datetime(2999, 1, 1, tzinfo=UTC))
    text = (base / name / "entries.jsonl").read_text(encoding="utf-8")
    assert USER not in text
    assert f'"by":"{TECHNICIAN}"' not in text
    kept = store.load(base / name)
    assert kept.incident is not None
    assert (kept.status, kept.incident.priority) == ("solved", 3)


def test_everything_that_is_missing_can_be_asked_for_in_one_go() -> None:
    name = new("2", "2")
    text = attempt("complete", name, "--template").stdout
    for kind in ("assessed", "worked", "solved", "retested", "contact", "confirmed", "material"):
        assert f"- added: {kind}" in text, kind


def test_what_no_file_takes_stands_in_the_template_as_the_command_that_does(tmp_path: Path) -> None:
    """A retest is looked up in a record, so a file cannot state it."""
    name = new("2", "2")
    text = attempt("complete", name, "--template").stdout
    kinds = [draft.kind for draft in parse(text)]
    assert "solved" in kinds
    assert "retested" not in kinds
    assert f"#   oplever incident retest {name}\n" in text
    file = tmp_path / "lacking.yml"
    filled = text.replace("  reason:\n", "  reason: bekend\n", 1).replace("  can_solve:\n", "  can_solve: yes\n")
    file.write_text(filled, encoding="utf-8")
    added = attempt("add", "--record", name, "--file", str(file))
    assert added.exit_code == 0, added.output


def test_show_tells_what_was_reported_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "incidents.yml").write_bytes(EXAMPLE.read_bytes())
    about = ("--category", "printer", "--answer", "lampje=rood", "--place", "0.14")
    name = new("2", "2", "De printer doet niets.\nHet lampje \u202ebrandt.", *about)
    shown = incident("show", name, "--language", "nl").stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert f"Melder {USER}" in lines
    assert "Lokaal 0.14" in lines
    assert "Richtlijn van de categorie W-14 versie 3" in lines
    assert "Team van de categorie ICT-balie" in lines
    assert "Welke kleur heeft het lampje? rood" in lines
    place = lines.index("In de woorden van de melder De printer doet niets.")
    assert lines[place + 1] == "Het lampje ⟨U+202E⟩brandt."


def test_commands_that_are_shown_name_the_case_they_are_about() -> None:
    name = new("2", "2")
    shown = incident("show", name).stdout
    commands = [line.strip() for line in shown.splitlines() if line.strip().startswith("oplever incident ")]
    assert commands
    assert all(line.endswith(f" {name}") for line in commands), commands


def drifted(base: Path, name: str, groups: dict[str, int]) -> Path:
    journal = Journal(work_process="1.3")
    before = {
        "stage": "before",
        "snapshot": {"groups": {"adm": 4, "sudo": 5}},
        "reference": "20261101T100000Z-site-aaaaaa",
    }
    journal.task("snapshot 1", data=before)
    journal.task("snapshot 2", data={"stage": "after", "snapshot": {"groups": groups}})
    return store_record(base, name, journal.finish(ok=2))


def test_drift_of_a_machine_is_one_case_which_passes_when_there_is_none_left(base: Path) -> None:
    assert from_record(drifted(base, "20261119T100000Z-audit-aaaaaa", {"adm": 4, "sudo": 5}), TECHNICIAN).made == ()
    [name] = from_record(drifted(base, "20261120T100000Z-audit-bbbbbb", {"adm": 9, "new": 6}), TECHNICIAN).made
    case = record(name)["incident"]
    assert case["cause"] == "a drift"
    assert case["text"].count("sinds de oplevering") == 3
    assert from_record(drifted(base, "20261121T100000Z-audit-cccccc", {"adm": 4}), TECHNICIAN).linked == (name,)
    incident("take", name)
    taken = from_record(drifted(base, "29990101T100000Z-audit-dddddd", {"adm": 4, "sudo": 5}), TECHNICIAN)
    assert [(passing.case.name, passing.is_ready) for passing in taken.passing] == [(name, True)]


def test_a_step_that_failed_is_a_cause_and_its_test_is_none_twice(base: Path) -> None:
    journal = visit("web1")
    journal.task("Install nginx", host="web1", status="failed", message="no space left on device")
    check(journal, "web1", "fail", "nginx.answers")
    troubles = list(
        causes_of(
            store.load(store_record(base, "20261120T100000Z-site-aaaaaa", journal.finish(failed=1))), Translator("en")
        )
    )
    assert [trouble.check.split()[0] for trouble in troubles] == ["nginx.answers", "task_failed"]
    assert troubles[1].text == "no space left on device"


def test_on_a_terminal_a_report_is_asked_for_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_terminal(monkeypatch)
    (tmp_path / "ansible.cfg").touch()
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "en: Switch the printer off,", "en: >\n\n        Switch the printer off,"
    )
    (tmp_path / "incidents.yml").write_text(text, encoding="utf-8")
    answers = ["phone", "Printer doet niets", USER, "printers", "printer", "0.14", "", "", "rood", "", "2", "2"]
    done = attempt("incident", "new", stdin="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    case = record(done.stdout.splitlines()[-1])["incident"]
    assert (case["category"], case["place"], case["priority"]) == ("printer", "0.14", 3)
    assert case["answers"] == [{"question": "lampje", "answer": "rood"}]
    assert "first help: Switch the printer off" in done.stdout


def test_on_a_terminal_questions_are_in_the_language_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    as_terminal(monkeypatch)
    monkeypatch.setenv("OPLEVER_LANGUAGE", "nl")
    monkeypatch.delenv("OPLEVER_PERSON")
    answers = ["L. Smit", "balie", "Aan de Balie", "Muis kapot", USER, "9", "1", "", "", "3", "", "2"]
    done = attempt("incident", "new", stdin="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    case = record(done.stdout.splitlines()[-1])["incident"]
    assert (case["channel"], case["category"], case["priority"]) == ("counter", "hardware", 4)
    assert case["reported_by"] == "L. Smit"
    asked = [line for line in done.output.splitlines() if line.endswith("?")]
    assert asked[0] == "Hoe komt de melding binnen?"
    assert asked[-1] == "Hoe snel moet het opgelost zijn?"
    assert "export OPLEVER_PERSON='L. Smit'" in done.output
    assert done.output.count("kies een nummer van 1 tot en met") == 2, "balie, and 9"
    assert not {"How", "What", "Who", "channel"} & set(done.output.split())


def test_on_a_terminal_a_report_can_wait_for_its_classification(monkeypatch: pytest.MonkeyPatch) -> None:
    as_terminal(monkeypatch)
    answers = ["phone", "Muis kapot", USER, "", "", "", ""]  # the last is for the impact; then nothing more is asked
    done = attempt("incident", "new", stdin="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    assert record(done.stdout.splitlines()[-1])["incident"]["priority"] is None


def test_a_report_that_was_refused_can_be_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reports it is not asked everything once more."""
    answers = ["phone", "Muis 'kapot'", USER, "", "\x1b[31m0.14", "", ""]
    with monkeypatch.context() as patched:
        as_terminal(patched)
        done = attempt("incident", "new", stdin="\n".join(answers) + "\n")
    assert done.exit_code == 2
    line = done.stderr.partition("given again:\n")[2].splitlines()[0]
    assert "\x1b" not in line
    words = shlex.split(line.strip())
    assert words[:3] == ["oplever", "incident", "new"]
    assert run(*words[1:]).exit_code == 0


def test_a_script_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("incident", "new", "--channel", "phone", "--reporter", USER, "--text", "x", "--urgency", "2", code=2)
    assert "impact: this is missing" in done.stderr
    monkeypatch.delenv("OPLEVER_PERSON")
    assert "OPLEVER_PERSON" in run("incident", "new", "--channel", "phone", code=2).stderr


def test_on_a_terminal_the_reason_for_another_case_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = new("3", "3"), new("1", "1")
    as_terminal(monkeypatch)
    done = attempt("incident", "take", low, stdin="docent staat hier\n")
    assert done.exit_code == 0, done.output
    assert record(low)["incident"]["moves"][0]["passed_over"] == high
    solve = attempt("incident", "solve", low, stdin="toner\nW-14\n3\nleeg\n")
    assert (solve.exit_code, record(low)["status"]) == (0, "solved"), solve.output


def as_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The input of every command comes from a person."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: self.name == "<stdin>", raising=False)


def test_a_case_is_added_to_with_a_file(tmp_path: Path) -> None:
    name = new("2", "2")
    incident("take", name)
    path = tmp_path / "work.yml"
    path.write_text("- added: worked\n  activity: toner vervangen\n- added: material\n  none: yes\n", encoding="utf-8")
    assert attempt("add", "--record", name, "--file", str(path)).exit_code == 0
    assert record(name)["incident"]["no_materials"] is True
    path.write_text("- added: worked\n  activity: x\n- added: closed\n  remark: klaar\n", encoding="utf-8")
    assert attempt("add", "--record", name, "--file", str(path)).exit_code == 2


@pytest.mark.parametrize("state", ["new", "in_progress"])
def test_list_filters_by_state_and_person(state: str) -> None:
    taken = new("2", "2")
    incident("take", taken)
    other = new("2", "2")
    expected = {"new": other, "in_progress": taken}[state]
    assert [row["name"] for row in listed("--state", state)] == [expected]
    assert [row["name"] for row in listed("--with", TECHNICIAN)] == [taken]
    assert incidents.find(taken[-6:]) == (store.records_directory() / taken).resolve()


@pytest.mark.slow
def test_names_in_the_rules_of_a_case_go_with_the_others(base: Path, tmp_path: Path) -> None:
    (tmp_path / "incidents.yml").write_bytes(EXAMPLE.read_bytes())
    directory = store.find(new("2", "2"))
    rules = incidents.case_of(store.load(directory)).rules
    assert rules is not None
    people = {name for team in rules.teams.values() for name in team.members}
    people |= {name for right in rules.authorised.values() for name in right.people}
    assert len(people) > 2
    now = clock.moment("2031-01-01T00:00:00Z")
    (due,) = retention.plan(base, Retention(hours_names="2 years"), now)
    retention.carry_out(base, due, now)
    kept = (directory / "entries.jsonl").read_text(encoding="utf-8")
    assert [name for name in people if name in kept] == []
    assert attempt("report", directory.name).exit_code in (0, 1)


def test_what_a_case_lacks_and_how_its_limits_stand_are_said_in_the_language_of_the_user() -> None:
    name = solved(new("2", "2"))
    refused = attempt("--language", "nl", "incident", "close", name)
    assert refused.exit_code == 2
    assert f"{name} kan nog niet dicht; dit ontbreekt:" in refused.stderr
    lacking = [line for line in refused.stderr.splitlines() if line.startswith("  - ")]
    assert lacking[-1].startswith("  - Of de gebruiker tevreden is met de oplossing: oplever incident confirm")
    shown = attempt("incident", "show", name, "--language", "nl").stdout.partition("termijn")[2]
    assert "Reactietijd" in shown
    assert "op tijd" in shown
    assert not {"response", "solution", "met", "running"} & set(shown.split())
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\b\d+[mhd]\b|\d\.\d", shown), shown
    assert re.search(r"Reactietijd +\d+ (minuten|uur)", shown), shown


def test_a_list_says_of_a_report_no_more_than_is_so() -> None:
    """It is not an installation that was not delivered; when it is due is said as everywhere."""
    name = new("2", "1")
    (row,) = [line for line in attempt("list", "--language", "nl").stdout.splitlines() if line.startswith(name)]
    assert "nog niet klaar" in row
    assert "opgeleverd" not in row
    (row,) = [line for line in attempt("incident", "list", "--language", "nl").stdout.splitlines() if name in line]
    assert re.search(r"\d+ [a-z]+ \d{4}, \d{2}:\d{2}", row), row


def test_the_letter_to_a_reporter_says_how_the_report_stands_and_nothing_of_remarks() -> None:
    """What a supervisor thinks of the work, and remarks that the letter does not have, are not for him."""
    name = solved(new("2", "2"))
    for words in (
        ("retest", name, "--result", "pass", "--reason", "afgedrukt"),
        ("confirm", name, "--satisfied", "yes"),
        ("close", name),
    ):
        done = incident(*words)
        assert done.exit_code == 0, done.output
    record = store.load(store.records_directory() / name)
    assert record.document.reasons
    letter = attempt("form", "letter", name, "--language", "nl").stdout
    assert "Uw melding is opgelost en afgesloten." in letter
    assert "opmerkingen" not in letter
