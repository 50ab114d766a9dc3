"""`oplever checks`: tools for files with checks."""

from __future__ import annotations

from pathlib import Path

import click

from oplever.checks import lint as linter
from oplever.cli.help import Group
from oplever.cli.language import say
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.text import printable


@click.group(cls=Group)
def checks() -> None:
    """Tools for files with checks: role tests and baseline controls."""


@checks.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--parameters",
    type=click.Path(path_type=Path),
    help="File with the profile values that {param: name} refers to.",
)
def lint(paths: tuple[Path, ...], parameters: Path | None) -> None:
    """List every mistake in the checks of PATHS (files or directories), with line and column.

    \b
    Finds lists of checks in files of their own, in tasks that call oplever.lab.checks, in variables named ..._checks.
    Example:
      oplever checks lint roles/harden/files/baseline inventories

    Ends with 1 when there is a mistake.
    """
    values = linter.read_parameters(parameters) if parameters else None
    count, findings = 0, []
    for path in linter.files(list(paths)):
        number, mistakes = linter.lint(path, values)
        if not number and not mistakes and path in paths:
            raise OpleverError(
                "checks-none", M_("{path} has no checks", path=path), M_("Give a file with a list of checks.")
            )
        count += number
        findings += mistakes
    for finding in findings:
        about = f"{finding.check}: " if finding.check else ""
        click.echo(printable(f"{finding.path}:{finding.line}:{finding.column}: {about}{finding.message}"))
    if findings:
        raise click.exceptions.Exit(1)
    if not count:
        raise OpleverError("checks-none", M_("no checks were found"), M_("Give a file or directory with checks."))
    say("{count} checks, no mistakes", count=count)
