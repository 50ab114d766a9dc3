"""Policies of Firefox, held against the schema in its package before they are written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from programs import program

POLICIES = program(Path(__file__).resolve().parents[3] / "roles/browser/files/policies.py")
SCHEMA: dict[str, Any] = {
    "definitions": {
        "url": {"type": "string", "format": "moz-url"},
        "urlOrEmpty": {"type": "string", "anyOf": [{"format": "moz-url"}, {"maxLength": 0}]},
        "origin": {"type": "string", "format": "moz-url", "pattern": "^https?://[^/]+/?$"},
    },
    "properties": {
        "Homepage": {
            "type": "object",
            "properties": {
                "URL": {"$ref": "#/definitions/url"},
                "Locked": {"type": "boolean"},
                "StartPage": {"type": "string", "enum": ["none", "homepage", "homepage-locked"]},
            },
        },
        "Bookmarks": {
            "type": "array",
            "items": {"type": "object", "properties": {"Title": {"type": "string"}}, "required": ["Title"]},
        },
        "Menu": {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["always", "never"]}]},
        "Locales": {"type": ["string", "array"], "items": {"type": "string"}},
        "DNS": {"type": "object", "properties": {"URL": {"$ref": "#/definitions/urlOrEmpty"}}},
        "Popups": {"type": "array", "items": {"$ref": "#/definitions/origin"}},
        "Version": {"type": "number", "enum": [4, 5]},
        "Preferences": {"type": "object", "patternProperties": {"^.*$": {"type": ["number", "string"]}}},
        "Anything": {"type": "object"},
    },
}
"""As that of Firefox ESR 153, in small."""


@pytest.mark.parametrize(
    "policies",
    [
        {"Homepage": {"URL": "https://wiki.school.example/", "Locked": True, "StartPage": "homepage-locked"}},
        {"Homepage": {"Locked": 1}},
        {"Bookmarks": [{"Title": "Wiki"}]},
        {"Menu": True},
        {"Menu": "never"},
        {"Locales": "nl"},
        {"Locales": ["nl", "en-US"]},
        {"DNS": {"URL": ""}},
        {"DNS": {"URL": "https://dns.example/"}},
        {"Popups": ["https://school.example"]},
        {"Version": 5},
        {"Preferences": {"a.b": 1}},
        {"Anything": {"at": ["all"]}},
        {},
    ],
)
def test_what_firefox_takes_is_written(policies: dict[str, Any]) -> None:
    assert POLICIES.problems(policies, SCHEMA) == []


@pytest.mark.parametrize(
    ("policies", "problem"),
    [
        ({"Homepag": {}}, "Homepag is no policy of this Firefox; did you mean Homepage?"),
        ({"Kiosk": True}, "Kiosk is no policy of this Firefox"),
        ({"Homepage": {"Loked": True}}, "Homepage.Loked is no option of this Firefox; did you mean Locked?"),
        ({"Homepage": {"Locked": "yes"}}, 'Homepage.Locked must be true or false, not "yes"'),
        ({"Homepage": {"Locked": 2}}, "Homepage.Locked must be true or false, not 2"),
        ({"Homepage": "https://a/"}, 'Homepage must be a dictionary, not "https://a/"'),
        ({"Homepage": {"URL": "a"}}, 'Homepage.URL must be an address such as https://school.example/, not "a"'),
        (
            {"Homepage": {"StartPage": "homepag"}},
            'Homepage.StartPage cannot be "homepag"; it takes none, homepage, homepage-locked; did you mean homepage?',
        ),
        ({"Bookmarks": [{"Title": "a"}, {}]}, "Bookmarks[1] needs Title"),
        ({"Menu": "alway"}, 'Menu cannot be "alway"; it takes always, never; did you mean always?'),
        ({"Locales": [3]}, "Locales[0] must be text, not 3"),
        ({"Locales": True}, "Locales must be text or a list, not true"),
        ({"Popups": ["https://a/b"]}, 'Popups[0] cannot be "https://a/b"'),
        ({"Version": True}, "Version must be a number, not true"),
        ({"Version": 6}, "Version cannot be 6; it takes 4, 5"),
        ({"Preferences": {"a.b": [1]}}, "Preferences.a.b must be a number or text, not [1]"),
    ],
)
def test_what_firefox_would_pass_over_in_silence_is_named(policies: dict[str, Any], problem: str) -> None:
    assert POLICIES.problems(policies, SCHEMA) == [problem]


def test_the_schema_is_that_of_the_package(tmp_path: Path) -> None:
    archive, file = tmp_path / "omni.ja", tmp_path / "policies.json"
    file.write_text(json.dumps({"policies": {"Homepag": {}}}))
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("modules/other", "")
    assert POLICIES.main(str(file), str(archive)) == []
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(POLICIES.SCHEMA, json.dumps(SCHEMA))
    assert len(POLICIES.main(str(file), str(archive))) == 1


def test_a_program_that_is_given_as_a_command_has_no_place_for_a_file_of_its_own() -> None:
    """The module replaces it in every word of the command."""
    assert "%s" not in Path(POLICIES.__file__).read_text(encoding="utf-8")
