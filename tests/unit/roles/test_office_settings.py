"""Settings of LibreOffice, held against the schema in its packages before they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from programs import program

ROLE = Path(__file__).resolve().parents[3] / "roles/office"
REGISTRY = program(ROLE / "files/registry.py")
SCHEMA = """\
<oor:data xmlns:oor="http://openoffice.org/2001/registry">
 <oor:component-schema oor:package="org.openoffice" oor:name="Setup">
  <templates>
   <group oor:name="Factory"><prop oor:name="ooSetupFactoryDefaultFilter" oor:type="xs:string"/></group>
  </templates>
  <component>
   <group oor:name="Office"><set oor:name="Factories" oor:node-type="Factory"/></group>
   <group oor:name="Product">
    <prop oor:name="LastTimeDonateShown" oor:type="xs:long"/><prop oor:name="Shown" oor:type="xs:boolean"/>
   </group>
  </component>
 </oor:component-schema>
 <oor:component-schema oor:package="org.openoffice.Office" oor:name="Common">
  <templates/>
  <component><node-ref oor:name="Filter" oor:component="org.openoffice.Setup" oor:node-type="Factory"/></component>
 </oor:component-schema>
</oor:data>
"""
FACTORY = "/org.openoffice.Setup/Office/Factories/org.openoffice.Setup:Factory['com.sun.star.text.TextDocument']"


def variables(**options: Any) -> dict[str, Any]:
    loader = DataLoader()
    role: dict[str, Any] = {}
    for part in ("defaults", "vars"):
        role |= loader.load_from_file(str(ROLE / part / "main.yml"), trusted_as_template=True)
    return role | {f"office_{name}": value for name, value in options.items()}


def wanted(**options: Any) -> list[dict[str, Any]]:
    values = variables(**options)
    found: list[dict[str, Any]] = Templar(DataLoader(), values).template(values["__office_wanted"])
    return found


def file_of(*settings: tuple[str, str, str]) -> str:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in settings
    )
    return f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "main.xcd").write_text(SCHEMA)
    (tmp_path / "oplever.xcu").write_text(file_of(("/org.openoffice.Setup/Product", "Shwn", "true")))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "name", "value", "problem"),
    [
        ("/org.openoffice.Setup/Product", "Shown", "true", ""),
        ("/org.openoffice.Setup/Product", "LastTimeDonateShown", "4102444800", ""),
        (FACTORY, "ooSetupFactoryDefaultFilter", "MS Word 2007 XML", ""),
        ("/org.openoffice.Office.Common/Filter", "ooSetupFactoryDefaultFilter", "writer8", ""),
        ("/org.openoffice.Setup/Product", "Shwn", "true", "Shwn is no setting; did you mean Shown?"),
        ("/org.openoffice.Setup/Product", "Shown", "yes", "Shown must be true or false, not yes"),
        (
            "/org.openoffice.Setup/Product",
            "LastTimeDonateShown",
            "",
            "LastTimeDonateShown must be a whole number, not ",
        ),
        ("/org.openoffice.Setup/Produkt", "Shown", "true", "Produkt is not there; did you mean Product?"),
        (FACTORY, "DefaultFilter", "x", "DefaultFilter is no setting"),
        ("/org.openoffice.Setups/Product", "Shown", "true", "there is no part org.openoffice.Setups of LibreOffice"),
    ],
)
def test_what_libreoffice_would_pass_over_in_silence_is_named(
    directory: Path, path: str, name: str, value: str, problem: str
) -> None:
    found = list(REGISTRY.problems(file_of((path, name, value)), REGISTRY.read_schemas(str(directory))))
    assert len(found) == bool(problem)
    assert all(text.startswith(f"{path}: {problem}") for text in found)


def test_the_schema_is_that_of_the_packages(directory: Path) -> None:
    assert len(REGISTRY.main(str(directory / "oplever.xcu"), str(directory))) == 1


def test_a_program_that_is_given_as_a_command_has_no_place_for_a_file_of_its_own() -> None:
    """The module replaces it in every word of the command."""
    assert "%s" not in Path(REGISTRY.__file__).read_text(encoding="utf-8")


def test_what_is_locked_is_what_was_asked() -> None:
    locked = {setting["name"]: setting["locked"] for setting in wanted(locked=["macros", "formats"])}
    assert locked["MacroSecurityLevel"]
    assert locked["ooSetupFactoryDefaultFilter"]
    assert not locked["CrashReport"]
    assert not locked["UILocale"]


@pytest.mark.parametrize(
    ("macros", "expected"), [("none", ("true", "3")), ("signed", ("false", "2")), ("ask", ("false", "1"))]
)
def test_macros(macros: str, expected: tuple[str, str]) -> None:
    values = {setting["name"]: setting["value"] for setting in wanted(macros=macros)}
    assert (values["DisableMacrosExecution"], values["MacroSecurityLevel"]) == expected


@pytest.mark.parametrize(
    ("formats", "filter_name", "warns"), [("odf", "calc8", "true"), ("ooxml", "Calc MS Excel 2007 XML", "false")]
)
def test_formats_of_the_programs_that_are_there(formats: str, filter_name: str, warns: str) -> None:
    settings = wanted(formats=formats, programs=["calc", "draw"])
    filters = [setting["value"] for setting in settings if setting["name"] == "ooSetupFactoryDefaultFilter"]
    assert filters == [filter_name]
    assert [setting["value"] for setting in settings if setting["name"] == "WarnAlienFormat"] == [warns]


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, [595, 842]), ({"locale": "en-GB"}, [595, 842]), ({"locale": "en-US"}, [612, 792])],
)
def test_paper_that_is_expected_follows_from_the_locale(options: dict[str, str], expected: list[int]) -> None:
    values = variables(**options)
    assert Templar(DataLoader(), values).template(values["__office_paper"]) == expected


def test_another_setting_is_locked_unless_it_says_otherwise() -> None:
    place = {"path": "/org.openoffice.Setup/Product", "name": "Shown", "value": True}
    assert [setting["locked"] for setting in wanted(settings=[place, {**place, "locked": False}])[-2:]] == [True, False]
    assert wanted(settings=[place])[-1]["value"] == "true"
