"""What the recorder knows of changes: whether a role has to be tested now, and whether an earlier audit still holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils import changes


@dataclass
class Role:
    name: str

    def get_name(self) -> str:
        return self.name


@dataclass
class Task:
    """As much of Ansible's own as is looked at."""

    _role: Role | None = None
    _parent: Any = None


NGINX = Task(Role("oplever.lab.nginx"))
NGINX_OF_THE_WIKI = Task(Role("oplever.lab.nginx"), Task(Role("oplever.lab.dokuwiki")))


@pytest.fixture(autouse=True)
def _recording() -> Iterator[None]:
    changes.begin()
    yield
    changes.end()


@pytest.mark.parametrize(
    ("status", "expected"),
    [("ok", False), ("skipped", False), ("changed", True), ("failed", True), ("ignored", True), ("unreachable", True)],
)
def test_a_role_is_tested_after_what_can_have_changed_a_machine(status: str, expected: bool) -> None:
    changes.learn("web1", NGINX, status)
    assert changes.is_untested("web1", "oplever.lab.nginx") is expected
    assert changes.has_changed("web1") is expected
    assert not changes.is_untested("web2", "oplever.lab.nginx")
    assert not changes.is_untested("web1", "oplever.lab.dns")


def test_after_its_tests_a_role_is_tested_until_it_changes_something_again() -> None:
    changes.learn("web1", NGINX, "changed")
    changes.tested("web1", NGINX)
    assert not changes.is_untested("web1", "oplever.lab.nginx")
    assert changes.has_changed("web1")
    changes.learn("web1", NGINX, "changed")
    assert changes.is_untested("web1", "oplever.lab.nginx")


def test_what_a_role_includes_is_its_own_change_too() -> None:
    changes.learn("web1", NGINX_OF_THE_WIKI, "changed")
    assert changes.is_untested("web1", "oplever.lab.dokuwiki")
    assert changes.is_untested("web1", "oplever.lab.nginx")


def test_a_role_that_is_included_by_its_path_has_the_name_of_its_directory() -> None:
    changes.learn("web1", Task(Role("/srv/roles/scanner")), "changed")
    assert changes.is_untested("web1", "scanner")
    assert changes.is_untested("web1", "/srv/roles/scanner/")


def test_without_a_recorder_everything_is_tested() -> None:
    changes.end()
    assert changes.is_untested("web1", "oplever.lab.nginx")
    assert changes.has_changed("web1")
