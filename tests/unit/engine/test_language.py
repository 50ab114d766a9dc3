"""The language as a schema, its parameters, and `oplever checks lint`: one set of rules, three ways to meet it."""

from __future__ import annotations

import ast
import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
import yaml_files
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import grammar
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import registry
from command import attempt
from oplever.checks import lint
from programs import program

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/reference/checks.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
GOOD: dict[str, Any] = {"id": "a.b", "title": "t", "source": "file", "select": "/etc/x", "expect": {"exists": True}}
PART = {key: GOOD[key] for key in ("source", "select", "expect")}


@pytest.mark.slow
def test_catalogue_schema_and_table_are_what_the_sources_say() -> None:
    for path, text in program(ROOT / "tools/checks-schema").texts().items():
        assert path.read_text(encoding="utf-8") == text, f"run tools/checks-schema: {path}"
    assert lint.sources() == dict(language.VOCABULARY)


def test_every_source_is_known_and_packed() -> None:
    """Ansible packs what it sees imported; a source that it does not see is missing on the machine only."""
    directory = ROOT / "plugins/module_utils/sources"
    written = {path.stem for path in directory.glob("*.py") if "def look_up(" in path.read_text(encoding="utf-8")}
    code = ast.parse((directory / "catalogue.py").read_text(encoding="utf-8"))
    packed = [
        alias.name
        for node in ast.walk(code)
        if isinstance(node, ast.ImportFrom) and str(node.module).endswith(".sources")
        for alias in node.names
    ]
    assert packed == sorted(written)
    assert list(registry.NAMES) == packed


def test_every_source_has_a_row_in_the_reference() -> None:
    text = (ROOT / "docs/reference/checks.md").read_text(encoding="utf-8")
    table = text.split("\n## Sources\n")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == list(registry.NAMES)


def test_a_source_that_no_check_names_is_not_loaded() -> None:
    code = (
        "import sys, json\n"
        "from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language\n"
        "from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine\n"
        "checks = [{'id': 'a', 'title': 't', 'source': 'file', 'select': '/', 'expect': {'exists': True}}]\n"
        "assert not language.problems(checks)\n"
        "assert evaluate.evaluate(Machine(), checks)[0]['status'] == 'pass'\n"
        "print(json.dumps([n for n in ('ssl', 'http.client', 'subprocess') if n in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "collections")}, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == ["subprocess"]


RIGHT: list[dict[str, Any]] = [
    {},
    {"select": {"path": "/etc/x"}},
    {"expect": {"mode": {"mode_at_most": "0640"}, "size": {"at_least": "3", "at_most": 9.5}}},
    {"expect": {"mode": {"mode_at_most": {"param": "mode"}}, "owner": {"param": "owner"}}},
    {"expect": {"owner": {"not": {"one_of": ["a", {"param": "b"}]}}, "content": {"matches": "^x$"}}},
    {"expect": {"exists": None, "lines": ["a"], "size": 3}},
    {"source": "http", "select": "http://x/", "expect": {"headers.server": {"absent": True}}},
    {"source": "socket", "select": {"any": True, "protocol": "tcp"}, "expect": {"ports": {"subset_of": [22]}}},
    {"source": "time", "select": None, "expect": {"synchronised": True}},
    {"when": PART, "reason": {"nl": "x", "en": "y"}, "severity": "low", "area": "SSH", "level": 2},
    {"not_for": ["router"], "only_for": []},
    {"when": [PART, {"any": [PART, {"none": [PART]}]}], "rationale": {"en": "y"}, "refs": {"ssg": ["a", 1]}},
]  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"id": ""},
    {"id": 3},
    {"title": ""},
    {"title": {"de": "x"}},
    {"title": {"nl": 3}},
    {"reason": 3},
    {"source": "fiel"},
    {"source": None},
    {"select": None},
    {"select": ""},
    {"select": {"pad": "/etc"}},
    {"select": {"path": None}},
    {"source": "socket", "select": {"protocol": "tcp"}},
    {"expect": None},
    {"expect": {}},
    {"expect": {"modus": "0600"}},
    {"expect": {"mode": {}}},
    {"expect": {"mode": {"at_mots": 1}}},
    {"expect": {"mode": {"mode_at_most": "0999"}}},
    {"expect": {"mode": {"mode_at_most": 640.5}}},
    {"expect": {"mode": {"mode_at_most": ["0640"]}}},
    {"expect": {"content": {"matches": "("}}},
    {"expect": {"size": {"at_least": "big"}}},
    {"expect": {"size": {"at_least": True}}},
    {"expect": {"size": {"not": {"at_most": None}}}},
    {"expect": {"lines": {"contains_all": "x"}}},
    {"expect": {"exists": {"present": "x"}}},
    {"severity": "urgent"},
    {"severity": None},
    {"area": 3},
    {"level": 3},
    {"level": True},
    {"not_for": "router"},
    {"only_for": [3]},
    {"refs": ["x"]},
    {"refs": {"ssg": "x"}},
    {"when": {"source": "nothing"}},
    {"when": [3]},
    {"all": [PART]},
    {"extra": 1},
]


@pytest.mark.parametrize("change", RIGHT, ids=str)
def test_what_the_language_takes_the_schema_takes(change: dict[str, Any]) -> None:
    checks = [{**GOOD, **change}]
    assert grammar.mistakes(checks, language.VOCABULARY) == []
    VALIDATOR.validate(checks)


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_what_the_language_refuses_the_schema_refuses(change: dict[str, Any]) -> None:
    checks = [{**GOOD, **change}]
    assert grammar.mistakes(checks, language.VOCABULARY)
    assert not VALIDATOR.is_valid(checks)


@pytest.mark.parametrize("key", [*grammar.GROUPS, "nothing"])
def test_groups_in_language_and_schema(key: str) -> None:
    about = {"id": "a", "title": "t"}
    for checks, is_right in (
        ([{**about, key: [PART, {"any": [PART]}]}], key != "nothing"),
        ([{**about, key: []}], False),
        ([{**about, key: PART}], False),
        ([{**about, key: [{**PART, "any": [PART]}]}], False),
        ([{**about, key: [{"any": [PART], "all": [PART]}]}], False),
        ([{**about, key: [{**PART, "id": "x"}]}], False),
    ):
        assert (grammar.mistakes(checks, language.VOCABULARY) == []) is is_right, checks
        assert VALIDATOR.is_valid(checks) is is_right, checks


@pytest.mark.slow
def test_every_check_of_the_baseline_fits_both() -> None:
    for path in sorted((ROOT / "roles/harden/files/baseline").glob("*.yml")):
        checks = yaml_files.load(path)
        assert grammar.mistakes(checks, language.VOCABULARY) == [], path
        # Each source once: a validator of schemas takes its time.
        first = {str(check.get("source")): check for check in reversed(checks)}
        VALIDATOR.validate(list(first.values()))


def test_every_key_is_in_the_schema() -> None:
    assert set(SCHEMA["$defs"]["check"]["properties"]) == {*grammar.ABOUT, *grammar.SINGLE, *grammar.GROUPS}


def test_parameters_are_filled_in_before_anything_is_judged(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("12345", encoding="utf-8")
    checks = [{**GOOD, "select": {"path": {"param": "place"}}, "expect": {"size": {"at_least": {"param": "size"}}}}]
    before = copy.deepcopy(checks)
    values = {"place": "/x", "size": 6}
    assert language.problems(checks, values) == []
    result = evaluate.evaluate(Machine(str(tmp_path)), language.resolve(checks, values))[0]
    assert (result["status"], result["expected"], result["found"]) == ("fail", "size >= 6", "size = 5")
    assert checks == before


def test_a_parameter_that_the_profile_does_not_give_is_named() -> None:
    checks = [{**GOOD, "expect": {"size": {"at_least": {"param": "minimun"}}}}]
    assert language.problems(checks) == []
    assert language.problems(checks, {"minimum": 3}) == [
        "check a.b: the profile gives no parameter 'minimun'; did you mean minimum?"
    ]
    assert "wants a number" in language.problems(checks, {"minimun": "many"})[0]


CHECKS = """\
- id: A-1
  title: {nl: x, en: y}
  source: file
  select: /etc/passwd
  expect:
    mode: {mode_at_mots: "0644"}
    owne: root
- id: A-1
  title: x
  sorce: file
  select: /x
  select: /y
  expect: {exists: true}
"""
TASKS = """\
- name: Tests
  oplever.lab.checks:
    suite: x
    checks:
      - {id: x.y, title: t, source: package, select: "{{ name }}", expect: {version: {at_least: "{{ least }}"}}}
      - id: x.z
        title: t
        source: unit
        select: nginx
        expect: {activ: active}
"""
VARIABLES = """\
other: [1]
site_checks:
  - {id: s, title: t, source: dns, select: x, expect: {answer: []}}
secret: !vault |
  $ANSIBLE_VAULT;1.1;AES256
"""


def lines(*args: str) -> tuple[int, list[str]]:
    done = attempt("checks", "lint", *args)
    return done.exit_code, done.output.splitlines()


def test_each_mistake_has_its_line_and_column_and_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(CHECKS, encoding="utf-8")
    code, messages = lines(str(path))
    assert code == 1
    for start, hint in (
        ("6:12: A-1: mode: there is no matcher 'mode_at_mots'", "did you mean mode_at_most?"),
        ("7:5: A-1: source file has no attribute 'owne'", "did you mean owner?"),
        ("8:3: A-1: this id is used twice", ""),
        ("8:3: A-1: source is needed", ""),
        ("10:3: A-1: 'sorce' is not a key of a check", "did you mean source?"),
        ("12:3: 'select' stands here twice", ""),
    ):
        assert any(line.startswith(f"{path}:{start}") and hint in line for line in messages), (start, messages)
    assert len(messages) == 6


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(CHECKS, encoding="utf-8")
    assert lines(str(path), str(path), str(tmp_path)) == lines(str(path))


def test_checks_in_tasks_and_variables_are_found_and_templates_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").write_text(TASKS, encoding="utf-8")
    (tmp_path / "vars.yaml").write_text(VARIABLES, encoding="utf-8")
    (tmp_path / "other.yml").write_text("- name: no checks\n", encoding="utf-8")
    code, messages = lines(str(tmp_path))
    assert code == 1
    assert [line.rpartition("/")[2].partition(": ")[0] for line in messages] == ["tasks.yml:10:18", "vars.yaml:3:56"]


def test_the_module_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(CHECKS.replace("  select: /x\n", ""), encoding="utf-8")
    module = language.problems(yaml.safe_load(path.read_text(encoding="utf-8")))
    messages = [finding.message for finding in lint.lint(path)[1]]
    assert sorted(messages) == sorted(message.partition(": ")[2] for message in module)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("- id: [", 1, "this is not YAML"),
        ("\x00", 1, "this is not YAML"),
        ("name: value\n", 2, "has no checks"),
        ("", 2, "has no checks"),
        (None, 2, "No such file or directory"),
        ("- {id: a, title: t, source: time, expect: {exists: true}}\n", 0, "1 checks, no mistakes"),
    ],
)
def test_how_it_ends(tmp_path: Path, text: str | None, code: int, says: str) -> None:
    path = tmp_path / "a.yml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    exit_code, messages = lines(str(path))
    assert (exit_code, says in "\n".join(messages)) == (code, True), messages


def test_values_of_a_profile_are_held_against_the_checks(tmp_path: Path) -> None:
    path, values = tmp_path / "a.yml", tmp_path / "profile.yml"
    path.write_text(
        "- {id: a, title: t, source: file, select: /x, expect: {size: {at_most: {param: top}}}}\n", encoding="utf-8"
    )
    assert lines(str(path))[0] == 0
    values.write_text("parameters: {top: 3}\n", encoding="utf-8")
    assert lines(str(path), "--parameters", str(values))[0] == 0
    values.write_text("tip: 3\n", encoding="utf-8")
    code, messages = lines(str(path), "--parameters", str(values))
    assert code == 1
    assert "did you mean tip?" in messages[0]
    values.write_text("- 3\n", encoding="utf-8")
    assert lines(str(path), "--parameters", str(values))[0] == 2
