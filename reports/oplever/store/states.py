"""What can be compared of a machine, as the index keeps it: by kind, name -> one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from oplever._shared.differences import FIRST_FORMAT, PACKAGE, Look

State = dict[str, dict[str, str]]
"""`package` or a kind of setting -> name -> one line, equal when it is equal; and TERMS."""
TERMS = "(terms)"
"""On which terms a state may be compared, in the place of a kind."""
_FORMAT, _KEY, _UNSEEN = "format", "digest_key", "unseen "


def state(look: Look) -> State:
    terms = {_FORMAT: str(look.written_in), _KEY: str(look.digest_key or "")}
    terms |= {f"{_UNSEEN}{kind}": reason for kind, reason in look.unseen.items()}
    return {PACKAGE: look.versions, TERMS: terms} | look.facts


def look(state: Mapping[str, dict[str, str]]) -> Look:
    """The reverse. Where packages are from, and who asked for them, is not kept."""
    facts = {kind: names for kind, names in state.items() if kind not in (PACKAGE, TERMS)}
    terms = state.get(TERMS, {})
    unseen = {name.removeprefix(_UNSEEN): why for name, why in terms.items() if name.startswith(_UNSEEN)}
    return Look(
        written_in=int(terms.get(_FORMAT, FIRST_FORMAT)),
        versions=state.get(PACKAGE, {}),
        facts=facts,
        unseen=unseen,
        digest_key=terms.get(_KEY, ""),
        origins={},
        manual=None,
    )
