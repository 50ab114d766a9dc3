"""Help and errors of usage are in the language of the user, of every command and every option."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import click
import helps
import pytest
from click.testing import CliRunner
from oplever.cli import click_words
from oplever.cli import help as helping
from oplever.cli.incident import ORDER, incident
from oplever.cli.main import main
from oplever.export.registry import FORMATS
from oplever.page.translator import Translator

FRAME = ("Usage:", "Options:", "Commands:", "Kinds:", "Examples:", "Example:", "[default:", "[required", "Show ")
SETTINGS = ("LC_ALL", "LC_MESSAGES", "LANG", "OPLEVER_LANGUAGE", "OPLEVER_PERSON", "ANSIBLE_CONFIG")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words, prog_name="oplever", terminal_width=500)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def flat(text: str) -> str:
    return " ".join(text.replace("\b", "").split())


def parts(command: click.Command) -> list[str]:
    """What the help of a command says, part by part, in English."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    options = [option.help for option in command.params if isinstance(option, click.Option) and option.help]
    return [flat(part) for part in (*paragraphs, *options) if part]


@pytest.mark.slow
def test_the_help_of_every_command_is_wholly_dutch() -> None:
    wrong = []
    for words, command in helps.commands():
        _, english = run(*words, "--help")
        code, dutch = run("--language", "nl", *words, "--help")
        shown = flat(dutch)
        assert (code, shown.startswith(f"Gebruik: {' '.join(('oplever', *words))}")) == (0, True), dutch
        assert parts(command), words
        wrong += [(words, part) for part in parts(command) if part not in flat(english)]
        wrong += [(words, part) for part in parts(command) if part in shown]
        frame = (
            "Usage:",
            "Options:",
            "Commands:",
            "Kinds:",
            "Examples:",
            "Example:",
            "[default:",
            "[required",
            "Show ",
        )
        wrong += [(words, word) for word in frame if word in shown]
    assert wrong == []


def test_the_list_of_commands_is_dutch() -> None:
    """Beside each command stands the beginning of its own help."""
    t = Translator("nl")
    for group in (("incident",), ("web", "account"), ("faq",), ("form",), ("add",)):
        listed = flat(run("--language", "nl", *group, "--help")[1])
        for words, command in helps.commands():
            if words[:-1] == group:
                purpose = flat(helping.text(command.help, t) or "")
                assert purpose.partition(".")[0][:30] in listed, words


@pytest.mark.parametrize(
    "words", [("--help", "--language", "nl"), ("list", "--help", "--language=nl"), ("--language", "nl", "--help")]
)
def test_the_language_counts_wherever_it_stands(words: tuple[str, ...]) -> None:
    assert "Gebruik:" in run(*words)[1]


def test_the_last_language_counts_and_the_locale_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Usage:" in run("--language", "nl", "list", "--help", "--language", "en")[1]
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    assert "Gebruik:" in run("list", "--help")[1]
    assert "Usage:" in run("--language", "en", "list", "--help")[1]


ERRORS = {
    ("nosuch",): "Fout: Er is geen commando 'nosuch'.",
    ("list", "--nosuch"): "Fout: Er is geen optie '--nosuch'.",
    ("publish", "--ou", "x"): "Er is geen optie '--ou'. Bedoelt u '--out'?",
    ("sign",): "Fout: Ontbrekende optie '--by'",
    ("incident", "take", "--by", "x"): "Fout: Ontbrekend argument 'CASE'.",
    ("list", "--limit", "x"): "Fout: Ongeldige waarde voor '--limit': 'x' is geen geldig getal.",
    ("list", "--format", "x"): "Ongeldige waarde voor '--format': 'x' is niet een van 'table', 'json'.",
    ("list", "--format"): "Fout: Optie '--format' heeft een waarde nodig.",
    ("report", "a", "b"): "Fout: Dit argument is er te veel: b",
    ("web", "serve", "--port", "99999"): "99999 ligt niet in het bereik 0<=x<=65535.",
    ("purge", "--dry-run=x"): "Fout: Optie '--dry-run' heeft geen waarde.",
    ("add", "--file", "x"): "De optie '--by' ontbreekt",
}


@pytest.mark.parametrize(("words", "said"), ERRORS.items(), ids=[" ".join(words) for words in ERRORS])
def test_an_error_of_usage_is_dutch(words: tuple[str, ...], said: str) -> None:
    code, shown = run("--language", "nl", *words)
    assert (code, said in shown) == (2, True), shown
    assert not {"Error", "Usage", "Try"} & set(shown.replace(":", " ").split())


@pytest.mark.slow
def test_what_is_listed_of_click_is_what_click_says() -> None:
    """Another version of click that says it in other words would say it in English."""
    texts = {"required", "Commands", "Kinds"}
    for path in Path(click.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        of_gettext = [call for call in calls if call.func.id in ("_", "ngettext")]  # type: ignore[attr-defined]
        texts |= {argument.value for call in of_gettext for argument in call.args if isinstance(argument, ast.Constant)}
    listed = {*click_words.SINGLE, *(text for pair in click_words.PLURAL for text in pair)}
    assert listed - texts == set()


@pytest.mark.parametrize(
    ("words", "meant"), [(("inciden",), "incident"), (("incident", "lst"), "list"), (("incident", "solv"), "solve")]
)
def test_a_command_that_is_not_there_is_told_with_what_was_probably_meant(words: tuple[str, ...], meant: str) -> None:
    assert f"Did you mean '{meant}'?" in run(*words)[1]
    assert f"Bedoelt u '{meant}'?" in run("--language", "nl", *words)[1]


def test_the_commands_for_incidents_are_listed_as_a_case_goes() -> None:
    assert incident.list_commands(click.Context(incident)) == list(ORDER)


def test_no_line_of_a_list_of_commands_is_cut_off() -> None:
    for words, command in helps.commands():
        if isinstance(command, click.Group):
            for language in ("nl", "en"):
                typed = ("--language", language, *words, "--help")
                shown = CliRunner().invoke(main, typed, prog_name="oplever", terminal_width=80).output
                assert "..." not in shown.partition("Command")[2].replace("[ARGS]...", ""), words


def test_an_option_that_is_missing_is_named_in_the_language_of_the_user() -> None:
    code, said = run("--language", "nl", "incident", "take", "3f9c1a")
    assert code == 2
    assert "Ontbrekende optie '--by' (omgevingsvariabele: 'OPLEVER_PERSON')." in said
    assert "(env var: 'OPLEVER_PERSON')" in run("--language", "en", "incident", "take", "3f9c1a")[1]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_command_alone_shows_the_help(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("LANG", language)
    code, alone = run()
    assert code == 2
    assert "incident" in alone
    assert alone == run("--help")[1]


@pytest.mark.parametrize(
    "words",
    [("incident", "show"), ("form", "nosuch"), ("export", "nosuch"), ("sign",), ("web", "account", "add")],
    ids=" ".join,
)
def test_an_error_of_usage_leads_to_the_help(words: tuple[str, ...]) -> None:
    assert "--help' for help." in run(*words)[1]
    assert "Hulp: 'oplever" in run("--language", "nl", *words)[1]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("add", "hours"), "hours"),
        (("add", "acceptance"), "user"),
        (("incident", "solve", "3f9c1a"), "solution"),
        (("incident", "pass", "3f9c1a"), "to"),
        (("incident", "wait", "3f9c1a"), "on"),
    ],
)
def test_what_a_command_needs_is_named_as_it_is_typed(words: tuple[str, ...], option: str) -> None:
    code, shown = run(*words, "--by", "S. Yilmaz")
    assert (code, f"Missing option '--{option}'" in shown) == (2, True), shown


def test_every_format_of_an_export_is_in_its_help() -> None:
    shown = flat(run("export", "--help")[1])
    assert "Usage: oplever export [OPTIONS] FORMAT [RECORD]" in shown
    assert f"FORMAT is one of {', '.join(FORMATS)} or evidence." in shown
