"""`oplever incident closures`: holidays are proposed, and only what the rules have counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from command import attempt
from oplever.kinds.incident import rules_file

CALENDAR = """
calendar:
  zone: Europe/Amsterdam
  week: {monday: ["08:00-17:00"], tuesday: ["08:00-17:00"], thursday: ["08:00-17:00"], friday: ["08:00-17:00"]}
  closures: [{from: 2026-12-21, until: 2027-01-01}]
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk that is closed on Wednesdays and at weekends, and in the Christmas holidays."""
    defaults = Path(rules_file.__file__).with_name("defaults.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(defaults) | yaml.safe_load(CALENDAR)
    (tmp_path / "ansible.cfg").touch()
    (tmp_path / "incidents.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "incidents.yml"


def propose(*arguments: str) -> tuple[int, str, str]:
    done = attempt("incident", "closures", *arguments)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("rules")
def test_holidays_on_which_somebody_works_are_proposed_as_lines_of_the_rules() -> None:
    """1 January is closed already, 27 April 2027 is a Tuesday, and 5 May a Wednesday."""
    code, out, err = propose("2027", "--language", "nl")
    assert code == 0
    proposed = {row["from"].isoformat(): row["name"] for row in yaml.safe_load(out)}
    assert proposed == {
        "2027-03-26": "Goede vrijdag",
        "2027-03-29": "Tweede paasdag",
        "2027-04-27": "Koningsdag",
        "2027-05-06": "Hemelvaartsdag",
        "2027-05-17": "Tweede pinksterdag",
    }
    assert "voorstellen" in err


def test_what_was_copied_is_proposed_no_more(rules: Path) -> None:
    _, lines, _ = propose("2027", "--language", "en")
    settings = yaml.safe_load(rules.read_text(encoding="utf-8"))
    settings["calendar"]["closures"] += yaml.safe_load(lines)
    rules.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    assert rules_file.parse(rules.read_bytes()).mistakes == ()
    assert propose("2027", "--language", "en")[:2] == (0, "")


@pytest.mark.usefixtures("rules")
def test_other_countries_have_other_holidays() -> None:
    austria = propose("2027", "--country", "at", "--language", "en")[1]
    assert '{from: 2027-10-26, until: 2027-10-26, name: "National Day"}' in austria
    all_of_it, bavaria = (propose("2026", "--country", "DE", *region)[1] for region in ((), ("--region", "by")))
    assert "2026-01-06" not in all_of_it
    assert "2026-01-06" in bavaria


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("place", [("--country", "XX"), ("--country", "NL", "--region", "QQ"), ("--country", "../x")])
def test_a_country_that_is_not_known_is_an_error_with_advice(place: tuple[str, ...]) -> None:
    code, out, err = propose("2027", *place)
    assert (code, out) == (2, "")
    assert "[country-unknown]" in err


@pytest.mark.usefixtures("rules")
def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    code, _, err = propose("2027")
    assert code == 2
    assert "pip install 'oplever[calendar]'" in err
