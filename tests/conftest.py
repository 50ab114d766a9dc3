"""For all tests: with OPLEVER_STRICT=1, as in CI, a skipped test is a failed one: nobody reads what was not run.

Tests marked `truth` take long: the rest of what a quicker test plants a part of, or a whole job on a network. They
run with OPLEVER_TRUTH=1 (`make truth`, `make journeys`) and are left out of the collection otherwise. Those marked
`slow` need no machine; they and the properties are part of `make test`, and not of `make check`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from scope import STRICT, TRUTH

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
os.environ["LC_ALL"] = "C.UTF-8"  # commands answer in the language of whoever runs them
# jsonschema makes forty grammars of addresses when it is imported, for formats that no schema here has: 1.5 seconds.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
# How fast examples are made and tried says something of the host, not of the code; and a directory or a patched module
# may serve all examples of a test.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("project")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [] if TRUTH else [item for item in items if item.get_closest_marker("truth")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _strict(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _strict(report)


def _strict(report: Report) -> Report:
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nOPLEVER_STRICT is set: what cannot run here has failed"
    return report
