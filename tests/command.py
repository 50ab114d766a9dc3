"""The command as a person types it, in the process of the test."""

from __future__ import annotations

from click.testing import CliRunner, Result
from oplever.cli.main import main


def attempt(*arguments: str, stdin: str = "") -> Result:
    """What `oplever` with these arguments gave, with `stdin` typed in. However it ended: it was without a traceback."""
    done = CliRunner().invoke(main, list(arguments), input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def run(*arguments: str, code: int = 0, stdin: str = "") -> Result:
    """The same, which has to end with `code`."""
    done = attempt(*arguments, stdin=stdin)
    assert done.exit_code == code, f"{arguments}\n{done.output}"
    return done
