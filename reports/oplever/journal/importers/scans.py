"""What a scanner of another project said about one machine, read from its own report."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from oplever.errors import OpleverError
from oplever.messages import M_

OpinionStatus = Literal["pass", "fail", "error", "not_applicable"]


class Opinion(Struct, frozen=True):
    """One rule as the scanner judged it: `raw` is its own word, `title` its own text where the report has one."""

    rule: str
    status: OpinionStatus
    raw: str
    title: str = ""


class Scan(Struct, frozen=True):
    """One report. `at` is ISO 8601 as the scanner wrote it; rules that were not selected are left out."""

    tool: Literal["openscap", "lynis"]
    version: str
    profile: str
    host: str
    at: str
    opinions: tuple[Opinion, ...]


def broken(path: Path, why: str) -> OpleverError:
    return OpleverError(
        "scan-broken", M_("{path}: {why}", path=path, why=why), M_("give the complete report as the scanner wrote it")
    )
