"""`oplever incident`: take reports in, handle them in the order of the queue, and close them."""

from __future__ import annotations

import click

from oplever.cli.entry_commands import EntryCommands

_HANDLING = "oplever.cli.incident_handling"
_MODULES = {
    "oplever.cli.incident_mail": ("mail", "tell", "attachment"),
    "oplever.cli.incident_week": ("week",),
    "oplever.cli.incident_closures": ("closures",),
    "oplever.cli.incident_list": ("list",),
    "oplever.cli.incident_show": ("show",),
    _HANDLING: ("new", "take", "retest", "merge", "from-record", "check"),
}
ORDER = (
    "new", "list", "show", "classify", "assess", "take", "assign", "pass", "escalate", "wait", "resume", "tell", "work",
    "material", "hours", "solve", "retest", "confirm", "close", "reopen", "merge", "link", "from-record", "mail",
    "read", "attachment", "leak", "notify", "week", "closures", "check",
)  # fmt: skip
"""The commands as the help lists them: as a case goes, then mail, breaches and what is over all cases."""


@click.group("incident", cls=EntryCommands, made_by=_HANDLING, modules=_MODULES, order=ORDER)
def incident() -> None:
    """Take reports in, handle them in the order of the queue, and close them.

    \b
    Examples:
      oplever incident new --channel counter --reporter "J. Bakker" --text "De printer in 0.14 doet niets"
      oplever incident list
      oplever incident take 3f9c1a
    A CASE is a record, by name or path, or by the last six characters of its name.
    """
