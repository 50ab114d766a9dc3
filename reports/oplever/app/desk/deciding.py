"""A supervisor decides at the desk about what was on the page."""

from __future__ import annotations

from pathlib import Path

from oplever.app.desk import key
from oplever.app.sign import Signed, sign
from oplever.errors import OpleverError
from oplever.messages import M_


def decide(directory: Path, name: str, decision: str, remarks: str, head: str) -> Signed:
    """Add the decision of this person, who just gave the password, and sign it with the key of the desk. `head` is what
    the record was when the page was shown (`store.chain.head`).

    Raises OpleverError: `record-changed`, `entry-invalid`, and what `sign` raises.
    """
    if decision not in ("approved", "rejected"):
        raise OpleverError(
            "entry-invalid", M_("decision: it is neither approved nor rejected"), M_("choose one of the two")
        )
    if decision == "rejected" and not remarks.strip():
        raise OpleverError(
            "entry-invalid", M_("remarks: a rejection needs a reason"), M_("write what has to be mended")
        )
    return sign(
        directory,
        name,
        "supervisor",
        key=key.key(),
        decision=decision,
        remarks=remarks.strip(),
        through="desk",
        after=head,
    )
