"""The documentation points at things that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from oplever.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "roles/*/README.md", "extensions/**/*.md")
    for path in ROOT.glob(pattern)
)  # fmt: skip
GUIDES = [page for page in PAGES if "reference" not in page.parts and "roles" not in page.parts]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_of_prose_wrap_at_100(page: Path) -> None:
    """Tables, headings, commands and a link longer than a line cannot be wrapped."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    long = [line for line in text.splitlines() if len(line) > 100 and " " in line[4:].strip()]
    unwrapped = [line for line in long if not re.match(r"\s*(\||#|`[^`]*`$|\[[^\]]*\]\(\S*\)\W*$)", line)]
    assert unwrapped == []


@pytest.mark.slow
def test_every_obligation_is_listed_with_tests_that_exist() -> None:
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\.\d-\d\d) \|(.*)\|$", text, re.MULTILINE)
    assert len({identifier for identifier, _ in rows}) == len(rows) == 122
    served = [(identifier, row) for identifier, row in rows if "*open*" not in row]
    assert f"Served: {len(served)} of 122" in text
    for identifier, row in served:
        tests = re.findall(r"`(tests/[^`]+)`", row)
        assert tests, f"{identifier} says it is served and names no test"
        assert [test for test in tests if not exists(test)] == [], identifier


def exists(test: str) -> bool:
    """Whether `directory`, `file` or `file::function` holds tests."""
    place, _, function = test.partition("::")
    files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).glob("**/test_*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in files if path.is_file())
    return re.search(rf"^def {function or 'test_'}{'[(]' if function else ''}", text, re.MULTILINE) is not None


def commands(page: Path) -> Iterator[list[str]]:
    """The lines of code blocks, as words; comments and prompts are gone."""
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and ("=" in words[0] or words[0] == "sudo"):
                words = words[1:]
            if ">" in words:  # where the output goes is for the shell
                words = words[: words.index(">")]
            if words:
                yield words


def in_sentences(page: Path) -> Iterator[list[str]]:
    """Whole commands that stand in the sentences of a guide: those with an option that has a value."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for code in re.findall(r"`(oplever [^`]*)`", text):
        if re.search(r" --[a-z-]+\s+[^-\s]", code):
            yield shlex.split(" ".join(code.split()))


def every_command() -> list[tuple[str, list[str]]]:
    named = [(str(page.relative_to(ROOT)), words) for page in PAGES for words in commands(page)]
    return named + [(str(page.relative_to(ROOT)), words) for page in GUIDES for words in in_sentences(page)]


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, words in every_command() if Path(words[0]).name == "oplever"],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_commands_of_oplever_can_be_typed(page: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option exists and every required one is there; nothing is carried out."""
    monkeypatch.setenv("OPLEVER_PERSON", "S. Yilmaz")
    command: click.Command = main
    context = click.Context(main, info_name="oplever")
    arguments = words[1:]
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        subcommand = command.get_command(context, arguments[0])
        assert subcommand is not None, f"{page}: there is no command {arguments[0]}"
        command, arguments = subcommand, arguments[1:]
    with command.make_context(command.name, arguments, parent=context):
        pass


def test_commands_in_the_documentation_name_what_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    missing = []
    for page, words in every_command():
        if words[0] == "make":
            missing += [f"{page}: make {word}" for word in words[1:] if "=" not in word and word not in targets]
        paths = [word for word in words if word.startswith(("playbooks/", "tools/", "inventories/", "tests/"))]
        missing += [f"{page}: {word}" for word in paths if "school" not in word and not (ROOT / word).exists()]
    assert missing == []


def test_every_command_of_oplever_is_documented_and_has_help() -> None:
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None, name
        assert f"`oplever {name}" in text, name
        assert (command.help or "").strip(), name


DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_every_decision_has_the_same_shape_and_stands_in_the_index(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head = re.match(r"# (\d{4}) (.+)\n\n\*\*Status:\*\* (in force|replaced by .+)\n", text)
    assert head is not None
    assert head[1] == page.name[:4]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Decision", "Why", "Costs"]
    index = (page.parent / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[{head[1]}\]\({page.name}\) \| {re.escape(head[2])} \|", index, re.MULTILINE)
