"""Exceptions: what a control finds wrong, and somebody accepted until a day (docs/reference/checks.md)."""

from __future__ import annotations

import fnmatch
import re

from ansible_collections.oplever.lab.plugins.module_utils.engine.rules.text import short

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
REQUIRED = ("id", "control", "reason", "owner", "expires")


def problems(exceptions):
    """What is wrong with a list of exceptions as written; empty when it can be used."""
    if not isinstance(exceptions, list):
        return ["exceptions: a list is needed, not %s" % type(exceptions).__name__]
    mistakes = []
    for position, item in enumerate(exceptions, 1):
        if not isinstance(item, dict):
            mistakes.append("exception %d: a mapping is needed" % position)
            continue
        name = item.get("id") or "number %d" % position
        mistakes += ["exception %s: '%s' is needed" % (name, key) for key in REQUIRED if not item.get(key)]
        if item.get("expires") and not DAY.match(str(item["expires"])):
            mistakes.append("exception %s: expires is a day as 2026-12-31, not %s" % (name, item["expires"]))
    return mistakes


def apply(result, wrong, exceptions, host, today):
    """The result, `waived` when it fails and a valid exception covers all that is `wrong` (texts); one that is invalid,
    or about something else, is named in `reason`."""
    if result["status"] != "fail":
        return result
    for item in exceptions:
        if item["control"] != result["id"] or not _covers(item, host):
            continue
        invalid = _invalid(item, today) or _uncovered(item, wrong)
        if not invalid:
            return dict(result, status="waived", exception=str(item["id"]), reason=str(item["reason"]))
        result = dict(result, reason="exception %s does not count: %s" % (item["id"], invalid))
    return result


def grants(exceptions, host, today):
    """Every exception about `host` as the record keeps it, with `valid` and, when it does not count, the `problem`."""
    return [
        {
            "id": str(item["id"]),
            "control": str(item["control"]),
            "hosts": [str(pattern) for pattern in _patterns(item)],
            "values": approved_values(item),
            "reason": str(item["reason"]),
            "owner": str(item["owner"]),
            "approver": str(item.get("approver") or ""),
            "expires": str(item["expires"]),
            "compensating": str(item.get("compensating") or ""),
            "valid": not _invalid(item, today),
            "problem": _invalid(item, today),
        }
        for item in exceptions
        if _covers(item, host)
    ]


def _patterns(item):
    patterns = item.get("hosts") or ["*"]
    return patterns if isinstance(patterns, list) else [patterns]


def _covers(item, host):
    patterns = item.get("hosts") or ["*"]
    return any(fnmatch.fnmatchcase(host, str(p)) for p in (patterns if isinstance(patterns, list) else [patterns])) or (
        patterns in ("all", ["all"])
    )


def _uncovered(item, wrong):
    """What is wrong and not among the values that were approved. An exception without values is about all that the
    control may find."""
    approved = {_plain(value) for value in approved_values(item)}
    new = [value for value in wrong if _plain(value) not in approved]
    return "it is not about %s" % short("; ".join(new), 300) if approved and new else ""


def approved_values(item):
    values = item.get("values") or []
    return [str(value) for value in (values if isinstance(values, list) else [values])]


def _plain(value):
    return " ".join(str(value).split())


def _invalid(item, today):
    if not item.get("approver"):
        return "nobody approved it"
    return "it expired on %s" % item["expires"] if str(item["expires"]) < today else ""
