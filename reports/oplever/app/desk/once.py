"""Forms that were sent: one that comes twice, by a double click or a reload, does its work once.

A form is the key that its page gave it with everything that was filled in; the database has their digest. Whoever goes
back, changes something and sends it again has sent another form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from oplever import clock
from oplever.app.desk.sessions import digest
from oplever.store.database import Database

KEPT = timedelta(days=1)
"""After which a form that is sent again is another one; its session is over long before."""


def form_digest(path: str, fields: Mapping[str, Sequence[str]], files: Sequence[bytes]) -> str:
    """What a form that was sent to a path is known by."""
    parts = [path, *(f"{name}={value}" for name in sorted(fields) for value in fields[name])]
    parts += [hashlib.sha256(content).hexdigest() for content in files]
    return digest("\0".join(parts))


def claim(database: Database, form: str) -> str | None:
    """None for whoever is the first with this form, who has to `settle` or `release` it; else the path to what came of
    it, empty while that is not known."""
    with database.writing():
        outcomes = database.column("SELECT outcome FROM oplever_desk_forms WHERE digest = :form", {"form": form})
        if outcomes:
            return str(outcomes[0])
        statement = "INSERT INTO oplever_desk_forms (digest, at, outcome) VALUES (:form, :now, '')"
        database.change(statement, {"form": form, "now": clock.now()})
    return None


def settle(database: Database, form: str, outcome: str) -> None:
    """It did its work; who sends it again is led to the path `outcome`."""
    statement = "UPDATE oplever_desk_forms SET outcome = :outcome WHERE digest = :form"
    database.change(statement, {"form": form, "outcome": outcome})


def release(database: Database, form: str) -> None:
    """It was refused: the same form may be sent again."""
    database.change("DELETE FROM oplever_desk_forms WHERE digest = :form", {"form": form})


def forget(database: Database) -> None:
    """Take away what is older than it is kept."""
    oldest = clock.written(clock.moment(clock.now()) - KEPT)
    database.change("DELETE FROM oplever_desk_forms WHERE at < :oldest", {"oldest": oldest})
