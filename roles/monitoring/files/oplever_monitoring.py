#!/usr/bin/python3
"""What the monitoring server knows of the machines of the site.

  oplever-monitoring machines          each machine with its state
  oplever-monitoring alerts            what is wrong now, with what to do
  oplever-monitoring page              write the pages that people open; for the timer
  oplever-monitoring seen MACHINE      wait until a machine was measured, for three measurements at most
  oplever-monitoring test machines     whether every machine that is always on was measured, by TLS where it should
  oplever-monitoring test rules        whether all rules are loaded and could be evaluated
  oplever-monitoring test faults       whether nothing is wrong that cannot wait

Everything comes from Prometheus on this machine. Standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import datetime
import html
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SETTINGS = Path(os.environ.get("OPLEVER_MONITORING_SETTINGS", "/etc/oplever-monitoring-server.json"))
PAGES = Path(os.environ.get("OPLEVER_MONITORING_PAGES", "/var/lib/oplever-monitoring/pages"))
PROMETHEUS = os.environ.get("OPLEVER_MONITORING_PROMETHEUS", "http://127.0.0.1:9090")
SECONDS = 10
PATIENCE = 15
"""Seconds for an answer, and for a test until what it names counts."""
QUERIES = {
    "up": 'max by (machine) (up{machine!="",job=~"machines.*"})',
    "working": "count by (machine) (oplever_watch_up == 1)",
    "watched": "count by (machine) (oplever_watch_up)",
    "free": "min by (machine) (100 * node_filesystem_avail_bytes / (node_filesystem_size_bytes > 0))",
    "certificate": "min by (machine) ((oplever_certificate_end_seconds - time()) / 86400)",
    "backup": "min by (machine) ((time() - (oplever_backup_last_seconds > 0)) / 3600)",
    "updates": "sum by (machine) (oplever_updates_waiting)",
    "restart": "max by (machine) (oplever_restart_needed)",
}
"""What the page shows of a machine; each gives one number for each machine."""
LANGUAGES = ("nl", "en")
WORDS = {
    "title": ("Bewaking", "Monitoring"),
    "made": ("Gemeten op", "Measured at"),
    "stale": (
        "De pagina is elke halve minuut nieuw. Is deze tijd ouder dan vijf minuten, dan meet de server niet meer.",
        "The page is new every half minute. When this time is over five minutes ago, the server measures no more.",
    ),
    "silent": (
        "Prometheus op deze server antwoordt niet. Er is dus niets bekend van de machines.",
        "Prometheus on this server does not answer, so nothing is known of the machines.",
    ),
    "other": ("English", "Nederlands"),
    "alerts": ("Meldingen", "Alerts"),
    "none": ("Er zijn geen meldingen.", "There are no alerts."),
    "since": ("Sinds", "Since"),
    "what": ("Wat er is", "What it is"),
    "do": ("Wat u doet", "What to do"),
    "critical": ("dringend", "urgent"),
    "warning": ("let op", "attention"),
    "machines": ("Machines", "Machines"),
    "machine": ("Machine", "Machine"),
    "state": ("Toestand", "State"),
    "working": ("Onderdelen in orde", "Parts in order"),
    "free": ("Minste vrije ruimte", "Least free space"),
    "certificate": ("Certificaat nog", "Certificate has left"),
    "backup": ("Laatste back-up", "Last backup"),
    "updates": ("Updates", "Updates"),
    "restart": ("Herstart", "Restart"),
    "up": ("bereikbaar", "reachable"),
    "off": ("uit of niet bereikbaar", "off or not reachable"),
    "missing": ("NIET BEREIKBAAR", "NOT REACHABLE"),
    "unknown": ("niet gemeten", "not measured"),
    "days": ("dagen", "days"),
    "hours": ("uur geleden", "hours ago"),
    "yes": ("nodig", "needed"),
    "no": ("nee", "no"),
    "of": ("van", "of"),
}
"""Word -> in each of LANGUAGES."""
FILES = {"nl": "index.html", "en": "en.html"}
STYLE = """body{font:16px/1.5 sans-serif;max-width:75em;margin:1.5em auto;padding:0 1em;color:#111;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #767676;padding:.3em .6em;text-align:left;vertical-align:top}
th{background:#eee}td:first-child,.time{white-space:nowrap}.critical,.missing{font-weight:bold;color:#9b0000}
@media print{body{max-width:none;font-size:10pt}a{display:none}th{background:none}tr{break-inside:avoid}
thead{display:table-header-group}}"""


class UnreachableError(Exception):
    """Prometheus gives no usable answer; the message says why."""


@dataclass(frozen=True)
class Machine:
    """A machine of the site. `numbers` has the keys of QUERIES that were measured."""

    name: str
    always_on: bool
    tls: bool
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """One of up, missing (somebody has to look), off and unknown (it was never asked)."""
        if "up" not in self.numbers:
            return "unknown"
        if self.numbers["up"] == 1:
            return "up"
        return "missing" if self.always_on else "off"


@dataclass(frozen=True)
class Alert:
    """Something that is wrong. `texts` has nl, nl_do, en and en_do."""

    name: str
    machine: str
    severity: str
    since: str
    texts: dict[str, str]


def ask(path: str, **parameters: str) -> Any:
    """The data of an answer of Prometheus. Raises UnreachableError."""
    url = f"{PROMETHEUS}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310, on this machine
            return json.load(answer)["data"]
    except (OSError, ValueError, KeyError) as problem:
        raise UnreachableError(f"Prometheus does not answer: {problem}") from None


def measured(query: str) -> dict[str, float]:
    """Machine -> number."""
    rows = ask("query", query=query)["result"]
    return {row["metric"].get("machine", ""): float(row["value"][1]) for row in rows}


def machines(settings: dict[str, Any]) -> list[Machine]:
    """The machines that are declared, in the order of their names."""
    numbers = {key: measured(query) for key, query in QUERIES.items()}
    return [
        Machine(
            row["name"], row["always_on"], row["tls"],
            {key: values[row["name"]] for key, values in numbers.items() if row["name"] in values},
        )
        for row in sorted(settings["machines"], key=lambda row: str(row["name"]))
    ]  # fmt: skip


def alerts() -> list[Alert]:
    """What fires, the urgent ones first."""
    firing = [
        Alert(
            row["labels"]["alertname"], row["labels"].get("machine", ""), row["labels"].get("severity", ""),
            row["activeAt"][:16].replace("T", " "), row["annotations"],
        )
        for row in ask("alerts")["alerts"]
        if row["state"] == "firing"
    ]  # fmt: skip
    return sorted(firing, key=lambda alert: (alert.severity, alert.machine, alert.name))


def page(language: str, settings: dict[str, Any]) -> str:
    """The page in a language; one that says so where nothing is known."""
    words = {key: texts[LANGUAGES.index(language)] for key, texts in WORDS.items()}
    now = datetime.datetime.now().astimezone()
    head = f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta http-equiv="refresh" content="30">
<meta name="viewport" content="width=device-width"><title>{words["title"]}</title><style>{STYLE}</style></head>
<body><h1>{words["title"]} {html.escape(settings["title"])}</h1>
<p>{words["made"]} <strong>{now:%Y-%m-%d %H:%M:%S}</strong>. {words["stale"]}
<a href="{FILES["en" if language == "nl" else "nl"]}">{words["other"]}</a></p>
"""
    try:
        body = alerts_of(words, language) + machines_of(words, machines(settings))
    except UnreachableError:
        body = f'<p class="critical">{words["silent"]}</p>\n'
    return head + body + "</body></html>\n"


def alerts_of(words: dict[str, str], language: str) -> str:
    heads = [words[key] for key in ("machine", "state", "since", "what", "do")]
    rows = [
        [
            (alert.machine, ""),
            (words.get(alert.severity, alert.severity), alert.severity),
            (local(alert.since), "time"),
            (alert.texts.get(language, alert.name), ""),
            (alert.texts.get(f"{language}_do", ""), ""),
        ]
        for alert in alerts()
    ]
    return f"<h2>{words['alerts']}</h2>\n" + (table(heads, rows) if rows else f"<p>{words['none']}</p>\n")


def local(moment: str) -> str:
    """A time in UTC as that of the clock on the wall."""
    utc = datetime.datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=datetime.timezone.utc)
    return f"{utc.astimezone():%Y-%m-%d %H:%M}"


def machines_of(words: dict[str, str], of_site: list[Machine]) -> str:
    keys = ("machine", "state", "working", "free", "certificate", "backup", "updates", "restart")
    return f"<h2>{words['machines']}</h2>\n" + table([words[key] for key in keys], [row(words, it) for it in of_site])


def row(words: dict[str, str], machine: Machine) -> list[tuple[str, str]]:
    """Text and class of each cell. What was not measured is said, never left empty."""

    def shown(key: str, form: str) -> tuple[str, str]:
        value = machine.numbers.get(key)
        return (words["unknown"] if value is None else form.format(value), "")

    restart = machine.numbers.get("restart")
    watched = machine.numbers.get("watched")
    # A count of nothing has no answer at all.
    works = f"{machine.numbers.get('working', 0):.0f} {words['of']} {watched or 0:.0f}"
    return [
        (machine.name, ""),
        (words[machine.state], machine.state),
        (words["unknown"] if watched is None else works, ""),
        shown("free", "{:.0f} %"),
        shown("certificate", f"{{:.0f}} {words['days']}"),
        shown("backup", f"{{:.0f}} {words['hours']}"),
        shown("updates", "{:.0f}"),
        (words["unknown"] if restart is None else words["yes" if restart else "no"], ""),
    ]


def table(heads: list[str], rows: list[list[tuple[str, str]]]) -> str:
    """A table; each cell is a text with its class."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    lines = []
    for cells in rows:
        tags = [f'<td class="{html.escape(name)}">{html.escape(text)}</td>' for text, name in cells]
        lines.append("<tr>" + "".join(tags) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>\n"


def write_pages(settings: dict[str, Any]) -> None:
    for language, name in FILES.items():
        new = PAGES / f"{name}.new"
        new.write_text(page(language, settings), encoding="utf-8")
        new.rename(PAGES / name)


def wait_for(name: str, settings: dict[str, Any]) -> str:
    """Wait until a machine was measured and nothing is urgent there, three measurements at most; what is so then."""
    if name not in {machine["name"] for machine in settings["machines"]}:
        return f"{name}: this server does not watch it; run site.yml for the server too"
    deadline = time.monotonic() + 3 * settings["interval"] + SECONDS
    while True:
        try:
            state = next(machine for machine in machines(settings) if machine.name == name).state
            urgent = [alert.name for alert in alerts() if alert.machine == name and alert.severity == "critical"]
        except UnreachableError as problem:
            state, urgent = str(problem), []
        if (state == "up" and not urgent) or time.monotonic() > deadline:
            return ", ".join([f"{name}: {state}", *urgent])
        time.sleep(1)


def problems_with_machines(settings: dict[str, Any]) -> list[str]:
    """Machines that must be on and were not measured, or not over TLS where that is declared."""
    schemes = {
        target["labels"]["machine"]: target["scrapeUrl"].partition(":")[0]
        for target in ask("targets", state="active")["activeTargets"]
        if target["labels"]["job"].startswith("machines")  # not the server itself, which has a name too
    }
    problems = []
    for machine in machines(settings):
        if machine.state in ("missing", "unknown"):
            problems.append(f"{machine.name}: {machine.state}")
        if schemes.get(machine.name) != ("https" if machine.tls else "http"):
            problems.append(f"{machine.name}: asked over {schemes.get(machine.name, 'no way at all')}")
    return problems


def problems_with_rules(settings: dict[str, Any]) -> list[str]:
    """Rules of the role that Prometheus does not have, and those that it cannot evaluate."""
    loaded = {rule["name"]: rule for group in ask("rules", type="alert")["groups"] for rule in group["rules"]}
    problems = [f"{name}: not loaded" for name in settings["rules"] if name not in loaded]
    return problems + [f"{name}: {rule['lastError']}" for name, rule in loaded.items() if rule.get("lastError")]


def problems_with_parts(settings: dict[str, Any]) -> list[str]:
    """What fires and cannot wait."""
    names = {row["name"] for row in settings["machines"]}
    return [f"{alert.machine}: {alert.texts.get('en', alert.name)}" for alert in alerts()
            if alert.severity == "critical" and alert.machine in names]  # fmt: skip


def lasting(test: Callable[[dict[str, Any]], list[str]], settings: dict[str, Any]) -> list[str]:
    """What a test still names after some measurements: a program that just started is measured a moment later."""
    deadline = time.monotonic() + min(3 * settings["interval"], PATIENCE)
    while (problems := test(settings)) and time.monotonic() < deadline:
        time.sleep(1)
    return problems


TESTS = {"machines": problems_with_machines, "rules": problems_with_rules, "faults": problems_with_parts}


def show(command: str, settings: dict[str, Any]) -> None:
    if command == "machines":
        for machine in machines(settings):
            counted = f"{machine.numbers.get('working', 0):.0f}/{machine.numbers.get('watched', 0):.0f}"
            print(f"{machine.name}\t{machine.state}\t{counted}")
    else:
        language = settings["language"]
        for alert in alerts():
            texts = (alert.texts.get(language, ""), alert.texts.get(f"{language}_do", ""))
            print("\t".join((alert.machine, alert.name, alert.severity, *texts)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="oplever-monitoring", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("machines", "alerts", "page"):
        commands.add_parser(name)
    commands.add_parser("seen").add_argument("machine")
    commands.add_parser("test").add_argument("what", choices=sorted(TESTS))
    arguments = parser.parse_args()
    try:
        settings = json.loads(SETTINGS.read_text("utf-8"))
        if arguments.command == "page":
            write_pages(settings)
        elif arguments.command == "seen":
            print(wait_for(arguments.machine, settings))
        elif arguments.command == "test":
            problems = lasting(TESTS[arguments.what], settings)
            print("\n".join(problems))
            return bool(problems)
        else:
            show(arguments.command, settings)
    except (UnreachableError, OSError, ValueError) as problem:
        print(f"oplever-monitoring: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
