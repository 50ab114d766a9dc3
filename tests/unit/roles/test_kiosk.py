"""A kiosk: what it opens, what is refused before a machine is touched, and its unit with that of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from programs import program

ROLE = Path(__file__).resolve().parents[3] / "roles/classroom"
KIOSK = program(ROLE / "files/kiosk.py")
KIOSK_PAGE = program(ROLE / "files/kiosk_page.py")
PAGE = {"classroom_kiosk_url": "https://Beheer@Catalogus.school.example:8443/zoek?taal=nl"}


def templar(options: dict[str, Any]) -> Any:
    loader = DataLoader()
    variables: dict[str, Any] = {"ansible_managed": "Ansible managed", "group_names": []}
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROLE / f"{name}/main.yml"), trusted_as_template=True)
    return Templar(loader, {**variables, **options})


def value(expression: str, options: dict[str, Any]) -> Any:
    return templar(options).template(trust_as_template("{{ " + expression + " }}"))


def test_a_kiosk_opens_the_host_of_its_page_and_what_is_allowed() -> None:
    options = {**PAGE, "classroom_kiosk_allow": ["kaart.example", "leer.example/boeken"]}
    policies = value("__classroom_kiosk_policies", options)
    assert policies["WebsiteFilter"] == {
        "Block": ["<all_urls>"],
        "Exceptions": ["*://catalogus.school.example/*", "*://*.kaart.example/*", "*://*.leer.example/boeken*"],
    }
    assert policies["Homepage"]["URL"] == PAGE["classroom_kiosk_url"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (PAGE, ""),
        ({**PAGE, "group_names": ["desktop_machines"], "desktop_state": "absent"}, ""),
        ({**PAGE, "group_names": ["desktop_machines"]}, "`desktop: {state: absent}`"),
        ({**PAGE, "classroom_kiosk_allow": ["*"]}, "everything would be open"),
        ({"classroom_kiosk_url": "file:///etc/passwd"}, "shows a site such as"),
    ],
)
def test_a_kiosk_that_cannot_be_is_refused(options: dict[str, Any], expected: str) -> None:
    mistakes = value("__classroom_mistakes", options)
    assert len(mistakes) == bool(expected)
    assert expected in "".join(mistakes)


def test_a_kiosk_has_the_policies_of_the_browser_below_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = {"WebsiteFilter": {"Block": ["<all_urls>"]}, "DisableDeveloperTools": True}
    monkeypatch.setattr(KIOSK, "OF_BROWSER", tmp_path / "policies.json")
    assert KIOSK.merged(own, False) == own
    others = {"WebsiteFilter": {"Block": []}, "Proxy": {"Mode": "manual"}, "DisableDeveloperTools": False}
    KIOSK.OF_BROWSER.write_text(json.dumps({"policies": others}))
    assert KIOSK.merged(own, False) == {**own, "Proxy": {"Mode": "manual"}}
    assert "DisableDeveloperTools" not in KIOSK.merged(own, True)


def test_a_kiosk_that_cannot_read_the_policies_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(KIOSK, "OF_BROWSER", tmp_path / "policies.json")
    KIOSK.OF_BROWSER.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        KIOSK.merged({}, False)


def test_the_kiosk_of_the_tests_differs_from_the_real_one_in_where_it_is_shown() -> None:
    unit = str(templar({}).template(trust_as_template((ROLE / "templates/oplever-kiosk.service.j2").read_text())))
    lines = set(KIOSK_PAGE.in_memory(unit).splitlines())
    assert [line for line in lines if "/run/oplever-kiosk" in line and "/run/oplever-kiosk-test" not in line] == []
    assert {line.split("=")[0] for line in set(unit.splitlines()) - lines} == {
        *("BindReadOnlyPaths", "ConditionPathExists", "Environment", "ExecCondition", "ExecStart", "ExecStartPre"),
        *(
            "Restart",
            "RestartSec",
            "RuntimeDirectory",
            "StandardInput",
            "TTYPath",
            "TTYReset",
            "TTYVHangup",
            "TTYVTDisallocate",
        ),
        *("UtmpIdentifier", "UtmpMode"),
    }
    assert "User=oplever-kiosk" in lines
    assert "PAMName=oplever-kiosk" in lines
