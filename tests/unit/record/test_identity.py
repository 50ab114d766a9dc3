"""Which results are of the same test, and which of them counts."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from oplever.record import model
from oplever.record.identity import latest
from oplever.words import Text

Stage = Literal["during", "after"]


def result(
    status: Any, stage: Stage = "after", *, host: str = "a", suite: str = "web", name: str = "answers"
) -> model.Test:
    return model.Test(
        id=name, host=host, stage=stage, status=status, expected="", found="", title=Text("", ""), suite=suite
    )


@pytest.mark.parametrize("other", [{"host": "b"}, {"suite": "site"}, {"name": "starts"}])
def test_another_machine_suite_or_id_is_another_test(other: dict[str, str]) -> None:
    tests = [result("fail"), result("pass", **other)]
    assert latest(tests) == tests


@pytest.mark.parametrize(
    ("stages", "counts"),
    [
        (("during", "during"), 1),
        (("after", "after"), 1),
        (("during", "after"), 1),
        # What was tried once more while the work went on says nothing against the state afterwards.
        (("after", "during"), 0),
    ],
)
def test_the_last_result_counts_and_one_after_the_work_before_one_during_it(
    stages: tuple[Stage, Stage], counts: int
) -> None:
    tests = [result("fail", stages[0]), result("pass", stages[1])]
    assert latest(tests) == [tests[counts]]
