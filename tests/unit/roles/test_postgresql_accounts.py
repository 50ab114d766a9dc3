"""Databases and accounts of PostgreSQL: what differs from the declaration, and the statements that mend it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.modules import postgresql_accounts as accounts

OWNER = {"name": "rooster", "password": "secret", "grants": []}
READER = {"name": "lezer", "password": "other", "grants": [{"database": "rooster", "privileges": ["SELECT"]}]}
DATABASE = {"name": "rooster", "owner": "rooster"}
OF_OWNER = ["rooster CONNECT", "rooster CREATE", "rooster TEMPORARY"]


class Server:
    """Answers what the server would, and keeps the statements that change something."""

    def __init__(self, *, roles: Any = (), databases: Any = (), rights: dict[str, Any] | None = None) -> None:
        self.answers = {accounts.ROLES: list(roles), accounts.DATABASES: list(databases)}
        self.rights = {"tables": [], "sequences": [], "now": [], "later": [], **(rights or {})}
        self.statements: list[str] = []

    def run(self, argv: list[str], data: str, cwd: str) -> tuple[int, str, str]:
        assert argv[-2] == "--dbname"
        if data.lstrip().startswith(("SELECT", "WITH")):
            return 0, json.dumps(self.answers.get(data, self.rights)), ""
        self.statements.append(f"{argv[-1]}: {data}")
        return 0, "", ""

    def settle(self, users: Any, databases: Any = (DATABASE,), *, check: bool = False) -> dict[str, Any]:
        params = {"users": list(users), "databases": list(databases)}
        result: dict[str, Any] = accounts.settle(params, accounts.Server(self.run), check)
        return result


def role(name: str, password: str, **changes: Any) -> dict[str, Any]:
    stored = accounts.verifier(password)
    return {"name": name, "verifier": stored, "plain": True, "ours": True, "groups": [], **changes}


def settled(**rights: Any) -> Server:
    """A server with what DATABASE, OWNER and READER declare."""
    return Server(
        roles=[role("rooster", "secret"), role("lezer", "other")],
        databases=[{"name": "rooster", "owner": "rooster", "rights": [*OF_OWNER, "lezer CONNECT"]}],
        rights={"later": [["r", "lezer", "SELECT"]], **rights},
    )


def test_a_server_as_declared_is_left_alone() -> None:
    server = settled(tables=["les"], now=[["r", "les", "lezer", "SELECT"]])
    assert server.settle([OWNER, READER]) == {"changed": False, "differences": [], "missing_tables": []}
    assert server.statements == []


def test_everything_is_made_on_an_empty_server() -> None:
    server = Server()
    result = server.settle([OWNER, READER])
    assert result["differences"][:3] == [
        "account rooster: missing",
        "account lezer: missing",
        "database rooster: missing",
    ]
    text = "\n".join(server.statements)
    assert 'CREATE DATABASE "rooster" OWNER "rooster"' in text
    assert 'postgres: REVOKE CONNECT ON DATABASE "rooster" FROM PUBLIC;' in text
    assert 'postgres: GRANT CONNECT ON DATABASE "rooster" TO "lezer";' in text
    later = 'ALTER DEFAULT PRIVILEGES FOR ROLE "rooster" IN SCHEMA public GRANT SELECT ON TABLES TO "lezer";'
    assert f"rooster: {later}" in server.statements
    assert "secret" not in text
    assert "other'" not in text


def test_check_mode_tells_the_same_and_changes_nothing() -> None:
    server = Server()
    assert "database rooster: missing" in server.settle([OWNER, READER], check=True)["differences"]
    assert server.statements == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verifier": accounts.verifier("another")}, "account rooster: another password or none"),
        ({"verifier": None}, "account rooster: another password or none"),
        ({"plain": False}, "account rooster: more rights than an account has, or no login"),
        ({"groups": ["pg_monitor"]}, "account rooster: member of pg_monitor"),
    ],
    ids=["password", "none", "superuser", "member"],
)
def test_what_was_changed_by_hand_is_put_right(changes: dict[str, Any], words: str) -> None:
    server = settled()
    server.answers[accounts.ROLES][0].update(changes)
    assert server.settle([OWNER, READER])["differences"] == [words]
    assert len(server.statements) == 1


def test_rights_that_nobody_declared_are_taken_away() -> None:
    now = [["r", "les", "lezer", "SELECT"], ["r", "les", "lezer", "DELETE"], ["r", "les", "iemand", "DELETE"]]
    server = settled(tables=["les"], now=now)
    server.answers[accounts.DATABASES][0]["rights"].append(" CONNECT")
    server.settle([OWNER, READER])
    assert server.statements == [
        'postgres: REVOKE CONNECT ON DATABASE "rooster" FROM PUBLIC;',
        'rooster: REVOKE DELETE ON TABLE public."les" FROM "lezer";',
    ]


def test_a_grant_by_table_holds_for_that_table_and_waits_for_one_that_is_not_there() -> None:
    grant = {"database": "rooster", "tables": ["les", "lokaal"], "privileges": ["SELECT", "INSERT"]}
    server = settled(tables=["les", "cijfer"], sequences=["les_id_seq"], later=[])
    result = server.settle([OWNER, {**READER, "grants": [grant]}])
    assert result["missing_tables"] == ["rooster.lokaal"]
    assert server.statements == [
        'rooster: GRANT SELECT ON SEQUENCE public."les_id_seq" TO "lezer";',
        'rooster: GRANT USAGE ON SEQUENCE public."les_id_seq" TO "lezer";',
        'rooster: GRANT INSERT ON TABLE public."les" TO "lezer";',
        'rooster: GRANT SELECT ON TABLE public."les" TO "lezer";',
    ]


def test_an_account_that_is_no_longer_declared_goes_and_one_of_others_stays() -> None:
    server = settled()
    server.answers[accounts.ROLES] += [role("weg", "x"), role("eigen", "x", ours=False)]
    assert server.settle([OWNER, READER])["differences"] == ["account weg: no longer declared"]
    assert server.statements == [
        'postgres: REASSIGN OWNED BY "weg" TO "postgres"; DROP OWNED BY "weg";',
        'rooster: REASSIGN OWNED BY "weg" TO "rooster"; DROP OWNED BY "weg";',
        'postgres: DROP ROLE "weg";',
    ]


def test_a_privilege_that_does_not_exist_is_refused_in_words() -> None:
    grant = {"database": "rooster", "privileges": ["SELCT"]}
    with pytest.raises(ValueError, match="There is no privilege SELCT on a table"):
        settled().settle([OWNER, {**READER, "grants": [grant]}])


def test_the_words_of_the_server_are_told_without_the_statement() -> None:
    def refuse(argv: list[str], data: str, cwd: str) -> tuple[int, str, str]:
        return 3, "", "LINE 1: PASSWORD 'x'\nERROR:  permission denied"

    with pytest.raises(ValueError, match="PostgreSQL, database postgres: ERROR:  permission denied"):
        accounts.Server(refuse).execute("ALTER ROLE x PASSWORD 'x'")


def test_a_verifier_is_the_one_that_servers_agree_on() -> None:
    """The example of RFC 7677, section 3."""
    stored = accounts.verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    keys = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    assert stored == f"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${keys}"
    assert accounts.is_password("pencil", stored)
    assert not accounts.is_password("Pencil", stored)
    assert not accounts.is_password("pencil", "md5aaaa")
