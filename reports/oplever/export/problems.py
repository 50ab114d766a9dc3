"""What a CI server shows beside the code: problems of a record with the file and line of the task that tested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from oplever.export import findings
from oplever.export.findings import Finding
from oplever.export.shape import Shape
from oplever.page.translator import Translator
from oplever.record.model import BAD, Language, Record


class Problem(NamedTuple):
    """`file` is a path below where Ansible ran, or the playbook."""

    finding: Finding
    file: str
    line: int

    @property
    def is_grave(self) -> bool:
        """A failing test, or a control of high severity."""
        return not self.finding.control or self.finding.severity == "high"

    def text(self, language: Language) -> str:
        finding, t = self.finding, Translator(language)
        title = finding.title or finding.id
        if finding.status == "error" and finding.reason:
            why = t("expected {expected}; not read: {reason}", expected=finding.expected or "–", reason=finding.reason)
        else:
            why = t("expected {expected}; found {found}", expected=finding.expected or "–", found=finding.found or "–")
        return f"{finding.host}: {title}: {why}"


def problems(record: Record, shape: Shape) -> Iterator[Problem]:
    """Failing tests and controls by the result that counts; what a person allowed is none."""
    every = (*findings.tests(record, shape.language), *findings.controls(record, shape.language))
    playbook = next(iter(record.document.playbooks), "")
    for finding in every:
        if finding.status in BAD and not finding.skipped:
            file, line = findings.place(finding.path)
            is_here = bool(file) and not file.startswith(("/", "..", "~"))
            yield Problem(finding, file if is_here else playbook, line if is_here else 1)
