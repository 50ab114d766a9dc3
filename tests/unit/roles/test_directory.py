"""Accounts and groups of a directory: read from tables, and what differs from the declaration."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.module_utils import directory_accounts as directory

ROLE = Path(__file__).resolve().parents[3] / "roles/directory"
JAN = {"name": "jan", "full_name": "Jan Smit", "groups": ["3a"]}
HAS = {
    "accounts": {
        "jan": {"full_name": "Jan Smit", "enabled": True, "groups": ["3a"], "system": False},
        "oud": {"full_name": "Oud", "enabled": False, "groups": [], "system": False},
        "administrator": {"full_name": "administrator", "enabled": True, "groups": ["domain admins"], "system": True},
    },
    "groups": {
        "3a": {"description": "", "system": False},
        "domain admins": {"description": "Admins", "system": True},
    },
}


def plan_steps(*accounts: dict[str, Any], groups: Any = (), remove: str = "disable") -> list[str]:
    rows = directory.declared(list(accounts), [])
    plan = directory.plan(rows, list(groups), HAS, remove)
    assert len(plan.steps) == len(plan.differences)
    assert bool(plan.shown) == bool(plan.steps)
    return [" ".join(step) for step in plan.steps]


def test_an_account_as_declared_is_left_alone() -> None:
    assert plan_steps(JAN) == []
    assert plan_steps({"name": "jan"}) == []


def test_a_new_account_gets_its_name_and_groups_which_are_made_before() -> None:
    steps = plan_steps({"name": "lot", "full_name": "Lot", "groups": ["3a", "musical"]})
    assert steps == [
        "make_group musical ",
        "make_account lot",
        "name_account lot Lot",
        "join lot 3a",
        "join lot musical",
    ]


def test_another_class_takes_the_account_out_of_the_former_one() -> None:
    assert plan_steps({**JAN, "groups": ["4a"]}) == ["make_group 4a ", "join jan 4a", "leave jan 3a"]
    assert plan_steps({**JAN, "groups": []}) == ["leave jan 3a"]


@pytest.mark.parametrize(("remove", "steps"), [("disable", ["disable jan"]), ("delete", ["delete jan"])])
def test_what_must_go_is_disabled_or_deleted_as_asked(remove: str, steps: list[str]) -> None:
    assert plan_steps({"name": "jan", "state": "absent"}, remove=remove) == steps


def test_what_went_before_is_left_alone() -> None:
    assert plan_steps({"name": "oud", "state": "absent"}, {"name": "weg", "state": "absent"}) == []
    assert plan_steps({"name": "oud", "state": "absent"}, remove="delete") == ["delete oud"]


def test_a_disabled_account_that_is_declared_works_again() -> None:
    assert plan_steps({"name": "oud"}) == ["enable oud"]


def test_groups_are_made_described_and_removed() -> None:
    groups = [{"name": "3a", "state": "absent"}, {"name": "docenten", "description": "D"}]
    assert plan_steps(groups=groups) == ["make_group docenten D", "delete_group 3a"]
    assert plan_steps(groups=[{"name": "3a", "description": "Klas"}]) == ["describe_group 3a Klas"]
    assert plan_steps(groups=[{"name": "3a"}, {"name": "weg", "state": "absent"}]) == []


@pytest.mark.parametrize(
    ("accounts", "groups", "message"),
    [
        ([{"name": "administrator"}], [], "account administrator belongs to the domain itself"),
        ([], [{"name": "domain admins"}], "no name of a group"),
        ([JAN], [{"name": "3a", "state": "absent"}], "group 3a is to be removed"),
        ([{"name": "3a-x", "groups": []}], [], "no name of an account"),
        ([{"name": "jan", "groups": ["jan"]}], [], "name of an account and of a group"),
        ([{"name": "jan", "groups": ["Enterprise Gods"]}], [], "there is no group 'enterprise gods'"),
    ],
)
def test_what_cannot_be_is_refused(accounts: Any, groups: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_steps(*accounts, groups=groups)


def test_only_the_inventory_gives_rights_over_the_domain() -> None:
    assert plan_steps({"name": "jan", "groups": ["Domain Admins"]}) == ["join jan domain admins", "leave jan 3a"]
    rows = [{"name": "jan", "groups": ["3a", "beheerders"], "place": "a.csv:2", "of_table": True}]
    has = {**HAS, "groups": {**HAS["groups"], "beheerders": {"description": "", "system": True}}}
    with pytest.raises(ValueError, match=r"a\.csv:2: group beheerders belongs to the domain"):
        directory.plan(rows, [], has)


def test_a_diff_shows_no_password() -> None:
    rows = directory.declared([{**JAN, "name": "lot", "password": "Geheim-1234"}], [])
    plan = directory.plan(rows, [], HAS)
    assert "Geheim" not in str(plan.__dict__)


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_is_read(separator: str) -> None:
    text = '\ufeffAccount,Name,Groups,State\r\nl.devries,"Vries; Lotte",3a musical,\r\n\r\nweg,,,absent\r\n'
    rows, mistakes = directory.table("a.csv", text.replace(",", separator) if separator == ";" else text)
    assert mistakes == []
    first, second = rows
    assert first["groups"] == ["3a", "musical"]
    assert (first["full_name"], first["place"]) == ("Vries; Lotte", "a.csv:2")
    assert (second["name"], second["state"], second["groups"]) == ("weg", "absent", [])


def test_a_table_without_groups_leaves_them_alone() -> None:
    assert "groups" not in directory.table("a.csv", "account\njan\n")[0][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv: the table is empty"),
        ("naam;groep\n", 'a.csv:1: there is no column "naam"; the columns are account, name, groups, state.'),
        ("name,groups\n", "a.csv:1: each column is there once, account always"),
        ("account,account\n", "a.csv:1: each column is there once"),
        ("account,name\njan,Smit, Jan\n", "a.csv:2: has 3 columns and the first line 2; put quotes"),
        ("account\nJan\n", "a.csv:2: 'Jan' is no name of an account: give 1 to 20"),
        ("account,groups\njan,3A\n", "a.csv:2: '3A' is no name of a group: give lower case"),
        ("account,state\njan,weg\n", "a.csv:2: state 'weg' is not known; it is present or absent"),
        ("account\njan\npiet\njan\n", "a.csv:4: account jan stands at a.csv:2 too; remove one"),
    ],
)
def test_a_line_that_is_not_right_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        directory.declared([], [{"name": "a.csv", "text": text}])
    assert str(refused.value).startswith("Nothing was changed.")


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"directory_users: Jan.*b\.csv:2") as refused:
        directory.declared([{"name": "Jan"}], [{"name": "b.csv", "text": "account\n2a\n"}])
    assert str(refused.value).count(" is no name of an account") == 2


@pytest.mark.parametrize("length", [1, 14, 20])
def test_a_password_has_letters_digits_and_the_length(length: int) -> None:
    passwords = {directory.password(length) for _ in range(20)}
    assert len(passwords) == 20
    for password in passwords:
        assert len(password) >= max(length, 14)
        assert re.match(r"[A-Z][a-z]{3}-[2-9]{4}-[a-z]{4}", password)


@pytest.mark.parametrize(("account", "is_refused"), [("l.devries", True), ("root", False), ("roo", True)])
def test_a_machine_is_refused_on_which_ansible_logs_in_with_an_account_of_the_directory(
    account: str, is_refused: bool
) -> None:
    """The program by which the role looks at a machine, before it changes anything there."""
    look = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["__directory_look"]
    command = ["bash", "-c", look, "look", "SCHOOL.EXAMPLE", "srv1.school.example", account]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("foreign" in done.stdout.splitlines()) is is_refused
    assert (f"Ansible logs in as {account}, which is no account of this machine" in done.stderr) is is_refused
