"""How a run was stopped: the code that its last line has, or that of the words which older writers put there."""

from __future__ import annotations

import re

from oplever.journal.events import RunEnd, Stop

_BETWEEN_PLAYBOOKS = re.compile(r"stopped after (?P<begun>\d+) of (?P<playbooks>\d+) playbooks")
_DATA_END = re.compile(r"the data of .+ end before the recap")


def stop_of(end: RunEnd) -> Stop | None:
    """How the run with this end was stopped; None when it finished, and when only its words say it."""
    if end.stopped is not None:
        return end.stopped
    if end.reason.startswith("stopped before the recap"):
        return Stop("before_recap")
    if counts := _BETWEEN_PLAYBOOKS.fullmatch(end.reason):
        return Stop("between_playbooks", int(counts["begun"]), int(counts["playbooks"]))
    if _DATA_END.match(end.reason):
        return Stop("data_end")
    return None
