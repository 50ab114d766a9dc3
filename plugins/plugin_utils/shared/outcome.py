"""What is kept of one task result: pure functions from Ansible's result data to fields of a journal line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .redact import Redactor
from .text import one_line, plain, tail

ITEMS_LIMIT = 100
WARNINGS_LIMIT = 20
WARNING_LENGTH = 500
STDERR_LIMIT = 2000
STDERR_TAIL = 8000
LAST_LINE = 1500
DIFF_LIMIT = 1_000_000

OWN_MODULES = frozenset({"oplever.lab.snapshot", "oplever.lab.checks", "oplever.lab.reference"})
COMMANDS = frozenset(f"ansible.builtin.{name}" for name in ("command", "shell", "raw", "script", "expect"))
PACKAGERS = frozenset(
    {f"ansible.builtin.{name}" for name in ("apt", "package", "dnf", "dnf5", "yum", "pip")}
    | {f"community.general.{name}" for name in ("apk", "pacman", "zypper", "snap", "flatpak", "npm", "gem")}
    | {"oplever.lab.configure"}
)
_FACTS = frozenset(f"ansible.builtin.{name}" for name in ("setup", "gather_facts", "set_fact"))
_HOLDER = re.compile(r"It is held by process \d+ \([^()\n]*\)")
_OF_FACTS = ("attempts", "censored", "_ansible_no_log")


def full_name(action: str) -> str:
    """FQCN of an action; core's short and legacy names are its own collection."""
    if action.startswith("ansible.legacy."):
        return "ansible.builtin." + action.removeprefix("ansible.legacy.")
    return action if "." in action else f"ansible.builtin.{action}"


def of_facts(action: str, status: str, raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is wanted of facts that came in well, which are large, slow to convert and not kept; None where the whole
    result has to be looked at."""
    facts = status == "ok" and (action in _FACTS or action.endswith("_facts"))
    if not facts or raw.get("warnings") or _loop(raw) is not None:
        return None
    return {key: raw[key] for key in _OF_FACTS if key in raw}


def is_hidden(no_log: object, data: Mapping[str, Any]) -> bool:
    """Whether `no_log` applies. An unresolved expression counts as yes: it was meant to hide something. One hidden item
    hides the loop, because Ansible keeps errors and warnings of it beside the items."""
    if no_log not in (None, False):
        return True
    if data.get("_ansible_no_log") or "censored" in data:
        return True
    return any(
        isinstance(item, Mapping) and (item.get("_ansible_no_log") or "censored" in item) for item in _loop(data) or ()
    )


def fields(action: str, status: str, data: Mapping[str, Any], error: object, redactor: Redactor) -> dict[str, Any]:
    """The descriptive fields of a `result`, all optional: message, items, items_total, data, warnings, diff,
    files."""
    loop = _loop(data)
    bad = status not in ("ok", "changed")
    result: dict[str, Any] = {
        "message": message(data, error if bad else None, redactor, failed=bad),
        "items": _items(loop, redactor) if loop else None,
        "items_total": len(loop) if loop is not None else None,
        "data": kept_data(action, data, redactor, failed=bad) if loop is None else None,
        "warnings": _warnings(data, redactor),
        "diff": _diff(data, redactor),
        "files": _files(data, redactor),
    }
    failed = [item for item in result["items"] or () if item["status"] in ("failed", "unreachable")]
    if bad and failed and loop:  # Ansible only says "One or more items failed"
        first = f"{failed[0]['item']}: {failed[0]['message']}"
        result["message"] = one_line(f"{len(failed)} of {len(loop)} items failed, the first is {first}")
    return {key: value for key, value in result.items() if value not in (None, "", [], {})}


def message(data: Mapping[str, Any], error: object, redactor: Redactor, *, failed: bool) -> str:
    """One line a person can act on: `msg`, else the last line of standard error, else the cause in the error chain."""
    text = _text(data.get("msg"))
    if failed and _says_nothing(text):
        text = (
            _last_line(data.get("stderr"), redactor)
            or _last_line(data.get("module_stderr"), redactor)
            or _inner_words(data.get("msg"))
            or _cause(error)
            or text
        )
    elif failed and (cause := _cause(error)) and cause not in text and text in (_first(error), ""):
        text = cause
    if failed and (holder := _holder_of_the_lock(text, data.get("stdout"))):
        text = f"{text.rstrip()} {holder}"
    if failed and (inner := _inner_failure(data.get("failed_modules"), redactor)):
        text = f"{text.rstrip('.')}: {inner}"
    if not text and failed:
        text = _text(data.get("reason"))  # a file that could not be included
    if not text and data.get("skipped_reason"):
        text = _text(data["skipped_reason"])
    if not text and data.get("skip_reason"):
        condition = data.get("false_condition")
        text = _text(data["skip_reason"]) + (f": {condition}" if isinstance(condition, str) else "")
    return one_line(text, redact=redactor.text)


def _holder_of_the_lock(text: str, output: object) -> str:
    """Which program keeps apt waiting: apt only says so while it waits, and not when it gives up."""
    if not isinstance(output, str) or "is another process using it" not in text:
        return ""
    holders = _HOLDER.findall(output[-STDERR_TAIL:])
    return f"{holders[-1]}." if holders else ""


def _inner_failure(modules: object, redactor: Redactor) -> str:
    """Why a module failed that another one called, as facts are gathered: its own words, not that it failed."""
    inner = next(iter(modules.values()), None) if isinstance(modules, dict) else None
    return message(inner, None, redactor, failed=True) if isinstance(inner, dict) else ""


def kept_data(action: str, data: Mapping[str, Any], redactor: Redactor, *, failed: bool) -> dict[str, Any] | None:
    """The allow-list: whole results of our own modules, names of packages, how a command ended; else nothing."""
    if action in OWN_MODULES:
        result = {k: v for k, v in data.items() if k not in ("invocation", "exception", "warnings", "deprecations")}
        kept: dict[str, Any] = plain({k: v for k, v in result.items() if not str(k).startswith("_")}, redactor.text)
        return kept
    if action in PACKAGERS:
        names = _package_names(data)
        return {"packages": [one_line(name, 200, redactor.text) for name in names]} if names else None
    if action in COMMANDS and "rc" in data:
        rc = data["rc"]
        kept = {"rc": rc if isinstance(rc, int) else None}
        # Cut before anything else: a copy of 100 MB to see whether it is blank would be 100 MB.
        end = tail(data["stderr"], STDERR_LIMIT, redactor.text) if isinstance(data.get("stderr"), str) else ""
        if failed and end.strip():
            kept["stderr"] = end[-STDERR_LIMIT:]
        return kept
    return None


def item_label(data: Mapping[str, Any], redactor: Redactor) -> str:
    """What a loop item is called: the label of loop_control, else the item when it is short text or a number."""
    label = data.get("_ansible_item_label")
    if label is None:
        label = data.get(str(data.get("ansible_loop_var", "item")))
    if isinstance(label, Mapping):
        # A mapping is likely to carry more than a name; only what identifies it is kept.
        label = next((label[key] for key in ("name", "id", "path", "dest", "key") if key in label), "<mapping>")
    if isinstance(label, list | tuple):
        label = ", ".join(str(part) for part in label if isinstance(part, str | int | float))
    return one_line(str(label), 200, redactor.text) if isinstance(label, str | int | float) else ""


def item_status(data: Mapping[str, Any]) -> str:
    if data.get("unreachable"):
        return "unreachable"
    if data.get("failed") or data.get("failed_when_result"):
        return "failed"
    if data.get("skipped"):
        return "skipped"
    return "changed" if data.get("changed") else "ok"


def _loop(data: Mapping[str, Any]) -> list[Any] | None:
    results = data.get("results")
    # Modules may return `results` of their own (dnf does): a loop's results carry the loop variable or are censored.
    if isinstance(results, list) and all(isinstance(r, Mapping) for r in results):
        if any("ansible_loop_var" in r or "_ansible_item_result" in r or "censored" in r for r in results):
            return results
        if not results and "skipped_reason" in data:
            return results
    return None


def _items(loop: list[Mapping[str, Any]], redactor: Redactor) -> list[dict[str, Any]]:
    items = [(item, item_status(item)) for item in loop]
    items = [(item, status) for item, status in items if status not in ("ok", "skipped")][:ITEMS_LIMIT]
    return [
        {
            "item": item_label(item, redactor),
            "status": status,
            "message": message(item, None, redactor, failed=status != "changed"),
        }
        for item, status in items
    ]


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "; ".join(value)
    return ""


def _inner_words(value: object) -> str:
    """What failed, of a message that is no text: what it says under a name for that, else all of it."""
    if isinstance(value, Mapping):
        named = (value.get(name) for name in ("msg", "message", "error", "detail", "reason", "stderr"))
        if text := next((text for text in named if isinstance(text, str) and text.strip()), ""):
            return str(text)
    is_empty = value is None or value in ("", [], {})
    return "" if is_empty or isinstance(value, str | bool) else json.dumps(value, default=str, ensure_ascii=False)


def _says_nothing(text: str) -> bool:
    return len(text) < 80 and (
        not text.strip()
        or text.strip().lower().rstrip(".")
        in (
            "non-zero return code",
            "module failure",
            "one or more items failed",
            "task failed",
            "module result deserialization failed: no start of json char found",
        )
    )


def _last_line(value: object, redactor: Redactor) -> str:
    if not isinstance(value, str):
        return ""
    # Redacted as a whole first: the last line alone does not show that it is the end of a private key.
    lines = tail(value, STDERR_TAIL, redactor.text).strip().splitlines()
    if len(lines) == 1 and len(value) > 2 * STDERR_TAIL:  # one endless line: its end says more than its middle
        return f"[{len(value) - LAST_LINE} characters before] …{lines[0][-LAST_LINE:]}"
    return lines[-1] if lines else ""


def _chain(error: object) -> list[str]:
    """Messages of an error from the outside to its cause (ansible-core 2.19 and later; before that it is text)."""
    texts: list[str] = []
    event = getattr(error, "event", None)
    while event is not None and len(texts) < 20:
        if isinstance(getattr(event, "msg", None), str) and event.msg.strip():
            texts.append(str(event.msg))
        event = getattr(getattr(event, "chain", None), "event", None)
    return texts


def _cause(error: object) -> str:
    chain = _chain(error)
    return chain[-1] if chain else ""


def _first(error: object) -> str:
    chain = _chain(error)
    return chain[0] if chain else ""


def _warnings(data: Mapping[str, Any], redactor: Redactor) -> list[str]:
    warnings = data.get("warnings")
    texts = [text for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []
    kept = [one_line(text, WARNING_LENGTH, redactor.text) for text in texts[:WARNINGS_LIMIT]]
    return [*kept, f"… [{len(texts) - WARNINGS_LIMIT} more]"] if len(texts) > WARNINGS_LIMIT else kept


def _package_names(data: Mapping[str, Any]) -> list[str]:
    invocation = data.get("invocation")
    arguments = invocation.get("module_args") if isinstance(invocation, Mapping) else None
    if not isinstance(arguments, Mapping):
        return []
    for key in ("package", "name", "pkg", "deb", "packages"):
        value = arguments.get(key)
        if isinstance(value, str):
            return [value]
        if isinstance(value, list) and value:
            return [str(name) for name in value if isinstance(name, str)][:500]
    return []


def _files(data: Mapping[str, Any], redactor: Redactor) -> list[str]:
    """Paths of what was changed, by the names that modules have for them; never what was read."""
    changed = [part for part in _loop(data) or [data] if isinstance(part, Mapping) and part.get("changed")]
    paths = (part.get("dest") or part.get("path") for part in changed[:ITEMS_LIMIT])
    return list(dict.fromkeys(one_line(p, 300, redactor.text) for p in paths if isinstance(p, str) and p[:1] == "/"))


def _diff(data: Mapping[str, Any], redactor: Redactor) -> list[dict[str, Any]]:
    """How much changed in what, never the content: a template's lines hold passwords."""
    diffs = data.get("diff")
    if isinstance(diffs, Mapping):
        diffs = [diffs]
    if not isinstance(diffs, list):
        return []
    changes = [_one_diff(diff, redactor) for diff in diffs[:ITEMS_LIMIT] if isinstance(diff, Mapping) and diff]
    return [diff for diff in changes if diff["added"] or diff["removed"] or diff["name"]]


def _one_diff(diff: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    name = next((diff[k] for k in ("after_header", "before_header") if isinstance(diff.get(k), str)), "")
    prepared = diff.get("prepared")
    if isinstance(prepared, str):
        lines = prepared[:DIFF_LIMIT].splitlines()
        added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
        removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
    else:
        before, after = (_lines(diff.get(key)) for key in ("before", "after"))
        added, removed = (after - before).total(), (before - after).total()
    mark = redactor.mark(*(_whole(diff.get(key)) for key in ("prepared", "before", "after")))
    change = {"name": one_line(str(name), 300, redactor.text), "added": added, "removed": removed}
    return {**change, "mark": mark} if mark else change


def _whole(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _lines(value: object) -> Counter[str]:
    if isinstance(value, str):
        return Counter(value[:DIFF_LIMIT].splitlines())
    if isinstance(value, Mapping):
        return Counter(f"{key}={item}" for key, item in value.items() if isinstance(item, str | int | float | bool))
    return Counter()
