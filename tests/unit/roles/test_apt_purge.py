"""What goes with a package is what was there for it alone."""

from __future__ import annotations

import pytest
from ansible_collections.oplever.lab.plugins.modules import apt_purge

NEEDS = {"wiki": {"php"}, "php": {"php-common"}, "nginx": {"nginx-common"}, "forgotten": set(), "editor": set()}
ASKED_FOR = {"wiki", "nginx", "php", "editor"}


class Apt:
    """A machine with these packages; `forgotten` came with something that is gone."""

    def __init__(self, *installed: str) -> None:
        self.installed = {*installed, *(need for name in installed for need in NEEDS.get(name, ()))}

    def without(self, *names: str) -> set[str]:
        """The packages that go with these: those that need them."""
        gone = set(names) & self.installed
        while more := {name for name in self.installed - gone if NEEDS.get(name, set()) & gone}:
            gone |= more
        return gone

    def orphans(self, gone: set[str]) -> set[str]:
        left = self.installed - gone
        while idle := {name for name in left - ASKED_FOR if not any(name in NEEDS.get(user, ()) for user in left)}:
            left -= idle
        return self.installed - gone - left

    def run(self, *command: str) -> str:
        if command[0] == "dpkg-query":
            return "".join(f"{name}\tinstalled\n" for name in self.installed) + "old\tconfig-files\n"
        if command[0] == "apt-mark":
            return "\n".join(ASKED_FOR & self.installed)
        assert "APT::AutoRemove::SuggestsImportant=false" in command, "what is only suggested would stay"
        names = command[command.index("--simulate") :]
        if "autoremove" in names:
            gone = self.orphans(set())
        else:
            gone = self.without(*names)
            gone |= self.orphans(gone) if "--auto-remove" in names else set()
        return "".join(f"Purg {name} [1.0]\n" for name in sorted(gone))


def plan(apt: Apt, *names: str, verb: str = "purge") -> tuple[list[str], dict[str, list[str]]]:
    chosen, kept = apt_purge.plan(list(names), verb, apt.run)
    return chosen, kept


def test_what_came_along_goes_and_what_nobody_needed_before_stays() -> None:
    apt = Apt("nginx", "php", "forgotten", "editor")
    assert plan(apt, "nginx") == (["nginx", "nginx-common"], {})
    assert plan(apt, "php") == (["php", "php-common"], {})


def test_a_package_that_another_one_needs_stays_and_is_named() -> None:
    assert plan(Apt("wiki", "nginx", "php"), "nginx", "php") == (["nginx", "nginx-common"], {"php": ["wiki"]})


def test_a_package_that_is_not_there_is_passed_over() -> None:
    assert plan(Apt("editor"), "nginx") == ([], {})


def test_a_pattern_is_all_that_the_machine_has_of_it() -> None:
    apt = Apt("nginx", "editor")
    assert plan(apt, "nginx*", "dictionary-*") == (["nginx", "nginx-common"], {})
    assert plan(apt, "dictionary-*") == ([], {})
    assert plan(Apt("editor"), "ol*") == (["old"], {})


def test_settings_of_a_removed_package_go_with_a_purge_alone() -> None:
    assert plan(Apt("editor"), "old") == (["old"], {})
    assert plan(Apt("editor"), "old", verb="remove") == ([], {})


@pytest.mark.parametrize(
    ("purged", "left", "groups"),
    [
        (["cups-client"], {}, ["lpadmin"]),
        (["cups-client", "cups-daemon"], {"cups-client": "not-installed"}, ["lpadmin"]),
        (["cups-daemon"], {"cups-client": "installed"}, []),
        (["cups-client"], {"cups-daemon": "config-files"}, []),
        (["nginx"], {}, []),
    ],
)
def test_a_group_goes_with_the_last_package_that_makes_it(
    purged: list[str], left: dict[str, str], groups: list[str]
) -> None:
    assert apt_purge.groups_left(purged, left) == groups
