"""`oplever checks`: work on files of checks."""

from __future__ import annotations

from pathlib import Path

import click

from oplever.checks import lint as linter
from oplever.errors import OpleverError
from oplever.text import printable


@click.group()
@click.help_option(help="Show this help and stop.")
def checks() -> None:
    """Work on files of checks: tests of roles and controls of a baseline."""


@checks.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--parameters",
    type=click.Path(path_type=Path),
    help="File with the values of a profile for {param: name} in checks.",
)
@click.help_option(help="Show this help and stop.")
def lint(paths: tuple[Path, ...], parameters: Path | None) -> None:
    """Name every mistake in the checks of PATHS (files or directories), with its line and column.

    \b
    Finds lists of checks in files of their own, in tasks that call oplever.lab.checks, in variables named ..._checks.
    Example:
      oplever checks lint roles/harden/files/baseline inventories

    Ends with 1 when there is a mistake.
    """
    values = linter.read_parameters(parameters) if parameters else None
    count, findings = 0, []
    for path in linter.files(list(paths)):
        found, wrong = linter.lint(path, values)
        if not found and not wrong and path in paths:
            raise OpleverError("checks-none", f"{path} holds no checks", "Name a file with a list of checks in it.")
        count += found
        findings += wrong
    for finding in findings:
        about = f"{finding.check}: " if finding.check else ""
        click.echo(printable(f"{finding.path}:{finding.line}:{finding.column}: {about}{finding.message}"))
    if findings:
        raise click.exceptions.Exit(1)
    if not count:
        raise OpleverError("checks-none", "there are no checks here", "Name a file or directory with checks in it.")
    click.echo(f"{count} checks, no mistakes")
