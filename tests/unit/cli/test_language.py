"""Commands speak the language of the user: what they show, what they ask for, and what they refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from command import attempt
from oplever.errors import OpleverError
from oplever.messages import M_, translated
from oplever.page import catalogue
from oplever.page.translator import Translator
from stored import check, store_record, visit

PO = Path(catalogue.__file__).parents[1] / "locale" / "nl" / "LC_MESSAGES" / "oplever.po"
ONE, TWO = "20261101T100000Z-site-aaaaaa", "20261102T100000Z-site-bbbbbb"
SETTINGS = ("LC_ALL", "LC_MESSAGES", "LANG", "OPLEVER_LANGUAGE", "OPLEVER_STORE", "OPLEVER_PERSON", "ANSIBLE_CONFIG")
NAMES = frozenset(
    ["when", "which", "kind", "type", "file", "text", "path", "name", "done", "user", "code", "host", "hosts", "hours"]
)
"""English words that are names of options, fields and codes too."""


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "records"
    base.mkdir()
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    other = {"/etc/hosts": ["600", "root", "root", 10, "aa"]}
    store_record(base, ONE, check(visit(), "web1", "pass").finish())
    store_record(base, TWO, check(visit(later=other), "web1", "fail").finish())
    (base / "latest").symlink_to(TWO)
    return base


def run(*words: str) -> tuple[int, str]:
    done = attempt(*words)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", re.sub(r"\{[^{}]*\}|\S+\.\S+", "", text)))


def english() -> set[str]:
    """Words of English messages that are in no Dutch one."""
    texts = catalogue.read(PO.read_text(encoding="utf-8")).texts
    dutch = {word for pair in texts.values() for text in pair for word in words(text)}
    return {word for message in texts for word in words(message)} - dutch - NAMES


REFUSALS = [
    ("record-unknown", ["show", "nosuch"]),
    ("host-unknown", ["show", "--host", "nohost"]),
    ("compare-sides", ["compare", ONE, TWO, ONE]),
    ("entry-invalid", ["add", "hours", "--by", "S. Yilmaz", "--hours", "veel", "--activity", "x"]),
    ("entry-invalid", ["add", "hours", "--by", "S. Yilmaz", "--hours", "2", "--activity", "x", "--day", "2099-01-01"]),
    ("entry-invalid", ["add", "fault", "--by", "S. Yilmaz", "--symptom", "x", "--host", "pc9"]),
    ("entry-invalid", ["add", "rest-point", "--by", "S. Yilmaz", "--done", "R9"]),
    ("entry-invalid", ["add", "handover", "--by", "S. Yilmaz"]),
    ("week-invalid", ["form", "hours", "--week", "48"]),
    ("code-invalid", ["verify", "oplever:x"]),
    ("export-empty", ["export", "xccdf"]),
    ("file-unreadable", ["add", "--by", "S. Yilmaz", "--file", "nosuch.yml"]),
    ("import-foreign", ["import", "ansible-runner", "."]),
    ("file-unreadable", ["import", "awx", "nosuch.json"]),
    ("complete-terminal", ["complete", "--by", "S. Yilmaz"]),
    ("record-unknown", ["incident", "show", "nosuch"]),
    ("publish-foreign", ["publish", "--out", "."]),
]


@pytest.mark.parametrize(("slug", "command"), REFUSALS, ids=[" ".join(command[:3]) for _, command in REFUSALS])
def test_a_refusal_is_dutch_and_its_code_stays(slug: str, command: list[str]) -> None:
    code, in_english = run(*command)
    assert (code, f"[{slug}]" in in_english) == (2, True), in_english
    code, in_dutch = run("--language", "nl", *command)
    assert (code, f"[{slug}]" in in_dutch) == (2, True), in_dutch
    assert words(in_dutch.replace(slug, "").replace(" ".join(command), "")) & english() == set(), in_dutch
    assert in_dutch != in_english


SHOWN = [
    ["list"],
    ["list", "--host", "nohost"],
    ["show", ONE],
    ["show", "--host", "web1"],
    ["show", TWO, "--host", "web1"],
    ["compare", ONE, TWO],
    ["verify", ONE],
    ["purge"],
    ["incident", "list"],
    ["add", "hours", "--by", "S. Yilmaz", "--hours", "2", "--activity", "x"],
    ["export", "junit", "-o", "uit.xml"],
    ["form", "hours", "--week", "2026-W48"],
]


@pytest.mark.parametrize("command", SHOWN, ids=" ".join)
def test_what_a_command_shows_has_no_english_word(command: list[str]) -> None:
    _, shown = run("--language", "nl", *command)
    # What is to be typed stays as it is.
    typed = re.sub(r"oplever (?:add|show|verify|report|complete)[^\n]*", "", shown)
    assert shown
    assert words(typed) & english() == set(), shown


def test_codes_are_words(records: Path) -> None:
    _, shown = run("list")
    assert "not delivered" in shown
    assert "not_delivered" not in shown
    _, added = run("add", "hours", "--by", "S. Yilmaz", "--hours", "2", "--activity", "x", "--record", TWO)
    assert "verdict: not delivered" in added


def test_the_option_goes_before_settings_and_settings_before_the_locale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dutch, nobody = "er is geen dossier", ["show", "nosuch"]
    assert dutch not in run(*nobody)[1]
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    assert dutch in run(*nobody)[1]
    (tmp_path / "ansible.cfg").write_text("[oplever]\nlanguage = en\n", encoding="utf-8")
    assert dutch not in run(*nobody)[1]
    monkeypatch.setenv("OPLEVER_LANGUAGE", "nl")
    assert dutch in run(*nobody)[1]
    assert dutch not in run("--language", "en", *nobody)[1]
    assert dutch not in run(*nobody, "--language", "en")[1]
    assert dutch in run("--language", "en", *nobody, "--language", "nl")[1]
    monkeypatch.setenv("OPLEVER_LANGUAGE", "klingon")
    assert dutch in run(*nobody)[1]  # what is no language is no setting: the locale says it


def test_usage_errors_are_dutch_too() -> None:
    code, shown = run("--language", "nl", "sign", "--by", "x", "--decision", "approved")
    assert (code, "alleen een leidinggevende besluit" in shown) == (2, True)


def test_json_has_no_language() -> None:
    assert run("list", "--format", "json")[1] == run("--language", "nl", "list", "--format", "json")[1]
    assert json.loads(run("list", "--format", "json")[1])


def test_a_sentence_in_a_sentence_is_translated_with_it() -> None:
    t = Translator("nl")
    message = M_("{host} is not in {name}", host="web1", name=M_("any record"))
    assert message == "web1 is not in any record"
    assert translated(message, t) == "web1 staat niet in een van de dossiers"
    assert translated("web1 is not in any record", t) == "web1 is not in any record"
    error = OpleverError("host-unknown", message, M_("write yes or no"), (M_("empty"), "x"))
    assert type(error.message) is type(error.advice) is str  # so that it can be stored
    shown = error.in_language(t)
    assert (shown.slug, shown.message, shown.advice, shown.details) == (
        "host-unknown",
        "web1 staat niet in een van de dossiers",
        "schrijf yes of no",
        ("leeg", "x"),
    )


def test_braces_in_what_people_type_are_text() -> None:
    code, shown = run("--language", "nl", "show", "{name}")
    assert (code, "er is geen dossier {name}" in shown) == (2, True)


def test_the_catalogue_is_read_as_babel_reads_it() -> None:
    texts = catalogue.read(PO.read_text(encoding="utf-8")).texts
    with PO.open("rb") as source:
        rows = [row for row in read_po(source, locale="nl") if row.id and row.string]
    assert len(rows) == len(texts) > 1000
    for row in rows:
        message, pair = (row.id, (row.string,) * 2) if isinstance(row.id, str) else (row.id[0], tuple(row.string))
        assert texts[message] == pair
    hard = 'msgid ""\n"a \\"b\\"\\n"\n"c"\nmsgstr ""\n"d\\\\"\n"e"\n\nmsgid "x"\nmsgstr ""\n'
    assert catalogue.read(hard).texts == {'a "b"\nc': ("d\\e", "d\\e")}


def test_patterns_of_both_languages_take_the_same_parameters() -> None:
    def names(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)[^{}]*\}", text))

    texts = catalogue.read(PO.read_text(encoding="utf-8")).texts
    wrong = [message for message, pair in texts.items() if any(names(text) - names(message) for text in pair)]
    assert wrong == []


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "nosuch", "--language", "nl"],
        ["verify", "--language=nl", "nosuch"],
        ["--language", "en", "verify", "nosuch", "--language", "nl"],
        ["incident", "--language", "nl", "take", "nosuch", "--by", "S. Yilmaz"],
        ["incident", "take", "nosuch", "--by", "S. Yilmaz", "--language", "nl"],
        ["add", "--language", "nl", "hours", "--record", "nosuch", "--by", "x", "--hours", "1", "--activity", "x"],
    ],
)
def test_a_language_is_taken_wherever_it_stands(words: list[str]) -> None:
    done = attempt(*words)
    assert done.exit_code == 2
    assert "er is " in done.stderr


def test_a_language_is_no_word_of_ansible() -> None:
    assert "noem een playbook" in attempt("run", "--language", "nl").stderr
    assert "noem een playbook" in attempt("run", "--language=nl").stderr


def test_what_changed_in_a_record_is_told_in_dutch(records: Path) -> None:
    assert attempt("add", "hours", "--by", "S. Yilmaz", "--hours", "1", "--activity", "x").exit_code == 0
    assert attempt("add", "none", "--by", "S. Yilmaz", "proposals").exit_code == 0
    (records / TWO / "record.json").write_text("{}", encoding="utf-8")
    (records / TWO / "extra").write_text("x", encoding="utf-8")
    entries = records / TWO / "entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(b'"x"', b'"y"'))
    said = attempt("verify", "--language", "nl").stderr
    for part in (
        "record.json: gewijzigd (toen ",
        "extra: toegevoegd, of geschreven nadat",
        "entries.jsonl: regel 1 is gewijzigd, of een regel tussen 1 en 2 is verwijderd",
    ):
        assert part in said
    printed = attempt("verify", f"oplever:{TWO}:9:{'0' * 24}", "--language", "nl").stderr
    assert "het document is van revisie 9, die dit dossier niet heeft" in printed
