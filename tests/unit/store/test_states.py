"""A look at a machine as the index keeps it, and back."""

from __future__ import annotations

from oplever.record import calls
from oplever.store import states

LATER = {
    "format": 2,
    "digest_key": "k",
    "packages": {"bash": ["5.2-1", "Debian"]},
    "state": {"sysctl": {"kernel.x": "1"}, "group": {}},
    "unseen": {"outside": ["the walk took too long"]},
}


def test_a_state_holds_packages_and_every_kind_of_setting_of_the_first_format() -> None:
    look = calls.look({"packages": {"bash": ["5.2-1", "Debian"]}, "groups": {"adm": 4}})
    state = states.state(look)
    assert (state["package"], state["group"]) == ({"bash": "5.2-1"}, {"adm": "4"})
    kinds = ("file", "unit", "socket", "account", "group", "mount", "sysctl", "module", "network", "host")
    assert set(state) == {"package", states.TERMS, *kinds}
    assert states.look(state).written_in == 1


def test_what_is_compared_comes_back_with_its_terms() -> None:
    look = calls.look(LATER)
    again = states.look(states.state(look))
    compared = ("written_in", "versions", "facts", "unseen", "digest_key")
    assert [getattr(again, name) for name in compared] == [getattr(look, name) for name in compared]
    assert (again.digest_key, again.unseen) == ("k", {"outside": "the walk took too long"})


def test_a_state_without_terms_is_one_of_the_first_format() -> None:
    look = states.look({"package": {"bash": "1"}})
    assert (look.written_in, look.versions, look.facts, look.unseen, look.digest_key) == (1, {"bash": "1"}, {}, {}, "")
