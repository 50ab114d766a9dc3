"""The changes of tests/lab/truth are apart: no two that are planted together take the same for themselves."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

import pytest
from lab.truth.apart import meetings
from lab.truth.changes import Change, changes

CHANGES = changes()
GROUPS = {group: list(some) for group, some in groupby(CHANGES, key=lambda change: change.group)}
NEEDS_A_ROLE = {"application"}


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_no_two_of_a_group_take_the_same(group: str) -> None:
    assert meetings(GROUPS[group]) == []


@pytest.mark.slow
def test_of_each_kind_one_is_planted_by_make_test_and_they_are_apart() -> None:
    sample = [change for change in CHANGES if change.sample]
    assert meetings(sample) == []
    assert Counter(change.kind for change in sample) == Counter({change.kind for change in CHANGES} - NEEDS_A_ROLE)


def test_new_accounts_and_groups_have_numbers_of_their_own() -> None:
    """The next free number depends on what was planted before."""
    for change in CHANGES:
        for words in re.findall(r"\b(?:useradd|groupadd)\b[^;\n]*", f"{change.prepare}\n{change.plant}"):
            assert re.search(r" (?:--uid|--gid|-u|-g) \d+", words), change.id


def change(plant: str, undo: str = "true", must_name: tuple[str, ...] = ()) -> Change:
    return Change(id=plant, kind="file", plant=plant, undo=undo, must_name=must_name, group="access")


@pytest.mark.parametrize(
    ("plant", "undo", "other", "shared"),
    [
        ("echo a > /etc/x", "true", "rm /etc/x", "path /etc/x"),
        ("mkdir -p /opt/a; echo a > /opt/a/b", "rm -r /opt/a", "touch /opt/a/c", "path /opt/a/c"),
        ("useradd --uid 4010 a", "userdel a", "groupadd --gid 4010 b", "number 4010"),
        ("touch /x; chown 4010:4010 /x", "true", "useradd --uid 4010 b", "number 4010"),
        ("usermod --shell /bin/sh games", "true", "chage -M 1 games", "account games"),
        ("nft insert rule inet f i tcp dport 2222 accept", "true", "/usr/sbin/sshd -p 2222", "port 2222"),
        ("systemctl stop cron.service", "true", "touch /run/systemd/system/cron.service.d/x.conf", "unit cron"),
        ("cp -a /root/a /var/lib/dpkg/info/grep.list", "true", "rm /var/lib/dpkg/info/grep.md5sums", "package grep"),
    ],
)
def test_what_two_take_is_found(plant: str, undo: str, other: str, shared: str) -> None:
    (line,) = meetings([change(plant, undo), change(other)])
    assert shared in line


@pytest.mark.parametrize(
    ("plant", "other"),
    [
        ("cp /bin/true /opt/a", "cp /bin/true /opt/b"),
        ("mkdir -p /opt/d; touch /opt/d/a", "mkdir -p /opt/d; touch /opt/d/b"),
        ("echo 'ExecStart=/opt/x' > /etc/a", "echo 'ExecStart=/opt/x' > /etc/b"),
        ("echo x > /etc/a 2>/dev/null", "echo x > /etc/b 2>/dev/null"),
        ("sed -i '/^a:/d' /etc/passwd", "sed -i '/^b:/d' /etc/passwd"),
    ],
)
def test_what_is_only_read_or_has_lines_of_many_is_not_shared(plant: str, other: str) -> None:
    assert meetings([change(plant), change(other)]) == []
