"""What an instruction cannot do without, who must supply it and how: docs/reference/instruction.md lists the codes."""

from __future__ import annotations

from collections.abc import Callable

from oplever.kinds.base import Rule
from oplever.kinds.instruction.entries import COMMANDS
from oplever.record.model import Instruction, Record, Who


def of(record: Record) -> Instruction:
    return record.instruction or Instruction()


def _lacks_instruction(record: Record) -> bool:
    return not of(record).sessions


def _lacks_attendees(record: Record) -> bool:
    return not of(record).attendees


def _lacks_subjects(record: Record) -> bool:
    return not of(record).subjects


def _without_handout(record: Record) -> bool:
    return not of(record).handouts


def unasked(record: Record) -> bool:
    """Of each subject somebody showed to have understood it, at least in part."""
    instruction = of(record)
    answers = [instruction.last_answer(subject.id) for subject in instruction.subjects]
    return not answers or any(answer is None or answer.judged == "not_understood" for answer in answers)


def unreviewed(record: Record) -> bool:
    """A user read each handout in the version that was given last, and found it clear."""
    instruction = of(record)
    reviews = [instruction.last_review(subject.card, subject.version) for subject in instruction.counting_handouts]
    return not reviews or any(review is None or review.verdict == "unclear" for review in reviews)


def _lacks_support(record: Record) -> bool:
    instruction = of(record)
    return not (instruction.support or instruction.no_support)


def _rest_points(record: Record) -> bool:
    return not (record.rest_points.items or record.rest_points.none_stated)


def _report(record: Record) -> bool:
    return record.accountability.form is None


def _decision(record: Record) -> bool:
    return record.accountability.decision is None or record.status == "submitted"


def _of_instruction(
    section: str, code: str, obligation: str, entry: str, lacks: Callable[[Record], bool], *, who: Who = "executor"
) -> Rule:
    """What an entry of its own supplies, with the command for it."""
    return Rule(section, code, who, (obligation,), entry, lacks, typed=f"oplever instruction {COMMANDS[entry]}")


RULES = (
    _of_instruction("instruction", "instruction_missing", "3.1-02", "instructed", _lacks_instruction),
    _of_instruction("attendees", "attendees_missing", "3.1-02", "attended", _lacks_attendees),
    _of_instruction("subjects", "subjects_missing", "3.1-02", "explained", _lacks_subjects),
    _of_instruction("subjects", "handout_missing", "3.1-03", "explained", _without_handout),
    _of_instruction("understood", "understood_missing", "3.1-02", "asked-back", unasked),
    _of_instruction("reviews", "review_missing", "3.1-03", "reviewed", unreviewed, who="user"),
    _of_instruction("support", "support_missing", "3.1-01", "supported", _lacks_support),
    Rule(
        "rest_points",
        "rest_points_missing",
        "executor",
        (),
        "rest-point",
        _rest_points,
        fields=("item", "owner", "due"),
    ),
    Rule("accountability", "report_missing", "executor", ("3.1-05",), "report", _report),
    Rule("accountability", "decision_missing", "supervisor", ("3.1-05",), "decision", _decision),
)
"""What an instruction cannot do without, in the order in which it is listed."""
