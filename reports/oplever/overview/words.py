"""What was found over all records, in words: what was seen, what could be done, and which process it improves."""

from __future__ import annotations

from oplever.overview.findings import Finding
from oplever.page.translator import N_, Translator

OBSERVED: dict[str, str] = {
    "changes": N_("{what} changed something in each of the last {count} runs in which it was carried out."),
    "slow": N_("{what} took {seconds} s on its slowest machine, {percent}% of the run (median of {count} runs)."),
    "retries": N_("{what} needed more than one attempt in {count} runs."),
    "flaky": N_(
        "Test {what} failed in {failed} of {count} runs that changed nothing on the machine, and passed in the others."
    ),
    "drift": N_("Machines of {what} have different versions of packages ({count}): {packages}."),
    "faults": N_("{what} failed {times} times in {count} runs."),
    "rule": N_("Control {what} fails on all {count} machines of which security was measured."),
    "never_fails": N_(
        "Test {what} passed all {passed} times, also in {count} runs in which a step of its own role had failed there."
    ),
}
SUGGESTED: dict[str, str] = {
    "changes": N_("Let the step report a change only when it changes something."),
    "slow": N_("Make the step faster, or do its work beforehand."),
    "retries": N_("Find out what the step waits for, and wait for that."),
    "flaky": N_("Find out what the test depends on, and test that."),
    "drift": N_("Bring the machines to the same versions."),
    "faults": N_("Take the cause away, or test for it before the work."),
    "rule": N_("Let a role see to it, or grant an exception with a reason."),
    "never_fails": N_("Let the test look at what the role does: break it on purpose and see the test fail."),
}
PROCESSES: dict[str, str] = {
    "changes": "configuration",
    "slow": "installation",
    "retries": "installation",
    "flaky": "test",
    "drift": "maintenance",
    "faults": "installation",
    "rule": "configuration",
    "never_fails": "test",
}
"""The process that a proposal of each kind improves, as an entry names it."""


def observed(t: Translator, finding: Finding) -> str:
    numbers = finding.numbers.items()
    shown = {name: value if isinstance(value, str) else t.number(value) for name, value in numbers}
    return t(OBSERVED[finding.kind], what=finding.what, **shown)


def suggested(t: Translator, finding: Finding) -> str:
    return t(SUGGESTED[finding.kind])
