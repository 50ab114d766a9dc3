"""The command as a person types it, in the process of the test."""

from __future__ import annotations

from click.testing import CliRunner, Result
from oplever.cli.main import main


def run(*arguments: str, code: int | None = 0, given: str = "") -> Result:
    """What `oplever` with these arguments gave, with `given` on standard input. It ended without a traceback, and with
    `code` unless that is None."""
    done = CliRunner().invoke(main, list(arguments), input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert code is None or done.exit_code == code, f"{arguments}\n{done.output}"
    return done
