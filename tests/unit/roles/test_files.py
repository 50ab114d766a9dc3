"""The role files: what it makes of the shares of the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).resolve().parents[3] / "roles/files"


def worked_out(name: str, **options: Any) -> Any:
    loader = DataLoader()
    values: dict[str, Any] = {"inventory_hostname": "srv2", "inventory_hostname_short": "srv2", "hostvars": {}}
    for part in ("defaults", "vars"):
        values |= loader.load_from_file(str(ROLE / part / "main.yml"), trusted_as_template=True)
    values |= {f"files_{option}": value for option, value in {"directory": "srv1", **options}.items()}
    return Templar(loader, values).template(values[name])


def test_who_uses_a_share_is_named_in_the_words_of_samba() -> None:
    (share,) = worked_out("__files_wanted", shares=[{"name": "docs", "read": ["everybody", "jan"], "write": ["%3a"]}])
    assert share["read"] == ['@"LAB\\domain users"', '"LAB\\jan"']
    assert share["write"] == ['@"LAB\\3a"']
    assert share["path"] == "/srv/files/docs"


def test_bins_are_emptied_after_the_days_of_their_share() -> None:
    shares = [
        {"name": "a", "write": ["x"], "recycle": 7},
        {"name": "b", "write": ["x"], "recycle": 0},
        {"name": "c", "state": "absent"},
    ]
    found = [(row["path"], row["days"]) for row in worked_out("__files_bins", shares=shares)]
    assert found == [("/srv/files/a", 7), ("/srv/files/c", 30), ("/srv/files/homes", 30)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shares": [{"name": "docs"}]}, "say of docs who may read or write"),
        ({"directory": "srv2"}, "srv2 serves the directory"),
        ({"directory": ""}, "name the machine that serves the directory"),
        ({"test_access": {"docs": "all"}}, "docs is write, read or nothing, not all"),
        ({"shares": [{"name": "docs", "state": "absent"}]}, ""),
        ({"directory": "", "state": "absent"}, ""),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    mistakes = worked_out("__files_mistakes", **options)
    assert (len(mistakes) == 1 and words in mistakes[0]) if words else mistakes == []
