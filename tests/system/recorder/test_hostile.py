"""A machine that answers with whatever does most harm: the journal stays whole, small and harmless."""

from __future__ import annotations

import re
import resource
import subprocess
from pathlib import Path

import pytest

from system.recorder.runs import BIN, LOCAL, ROOT, Place, invalid

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TEXTS = {
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://example.test\x1b\\link\x1b]8;;\x1b\\",
    "bidi": "user\u202etxt.exe\u2066 \u200b\u200f",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "| cell | [x](javascript:alert(1)) `code` **bold** \n# heading",
    "csv": "=cmd|' /C calc'!A0",
    "typst": '#read("/etc/passwd") $x$ @ref <label> \\',
    "breaks": "one\r\ntwo\u2028three\u2029four\x0bfive\x85six",
}
HOSTILE = """#!/usr/bin/python
import json, sys
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(dict(kind=dict(type="str"), texts=dict(type="dict")))
kind = module.params["kind"]
def answer(**keys):
    sys.stdout.write(json.dumps(dict(changed=True, **keys)))
    sys.exit(0)
if kind == "texts":
    texts = list(module.params["texts"].values())
    answer(failed=True, msg="\\n".join(texts) + "\\x00\\x07", warnings=texts)
if kind == "large":
    answer(failed=True, msg="", stderr="x" * 100_000_000 + "the end")
if kind == "lines":
    answer(failed=True, msg="", stderr="line\\n" * 1_000_000 + "the end")
if kind == "surrogates":
    sys.stdout.write('{"failed": true, "msg": "half \\\\ud800 of it"}')
    sys.exit(0)
if kind == "bytes":
    sys.stdout.buffer.write(b'{"failed": true, "msg": "bad \\xff\\xfe bytes"}')
    sys.exit(0)
if kind == "deep":
    sys.stdout.write('{"changed": true, "deep": ' + "[" * 200 + "]" * 200 + "}")
    sys.exit(0)
if kind == "keys":
    ours = dict(seq=-1, kind="run_end", t="x", host="nobody", status="ok", task="none")
    answer(ansible_facts=ours, results=[{"failed": True}, "text", 3], attempts="many", warnings="not a list",
           diff=[1, None, {"before": 7}], exception=5, data={"checks": 1}, **ours)
"""
KINDS = ("texts", "large", "lines", "surrogates", "bytes", "deep", "keys")
NAMES = ("../../etc/passwd", "a b", "<b>x</b>", "=1+1")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, subprocess.CompletedProcess[str]]:
    place = Place(tmp_path_factory.mktemp("hostile"))
    place.environment = {"OPLEVER_DOCUMENTS": "1", "ANSIBLE_STDOUT_CALLBACK": "silent",
                         "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback")}  # fmt: skip
    place.inventory({"one": LOCAL, **dict.fromkeys(NAMES, LOCAL)})
    place.write("library/hostile.py", HOSTILE)
    tasks = [
        {"name": f"{kind} {TEXTS['html']} \u202e", "hostile": {"kind": kind, "texts": TEXTS}, "ignore_errors": True,
         "when": "inventory_hostname == 'one'"}
        for kind in KINDS
    ]  # fmt: skip
    tasks.append({"name": "last", "ansible.builtin.debug": {"msg": "fine"}})
    place.write("play.yml", [{"name": TEXTS["typst"], "hosts": "all", "gather_facts": False, "tasks": tasks}])
    return place, place.play("play.yml")


Hostile = tuple[Place, subprocess.CompletedProcess[str]]


def test_the_journal_is_whole_small_and_harmless(hostile: Hostile) -> None:
    place, done = hostile
    assert done.returncode == 0, done.stderr
    assert invalid(place.record) == []
    content = (place.record / "journal.jsonl").read_text(encoding="utf-8")
    assert not HARMFUL.search(content.replace("\n", ""))
    assert len(content) < 100_000
    assert place.journal()[-1]["lost"] == 0
    assert {line["kind"] for line in place.journal()} >= {"result", "stats", "run_end"}
    record = place.derived()
    assert [len(step.results) for step in record.steps] == [1 + len(NAMES)] * len(record.steps) == [5] * 8
    assert sum(system.recap.ignored for system in record.systems) >= 5
    assert {system.name for system in record.systems} == {"one", *NAMES}


def test_what_was_cut_says_so_and_keeps_its_end(hostile: Hostile) -> None:
    steps = hostile[0].derived().steps
    messages = {step.name.split()[0]: r.message for step in steps for r in step.results if r.host == "one"}
    for kind in ("large", "lines"):
        assert "the end" in messages[kind]
    assert "surrogates not allowed" in messages["surrogates"]  # Ansible turns them away by itself
    assert "red link" in messages["texts"]
    assert messages["large"].startswith("[99998507 characters before] …xxx")


def test_documents_show_it_as_text(hostile: Hostile) -> None:
    place, _ = hostile
    html = (place.record / "report.nl.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in html
    assert "&lt;script&gt;" in html
    assert (place.record / "report.nl.pdf").read_bytes().startswith(b"%PDF")
    for name in ("report.nl.html", "report.en.md", "record.json"):
        assert not HARMFUL.search((place.record / name).read_text(encoding="utf-8").replace("\n", ""))


def test_the_recorder_needs_no_memory_for_large_output() -> None:
    """100 MB of output as Ansible hands it over: what the recorder adds to that stays small."""
    script = """
import resource
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import outcome, redact
big = "password=abcdefgh " * 6_000_000
data = {"rc": 1, "msg": big, "stderr": big, "warnings": [big], "diff": [{"before": "", "after": "x"}], "changed": True}
redactor = redact.Redactor(["supersecret"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = outcome.fields("ansible.builtin.command", "failed", data, None, redactor)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(str(kept)))
"""
    done = subprocess.run(
        [str(BIN / "python"), "-c", script], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT / "collections")}, preexec_fn=_bounded,
    )  # fmt: skip
    added, size = map(int, done.stdout.split())
    assert added < 20_000  # kilobytes
    assert size < 12_000


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
