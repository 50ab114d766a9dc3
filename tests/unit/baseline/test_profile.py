"""The profile of one machine: parameters, purposes and exceptions, and what is said about mistakes in them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.oplever.lab.plugins.lookup import baseline as plugin
from ansible_collections.oplever.lab.plugins.lookup.baseline import LookupModule
from ansible_collections.oplever.lab.plugins.module_utils.engine import waivers
from ansible_collections.oplever.lab.plugins.modules import checks
from ansible_collections.oplever.lab.plugins.plugin_utils import baseline, delivered

GROUPS = {"all": ["srv1", "ws1"], "lokaal_101": ["ws1"]}
GRANT = {
    "id": "U-1", "control": "SSH-001", "hosts": ["srv1"], "reason": "r", "owner": "o", "approver": "a",
    "expires": "2099-12-31",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered, "directory", lambda: tmp_path / "records")


def look_up(tmp_path: Path, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = parts(tmp_path, **variables)[0]
    return found


def parts(tmp_path: Path, *terms: str, **variables: Any) -> list[Any]:
    own = {"inventory_hostname": "srv1", "groups": GROUPS, "group_names": [], "inventory_dir": str(tmp_path)}
    known = {**own, **variables}
    loader = DataLoader()
    plugin = LookupModule(loader=loader, templar=Templar(loader=loader, variables=known))
    return plugin.run(list(terms), variables=known)


def status(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(check for check in found["checks"] if check["id"] == name)


def test_controls_are_read_once_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whichever process of the run comes first; one that cannot read what was kept reads the files."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    controls = plugin._read_controls()
    assert plugin._once_a_run("controls", lambda: controls) == controls
    assert [path.name for path in tmp_path.iterdir()] == ["oplever-controls.json"]
    assert plugin._once_a_run("controls", list) == controls
    (tmp_path / "oplever-controls.json").write_bytes(b'[{"id"')
    assert plugin._once_a_run("controls", lambda: controls[:1]) == controls[:1]
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "gone"))
    assert plugin._once_a_run("controls", lambda: controls) == controls


@pytest.mark.slow
def test_the_strict_profile_holds_the_basic_one(tmp_path: Path) -> None:
    basis, hoog = look_up(tmp_path), look_up(tmp_path, oplever_profile="debian-hoog")
    assert (basis["profile"], hoog["profile"]) == ("debian-basis", "debian-hoog")
    few, many = ({check["id"] for check in found["checks"]} for found in (basis, hoog))
    assert few < many
    assert {"AUD-002", "SUDO-017"} <= many - few
    assert basis["parameters"]["password_min_length"] < hoog["parameters"]["password_min_length"]
    assert not {key for check in hoog["checks"] for key in check} & {"level", "rationale", "not_for", "only_for"}


def test_a_part_can_be_had_alone(tmp_path: Path) -> None:
    whole = look_up(tmp_path, harden_skip=["SSH-001"])
    found = parts(tmp_path, "parameters", "remedied", harden_skip=["SSH-001"])
    assert found == [whole["parameters"], whole["remedied"]]
    with pytest.raises(AnsibleError, match="there is no parametres; did you mean parameters"):
        parts(tmp_path, "parametres")


def test_the_whole_is_what_the_module_takes(tmp_path: Path) -> None:
    """Each key is an option of the same name of `baseline`, so that a playbook hands it over as it is."""
    assert set(look_up(tmp_path)) == set(checks.BASELINE)


def test_the_site_changes_values_and_leaves_remedies_out(tmp_path: Path) -> None:
    found = look_up(tmp_path, harden_password_min_length=20, harden_skip=["SSH-001"], harden_areas=["SSH", "PAM"])
    assert found["parameters"]["password_min_length"] == 20
    assert {check["area"] for check in found["checks"]} == {"SSH", "PAM"}
    assert "SSH-001" not in found["remedied"]
    assert status(found, "SSH-001")


def test_ports_that_the_firewall_opens_are_agreed_on(tmp_path: Path) -> None:
    allow = [{"port": 80}, {"port": "6000-6002"}]
    found = look_up(tmp_path, firewall_allow=allow, ansible_port=2222)
    assert found["parameters"]["ports"] == [22, 68, 80, 546, 2222, 6000, 6001, 6002]
    assert look_up(tmp_path, firewall_allow=allow, harden_ports=[22])["parameters"]["ports"] == [22]


def test_a_purpose_makes_a_service_no_finding_and_says_so(tmp_path: Path) -> None:
    assert "when" not in status(look_up(tmp_path), "SVC-019")
    excused = status(look_up(tmp_path, harden_purposes=["web"]), "SVC-019")
    assert excused["when"]["expect"] == {"exists": False}
    assert "web" in excused["reason"]["nl"]
    asked = look_up(tmp_path, harden_profile="debian-hoog")
    assert "integrity" in status(asked, "PERM-022")["reason"]["en"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"harden_profile": "debian-hog"}, "harden_profile: there is no debian-hog; did you mean debian-hoog?"),
        ({"harden_skip": ["SSH-1"]}, "harden_skip: there is no SSH-1; did you mean SSH-"),
        ({"harden_areas": ["SHH"]}, "harden_areas: there is no SHH; did you mean SSH?"),
        ({"harden_purposes": ["website"]}, "harden_purposes: there is no website"),
        ({"oplever_exceptions": {"a": 1}, "harden_areas": []}, None),
        ({"oplever_exceptions": "x"}, "oplever_exceptions: a list of exceptions is needed"),
        ({"oplever_exceptions": [{**GRANT, "control": "SSH-01"}]}, "there is no control SSH-01; did you mean SSH-0"),
        ({"oplever_exceptions": [{**GRANT, "hosts": ["srv9"]}]}, "no host or group in the inventory is called srv9"),
        ({"oplever_exceptions": [{**GRANT, "aprover": "x"}]}, "there is no key 'aprover'; did you mean 'approver'?"),
        ({"oplever_exceptions": [{**GRANT, "expires": "soon"}]}, "expires is a day as 2026-12-31, not soon"),
        ({"oplever_exceptions": [{"id": "U-1"}]}, "exception U-1: 'owner' is needed"),
        ({"oplever_exceptions_file": "/nosuch.yml"}, "there is no file /nosuch.yml"),
    ],
)
def test_mistakes_are_named_before_a_machine_is_touched(
    tmp_path: Path, variables: dict[str, Any], says: str | None
) -> None:
    if says is None:
        assert look_up(tmp_path, **variables)["exceptions"] == []
        return
    with pytest.raises(AnsibleError) as problem:
        look_up(tmp_path, **variables)
    assert says in str(problem.value)


def test_exceptions_beside_the_inventory_are_read_and_meant_for_hosts_or_groups(tmp_path: Path) -> None:
    (tmp_path / "exceptions.yml").write_text(
        "- {id: U-1, control: SSH-001, hosts: [lokaal_101], reason: r, owner: o, approver: a, expires: 2027-07-31}\n"
        "- {id: U-2, control: SSH-002, reason: r, owner: o, expires: 2027-07-31}\n",
        encoding="utf-8",
    )
    rows = look_up(tmp_path, oplever_exceptions=[{**GRANT, "id": "U-3"}])["exceptions"]
    assert [row["id"] for row in rows] == ["U-3", "U-2"]
    rows = look_up(tmp_path, inventory_hostname="ws1", group_names=["lokaal_101"])["exceptions"]
    assert [(row["id"], row["hosts"], row["expires"]) for row in rows] == [
        ("U-1", ["ws1"], "2027-07-31"),
        ("U-2", ["ws1"], "2027-07-31"),
    ]


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "exceptions.yml").write_text("- {id: [", encoding="utf-8")
    with pytest.raises(AnsibleError, match=r"exceptions\.yml cannot be read"):
        look_up(tmp_path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"approver": ""}, "nobody approved it"),
        ({"expires": "2020-01-01"}, "it expired on 2020-01-01"),
    ],
)
def test_a_grant_says_why_it_does_not_count(change: dict[str, str], problem: str) -> None:
    (grant,) = waivers.grants([{**GRANT, **change}], "srv1", datetime.date(2026, 11, 24).isoformat())
    assert (grant["valid"], grant["problem"]) == (not problem, problem)
    assert waivers.grants([GRANT], "ws1", "2026-11-24") == []


def record(
    base: Path,
    name: str,
    verdict: str,
    *,
    stage: str = "tested",
    before: bool = True,
    after: bool = True,
    suite: str = "nginx",
    status: str = "pass",
    trial: bool = False,
    **controls: str,
) -> None:
    (base / name).mkdir()
    content = {
        "verdict": verdict,
        "stage": stage,
        "tests": [{"host": "srv1", "suite": suite, "status": status}],
        "document": {"started": name, "check_mode": trial},
        "systems": [{"name": "srv1", "snapshot_before": before, "snapshot_after": after}],
        "baseline": {
            "profile": "debian-basis",
            "controls": [{"id": key, "host": "srv1", "after": value} for key, value in controls.items()],
        },
    }
    (base / name / "record.json").write_text(json.dumps(content), encoding="utf-8")


DAY = "2026110"
FIRST = f"{DAY}1"


def test_the_last_delivery_and_the_runs_since_then_are_remembered(tmp_path: Path) -> None:
    record(tmp_path, FIRST, "delivered", a="pass", b="pass", c="fail")
    record(tmp_path, f"{DAY}2", "delivered", after=False, a="fail")  # an audit delivers nothing
    record(tmp_path, f"{DAY}3", "not_delivered", a="fail", b="pass")
    record(tmp_path, f"{DAY}4", "delivered", trial=True, a="fail")
    (tmp_path / f"{DAY}5").mkdir()
    (tmp_path / f"{DAY}5/record.json").write_text("{", encoding="utf-8")
    found = delivered.controls(tmp_path, "srv1")
    assert (found["record"], found["controls"]) == (FIRST, {"a": "pass", "b": "pass", "c": "fail"})
    assert found["later"] == [
        {"record": f"{DAY}2", "at": f"{DAY}2", "failing": ["a"]},
        {"record": f"{DAY}3", "at": f"{DAY}3", "failing": ["a"]},
    ]
    assert delivered.controls(tmp_path, "ws1") == {}
    assert delivered.controls(tmp_path / "nothing", "srv1") == {}


@pytest.mark.parametrize(
    "what",
    [
        {"suite": "drift"},  # it was compared with its delivery
        {"before": False},  # a machine that was never delivered was looked at
        {"status": "not_applicable"},  # nothing was tested
        {"stage": "carried_out"},
        {"stage": "trial"},
        {"stage": "nothing_done"},
        {"verdict": "not_delivered"},
        {"verdict": "interrupted"},
    ],
    ids=str,
)
def test_what_is_no_delivery_is_no_reference(tmp_path: Path, what: dict[str, Any]) -> None:
    record(tmp_path, FIRST, "delivered", a="pass")
    record(tmp_path, f"{DAY}2", **{"verdict": "delivered", "a": "fail", **what})
    assert delivered.controls(tmp_path, "srv1")["record"] == FIRST


@pytest.mark.parametrize(("least", "name"), [("tested", "4"), ("accepted", "3"), ("approved", "2"), ("signed", "1")])
def test_an_organisation_says_from_which_stage_a_delivery_counts(tmp_path: Path, least: str, name: str) -> None:
    for day, stage in enumerate(("signed", "approved", "accepted", "tested"), 1):
        record(tmp_path, f"{DAY}{day}", "delivered", stage=stage, a="pass")
    assert delivered.controls(tmp_path, "srv1", least)["record"] == f"{DAY}{name}"


def test_a_stage_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_REFERENCE", "approved")
    assert delivered.least_stage() == "approved"
    monkeypatch.setenv("OPLEVER_REFERENCE", "aproved")
    with pytest.raises(AnsibleError, match="use tested, accepted, approved, signed"):
        delivered.least_stage()


def test_ports_are_numbers_or_ranges() -> None:
    assert baseline.ports([22], ["80", "90-92", None, "http", 22]) == [22, 80, 90, 91, 92]
