"""Second opinions of other scanners."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, structs

from oplever.record.entries.base import Declaration, EntryKind, Envelope, Machine, NonEmptyText, require_machine
from oplever.record.model import Record, SecondOpinion, Text


class ScannedRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of a scanner."""

    rule: Annotated[NonEmptyText, Meta(description="Its name in the scanner.")]
    status: Annotated[Literal["pass", "fail", "error", "not_applicable"], Meta(description="How it was judged.")]
    raw: Annotated[str, Meta(description="The scanner's own word for that.")] = ""
    title: Annotated[str, Meta(description="The scanner's own text.")] = ""


class ScanEntry(EntryKind, frozen=True, tag="scan"):
    """What another scanner found on a machine; its last report about a machine counts."""

    declaration: ClassVar = Declaration(("baseline",), command="oplever import openscap", is_read=True)

    tool: Annotated[Literal["openscap", "lynis"], Meta(description="The scanner.")]
    host: Machine
    file: Annotated[str, Meta(description="The file of its report.")]
    digest: Annotated[str, Meta(description="SHA-256 of that file.")]
    rules: Annotated[tuple[ScannedRule, ...], Meta(description="The rules in it.")]
    version: Annotated[str, Meta(description="Version of the scanner.")] = ""
    profile: Annotated[str, Meta(description="The profile it was asked for.")] = ""
    at: Annotated[str, Meta(description="When it ran, as it wrote it.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Its opinions in the place of those of its last report; `opinions.compared` sets them beside our controls."""
        reports: dict[tuple[str, str], list[SecondOpinion]] = {}
        for opinion in record.baseline.opinions:
            reports.setdefault((opinion.tool, opinion.host), []).append(opinion)
        reports[self.tool, self.host] = [
            SecondOpinion(self.tool, self.host, rule.rule, rule.status, rule.raw, Text(rule.title, rule.title))
            for rule in self.rules
        ]
        opinions = tuple(opinion for report in reports.values() for opinion in report)
        return structs.replace(record, baseline=structs.replace(record.baseline, opinions=opinions))
