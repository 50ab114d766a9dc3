"""Monitoring: what the probe tells of a machine, what the server makes of it, and the words of the rules."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from programs import program

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/monitoring"
UNITS = """\
php8.2-fpm.service loaded active running The PHP 8.2 FastCGI Process Manager
php8.4-fpm.service loaded failed failed  The PHP 8.4 FastCGI Process Manager
"""
UPGRADES = """\
Inst libssl3 [3.0.15-1] (3.0.17-1 Debian-Security:12/stable-security [amd64])
Inst tzdata [2025a] (2025b Debian:12.11/stable, Debian:12-updates/stable-updates [all])
Conf libssl3 (3.0.17-1 Debian-Security:12/stable-security [amd64])
"""
SETTINGS: dict[str, Any] = {
    "title": "De <Linde>",
    "language": "nl",
    "interval": 30,
    "rules": ["UnitDown", "DiskFull"],
    "machines": [
        {"name": "ws1", "always_on": False, "tls": True},
        {"name": "srv1", "always_on": True, "tls": True},
        {"name": "srv2", "always_on": True, "tls": False},
        {"name": "srv3", "always_on": True, "tls": True},
    ],
}
TEXTS = {"nl": "nginx <draait> niet", "nl_do": "Start het.", "en": "nginx <is> down", "en_do": "Start it."}


@pytest.fixture
def probe(tmp_path: Path) -> Any:
    """The program with the files of a machine in a directory of the test."""
    module = program(ROLE / "files/oplever_monitoring_probe.py")
    for name in ("BACKUP", "LAST_BACKUP", "LISTS", "STATUS", "RESTART", "SITES", "RESULTS"):
        setattr(module, name, tmp_path / name.lower())
    module.ROOT, module.CERTIFICATES = tmp_path, ()
    module.RESULTS.mkdir()
    return module


@pytest.fixture
def server() -> Any:
    return program(ROLE / "files/oplever_monitoring.py")


def values(samples: Any, name: str) -> dict[tuple[str, ...], float]:
    """Labels -> number, of the measurements with a name."""
    return {tuple(labels.values()): float(value) for sample, labels, value in samples if sample == name}


def test_a_unit_that_is_not_there_does_not_work(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "run", lambda *command: UNITS if command[-1].startswith("php") else "")
    rows = [
        {"role": "php_fpm", "unit": "php*-fpm.service"},
        {"role": "nginx", "unit": "nginx.service", "comment": "web"},
    ]
    assert values(probe.watched(rows, "127.0.0.1"), "oplever_watch_up") == {
        ("php_fpm", "", "unit", "php8.2-fpm.service"): 1,
        ("php_fpm", "", "unit", "php8.4-fpm.service"): 0,
        ("nginx", "web", "unit", "nginx.service"): 0,
    }


def test_a_part_that_fails_is_told_and_the_others_go_on(
    probe: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*command: str) -> str:
        if "--state=failed" in command:
            raise ValueError("Failed to connect to bus")
        return ""

    monkeypatch.setattr(probe, "run", run)
    probe.RESTART.touch()
    measured = probe.samples({"watch": [], "address": "127.0.0.1"})
    assert values(measured, "oplever_probe_problems") == {(): 1}
    assert values(measured, "oplever_restart_needed") == {(): 1}
    assert "Failed to connect to bus" in capsys.readouterr().err


def test_a_backup_that_was_never_made_is_infinitely_old(probe: Any) -> None:
    assert list(probe.backup()) == []
    probe.BACKUP.write_text('{"max_hours": 30}')
    assert [value for _, _, value in probe.backup()] == [0, 108000]
    probe.LAST_BACKUP.write_text('{"archive": "2026-11-25T02:10:00Z", "files": {}}')
    assert next(iter(probe.backup()))[2] == 1795572600
    probe.LAST_BACKUP.write_text('{"archive": "old", "files": {}}')
    with pytest.raises(ValueError, match="no archive with a date"):
        list(probe.backup())


def test_updates_are_asked_again_only_when_something_changed(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert values(probe.updates(), "oplever_updates_waiting") == {}, "it never asked"
    answers = [UPGRADES, ""]
    monkeypatch.setattr(probe, "run", lambda *_: answers.pop(0))
    probe.LISTS.mkdir()
    lists = probe.LISTS / "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
    for path in (lists, probe.STATUS):
        path.touch()
        os.utime(path, (1000, 1000))
    expected = {("security",): 1, ("other",): 1}
    assert values(probe.updates(), "oplever_updates_waiting") == expected
    assert values(probe.updates(), "oplever_updates_waiting") == expected
    assert values(probe.updates(), "oplever_package_lists_seconds") == {(): 1000}
    probe.STATUS.touch()
    os.utime(probe.RESULTS / "oplever-updates.json", (2000, 2000))
    assert values(probe.updates(), "oplever_updates_waiting") == {("security",): 0, ("other",): 0}


def test_certificates_that_nginx_shows_count_too(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    probe.SITES.mkdir()
    (probe.SITES / "a").write_text("server {\n    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /x;\n}\n")
    monkeypatch.setattr(probe, "run", lambda *_: "notAfter=Nov 26 14:00:00 2026 GMT\n")
    assert values(probe.certificates(), "oplever_certificate_end_seconds") == {("/etc/ssl/a.pem",): 1795701600}


def test_labels_cannot_break_out_of_the_file(probe: Any) -> None:
    text = probe.text_of([("oplever_unit_failed", {"unit": 'a"b\\c\nd'}, 1)])
    assert text.splitlines()[2] == 'oplever_unit_failed{unit="a\\"b\\\\c\\nd"} 1'


def answering(server: Any, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    """Let Prometheus answer: the numbers of the queries by machine, and `alerts`, `rules`, `targets`."""
    queries = {query: answers.get(key, {}) for key, query in server.QUERIES.items()}

    def ask(path: str, **parameters: str) -> Any:
        if path != "query":
            return answers[path]
        rows = queries[parameters["query"]].items()
        return {"result": [{"metric": {"machine": name}, "value": [0, str(number)]} for name, number in rows]}

    monkeypatch.setattr(server, "ask", ask)


def alert(machine: str, severity: str = "critical", state: str = "firing") -> dict[str, Any]:
    labels = {"alertname": "UnitDown", "machine": machine, "severity": severity}
    return {"labels": labels, "annotations": TEXTS, "state": state, "activeAt": "2026-11-26T14:00:01.1Z"}


def test_a_workstation_may_be_off_and_a_server_may_not(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(server, monkeypatch, up={"ws1": 0, "srv1": 1, "srv2": 0})
    states = {machine.name: machine.state for machine in server.machines(SETTINGS)}
    assert states == {"srv1": "up", "srv2": "missing", "srv3": "unknown", "ws1": "off"}


def test_what_was_not_measured_over_tls_is_a_problem(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = {"ws1": "https", "srv1": "http", "srv2": "http"}
    targets = [
        {"labels": {"machine": name, "job": "machines"}, "scrapeUrl": f"{way}://192.0.2.1:9100/"}
        for name, way in ways.items()
    ]
    targets.append({"labels": {"machine": "ws1", "job": "server"}, "scrapeUrl": "http://127.0.0.1:9090/metrics"})
    up = dict.fromkeys(("ws1", "srv1", "srv2"), 1)
    answering(server, monkeypatch, up=up, targets={"activeTargets": targets})
    assert server.problems_with_machines(SETTINGS) == [
        "srv1: asked over http",
        "srv3: unknown",
        "srv3: asked over no way at all",
    ]


def test_a_rule_that_is_gone_or_cannot_be_evaluated_is_a_problem(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"name": "UnitDown", "lastError": "many-to-many matching"}, {"name": "Other"}]
    answering(server, monkeypatch, rules={"groups": [{"rules": rules}]})
    assert server.problems_with_rules(SETTINGS) == ["DiskFull: not loaded", "UnitDown: many-to-many matching"]


def test_only_urgent_alerts_that_fire_are_faults(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [alert("srv1"), alert("srv2", "warning"), alert("srv3", state="pending"), alert("elsewhere")]
    answering(server, monkeypatch, alerts={"alerts": rows})
    assert server.problems_with_parts(SETTINGS) == ["srv1: nginx <is> down"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_says_what_was_not_measured(server: Any, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    numbers = {"up": {"srv1": 1}, "watched": {"srv1": 3}, "free": {"srv1": 41.6}}
    answering(server, monkeypatch, alerts={"alerts": [alert("srv1")]}, **numbers)
    page = server.page(language, SETTINGS)
    assert "De &lt;Linde&gt;" in page
    assert {"nl": "nginx &lt;draait&gt; niet", "en": "nginx &lt;is&gt; down"}[language] in page
    assert {"nl": "0 van 3", "en": "0 of 3"}[language] in page
    assert "42 %" in page
    unknown = {"nl": "niet gemeten", "en": "not measured"}[language]
    assert page.count(unknown) == 4 * 7 - 3
    assert "<script" not in page
    assert '<table><thead><tr><th scope="col">' in page


def test_the_page_of_a_silent_server_is_not_green(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PROMETHEUS", "http://127.0.0.1:9")
    page = server.page("en", SETTINGS)
    assert "nothing is known of the machines" in page
    assert "no alerts" not in page


def rules() -> list[dict[str, Any]]:
    """The rules as Prometheus gets them, with the defaults of the role."""
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment(  # noqa: S701, for no page
        variable_start_string="[[", variable_end_string="]]", undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["to_json"] = json.dumps
    template = environment.from_string((ROLE / "templates/rules.yml.j2").read_text(encoding="utf-8"))
    [group] = yaml.safe_load(template.render(**defaults, ansible_managed="a test"))["groups"]
    return list(group["rules"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_rule_says_where_what_and_what_to_do(rule: dict[str, Any], probe: Any) -> None:
    texts = rule["annotations"]
    assert texts.keys() == {"nl", "nl_do", "en", "en_do"}
    assert "$labels.machine" in texts["nl"] + texts["nl_do"]
    assert re.findall(r"{{.*?}}", texts["nl"]) == re.findall(r"{{.*?}}", texts["en"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    measured = set(re.findall(r"oplever_\w+", rule["expr"]))
    assert measured <= probe.HELP.keys(), "the probe measures it"


def test_everything_that_the_probe_measures_has_a_rule(probe: Any) -> None:
    text = " ".join(rule["expr"] for rule in rules())
    assert [name for name in probe.HELP if name not in text] == []


def test_a_machine_that_just_started_is_asked_again(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.time, "sleep", lambda seconds: None)
    answers = [["srv1: missing"], ["srv1: missing"], []]
    assert server.lasting(lambda settings: answers.pop(0), {"interval": 3}) == []
    monkeypatch.setattr(server, "PATIENCE", 0)
    assert server.lasting(lambda settings: ["srv1: missing"], {"interval": 3}) == ["srv1: missing"]
