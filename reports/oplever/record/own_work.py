"""Nobody decides about work that he did himself: not as supervisor, not as user, not under another spelling. Pure."""

from __future__ import annotations

from oplever.errors import OpleverError
from oplever.messages import M_, N_, Message
from oplever.record.model import Record
from oplever.record.persons import is_executor, supervisors

_NOT_BY_ONESELF = {
    "supervisor": N_("{name} did the work; nobody decides about his own work"),
    "verifier": N_("{name} did the work; nobody verifies his own work"),
    "principal": N_("{name} did the work; nobody signs for his own work"),
    "user": N_("{name} did the work; nobody accepts his own work"),
    "approver": N_("{name} did the work; nobody approves a deviation in his own work"),
}
"""By the role in which somebody may not speak of his own work."""


def check_role(record: Record, name: str, role: str) -> None:
    """Raises OpleverError (`decision-by-executor`) when somebody who did the work decides, accepts or signs as `role`.

    He may write down what the user says; the page then says that he did.
    """
    executor = is_executor(record, name) if role in _NOT_BY_ONESELF else None
    if executor is None:
        return
    names = name if executor == name else M_("{name} (in this record: {executor})", name=name, executor=executor)
    assigned = ", ".join(supervisors(record)) if role == "supervisor" else ""
    other = M_("let somebody do it who did not do the work")
    who = M_("let {names} do it", names=assigned) if assigned else other
    raise OpleverError(
        "decision-by-executor",
        Message(_NOT_BY_ONESELF[role], {"name": names}),
        M_("{who}: --by, --user or --approver", who=who),
    )
