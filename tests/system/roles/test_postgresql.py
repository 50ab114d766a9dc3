"""What the role postgresql asks a real server: each change that somebody makes behind its back is a row that differs,
what an application does every day is none, and what the owner of a database put in it never runs as the account of the
server.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.modules import postgresql_accounts as accounts

ROOT = Path(__file__).resolve().parents[3]
WATCH = yaml.safe_load((ROOT / "roles/postgresql/vars/watch.yml").read_text(encoding="utf-8"))["__postgresql_watch"]
AS_POSTGRES = ["runuser", "-u", "postgres", "--"]
Rows = dict[str, dict[str, str]]
"""Table and key -> the other columns."""
# Functions that an owner would put before those of the server; they show when the account of the server runs them.
TRAP = """
ALTER DATABASE school SET search_path = trap, pg_catalog;
CREATE SCHEMA trap;
CREATE FUNCTION trap.spring() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN CREATE TABLE trap.sprung (); END IF;
END $$;
CREATE FUNCTION trap.current_database() RETURNS name LANGUAGE plpgsql AS
  $$ BEGIN PERFORM trap.spring(); RETURN pg_catalog.current_database(); END $$;
CREATE FUNCTION trap.pg_get_userbyid(oid) RETURNS name LANGUAGE plpgsql AS
  $$ BEGIN PERFORM trap.spring(); RETURN pg_catalog.pg_get_userbyid($1); END $$;
CREATE FUNCTION trap.has_table_privilege(text, oid, text) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN PERFORM trap.spring(); RETURN pg_catalog.has_table_privilege($1::name, $2, $3); END $$;
"""
PLANTED = {
    "ALTER ROLE reader CREATEROLE BYPASSRLS": "PostgreSQL account reader | more=makes accounts, sees all rows",
    "ALTER ROLE reader SET statement_timeout = 7": "PostgreSQL setting statement_timeout every database reader",
    "GRANT pg_read_all_data TO reader": "PostgreSQL member reader pg_read_all_data",
    "GRANT INSERT ON lesson TO reader": "PostgreSQL rights school relation public.lesson reader | may=INSERT",
    "GRANT SELECT (subject) ON lesson TO PUBLIC": "PostgreSQL rights school column public.lesson.subject everybody",
    "GRANT SELECT ON pg_authid TO reader": "PostgreSQL rights school relation pg_authid reader | may=SELECT",
    "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO reader": "PostgreSQL rights school function pg_read_file(text)",
    "GRANT CREATE ON SCHEMA public TO reader": "PostgreSQL rights school schema public reader | may=CREATE",
    "ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT UPDATE ON TABLES TO PUBLIC":
        "PostgreSQL rights school tables that owner makes later everybody | may=UPDATE",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END'":
        "PostgreSQL object school function public.f() | of=oplever state=plpgsql, as its owner",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN OLD; END'":
        "PostgreSQL object school function public.f()",
    "CREATE TRIGGER t BEFORE UPDATE ON lesson FOR EACH ROW EXECUTE FUNCTION f()":
        "PostgreSQL object school trigger public.lesson.t",
    "ALTER TABLE lesson DISABLE TRIGGER t": "PostgreSQL object school trigger public.lesson.t | state=D",
    "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION e()":
        "PostgreSQL object school trigger of events e",
    "ALTER TABLE lesson ENABLE ROW LEVEL SECURITY": "PostgreSQL object school table public.lesson",
    "CREATE POLICY p ON lesson USING (true)": "PostgreSQL object school policy public.lesson.p",
    "CREATE RULE r AS ON INSERT TO lesson DO ALSO DELETE FROM later": "PostgreSQL object school rule public.lesson.r",
    "CREATE OR REPLACE VIEW hours AS SELECT hour + 1 AS hour FROM lesson": "PostgreSQL object school view public.hours",
    "ALTER TABLE later OWNER TO reader": "PostgreSQL object school table public.later | of=reader",
    "CREATE PUBLICATION p FOR ALL TABLES": "PostgreSQL object school publication p | of=oplever state=all tables",
    "CREATE OR REPLACE FUNCTION pg_catalog.pg_sleep(double precision) RETURNS void LANGUAGE sql AS 'SELECT'":
        "PostgreSQL object school functions of the server and of extensions",
}  # fmt: skip
"""What somebody does in the database school -> the row that differs then."""


class Server:
    """The server of these tests, asked as the role asks that of a machine but by the account of the tests."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.env = {
            **os.environ,
            "PGHOST": parse_qs(parts.query)["host"][0],
            "PGUSER": str(parts.username),
            "PGDATABASE": "postgres",
        }

    def run(self, argv: list[str], data: str = "", cwd: str = "/") -> tuple[int, str, str]:
        argv = argv[4:] if argv[:4] == AS_POSTGRES else argv
        done = subprocess.run(argv, input=data, env=self.env, cwd=cwd, text=True, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def act(self, statements: str, database: str = "school") -> str:
        code, out, err = self.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", database], statements)
        assert code == 0, err
        return out

    def rows(self) -> Rows:
        """What the snapshot would get from the tables of the role."""
        rows: Rows = {}
        for table in WATCH["tables"]:
            code, out, err = self.run(table["command"])
            assert (code, err) == (0, ""), table["name"]
            for line in out.splitlines():
                fields = dict(zip(table["columns"], line.split("\t"), strict=True))
                key = " ".join([table["name"], *(fields.pop(name) for name in table["key"])])
                assert key not in rows, key
                rows[key] = fields
        return rows


@pytest.fixture(scope="module")
def server(postgresql: str) -> Server:
    made = Server(postgresql)
    made.act("CREATE ROLE owner LOGIN; CREATE ROLE reader LOGIN; CREATE DATABASE school OWNER owner", "postgres")
    made.act('CREATE DATABASE "a name = of this kind"', "postgres")
    made.act("SET ROLE owner; CREATE TABLE lesson (hour int, subject text); CREATE TABLE later (a int);"
             "CREATE VIEW hours AS SELECT hour FROM lesson; GRANT SELECT ON lesson TO reader;"
             "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader")  # fmt: skip
    return made


def changed(before: Rows, after: Rows) -> list[str]:
    """The rows that came or differ, with what differs."""
    lines = []
    for key, fields in after.items():
        was = before.get(key, {})
        if differing := [f"{name}={value}" for name, value in fields.items() if value != was.get(name)]:
            lines.append(f"{key} | {' '.join(differing)}")
    return lines


def test_what_an_application_does_every_day_differs_in_nothing(server: Server) -> None:
    before = server.rows()
    server.act("SET ROLE owner; INSERT INTO lesson VALUES (1, 'maths'); CREATE TEMP TABLE work (a int); ANALYZE lesson")
    server.act("VACUUM; REINDEX TABLE lesson")
    assert server.rows() == before
    server.act("SET ROLE owner; CREATE TABLE of_today (a int)")
    assert [row.partition(" | ")[0] for row in changed(before, server.rows())] == [
        "PostgreSQL object school table public.of_today"
    ], "what follows from a right for what is made later is no right of its own"
    server.act("DROP TABLE of_today")


def test_each_change_behind_its_back_is_a_row_that_differs(server: Server) -> None:
    wrong: dict[str, Any] = {}
    before = server.rows()
    for statements, expected in PLANTED.items():
        server.act(statements)
        after = server.rows()
        lines = changed(before, after)
        if not any(line.startswith(expected) for line in lines):
            wrong[statements] = lines
        before = after
    assert wrong == {}


def test_what_an_owner_puts_before_the_functions_of_the_server_is_not_run(server: Server) -> None:
    server.act("SET ROLE owner;" + TRAP)
    server.act("SELECT current_database()")
    assert "sprung" in server.act("SELECT relname FROM pg_class WHERE relname = 'sprung'"), "it is no trap"
    server.act("DROP TABLE trap.sprung")
    server.rows()
    accounts.Server(server.run).ask(accounts.OBJECTS + accounts.RIGHTS, "school")
    assert server.act("SELECT relname FROM pg_class WHERE relname = 'sprung'") == ""
