"""Nobody decides about work that he did himself: not as supervisor, not as user, not under another spelling. Pure."""

from __future__ import annotations

from oplever.errors import OpleverError
from oplever.record.model import Record
from oplever.record.persons import is_executor, supervisors

_DOES = {
    "supervisor": "decides about",
    "verifier": "verifies",
    "principal": "signs for",
    "user": "accepts",
    "approver": "approves a deviation in",
}


def check_role(record: Record, name: str, role: str) -> None:
    """Raises OpleverError (`decision-by-executor`) when somebody who did the work decides, accepts or signs as `role`.

    He may write down what the user says; the page then says that he did.
    """
    executor = is_executor(record, name) if role in _DOES else None
    if executor is None:
        return
    same = "" if executor == name else f" (in this record: {executor})"
    assigned = ", ".join(supervisors(record)) if role == "supervisor" else ""
    who = f"let {assigned} do it" if assigned else "let somebody do it who did not do the work"
    raise OpleverError(
        "decision-by-executor",
        f"{name}{same} did the work; nobody {_DOES[role]} his own work",
        f"{who}: --by, --user or --approver",
    )
