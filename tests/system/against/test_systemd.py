"""Units with drop-ins against systemd itself, which says under which user a service of a tree would run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import cron, journald, unit_file
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

UNIT = "back-up@day.service"
PLACES = ("etc", "run", "usr/local/lib", "usr/lib")
DROP_INS = ("back-up@day.service.d", "back-up@.service.d", "back-.service.d", "service.d", "back-up.service.d")
LINES = st.lists(
    st.sampled_from([
        "User=www", "User=", "User = root", "[Unit]", "[Service]", "# User=x", "\tUser=mail", "User=\\\nwww", "; c \\",
        "Description=x \\\n# c\nUser=y",
    ]),
    max_size=4,
)  # fmt: skip
FILES = st.dictionaries(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(DROP_INS), st.sampled_from(["10-a.conf", "20-b.conf", "c.txt"])),
    LINES,
    max_size=4,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("units")


def write(root: Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


@needs("systemd-analyze")
@EXAMPLES
@given(own=LINES, files=FILES, place=st.sampled_from(PLACES))
def test_the_user_of_a_service_is_the_one_that_systemd_finds(
    root: Path, own: list[str], files: dict[tuple[str, str, str], list[str]], place: str
) -> None:
    shutil.rmtree(root)
    name = "back-up@.service"
    write(root, f"{place}/systemd/system/{name}", "\n".join(["[Service]", "ExecStart=/bin/true", *own, ""]))
    for (where, directory, file), text in files.items():
        write(root, f"{where}/systemd/system/{directory}/{file}", "\n".join(["[Service]", *text, ""]))
    done = run("systemd-analyze", "security", "--offline=true", f"--root={root}", UNIT, "--json=short", "--no-pager")
    ordinary = {row["json_field"]: row["set"] for row in json.loads(done.stdout)}["UserOrDynamicUser"]
    users = unit_file.values(Machine(str(root)), UNIT, "Service", "User")
    assert (bool(users) and users[-1] != "root") is ordinary, (users, done.stdout[:200])


def test_what_a_timer_starts_is_read_with_the_drop_ins_of_both(tmp_path: Path) -> None:
    write(tmp_path, "etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n")
    write(tmp_path, "usr/lib/systemd/system/a.timer", "[Timer]\nOnCalendar=daily\n")
    write(tmp_path, "etc/systemd/system/a.timer.d/x.conf", "[Timer]\nUnit=b.service\n")
    write(tmp_path, "usr/lib/systemd/system/b.service", "[Service]\nExecStart=/usr/bin/old\n")
    write(
        tmp_path,
        "etc/systemd/system/b.service.d/x.conf",
        "[Service]\nExecStart=\nExecStart=-/opt/new --all\nUser=toor\n",
    )
    assert cron.programs(Machine(str(tmp_path))) == {"/opt/new"}
    write(tmp_path, "etc/systemd/system/b.service.d/y.conf", "[Service]\nUser=www-data\n")
    assert cron.programs(Machine(str(tmp_path))) == set()


def test_jobs_of_every_account_with_the_number_of_root(tmp_path: Path) -> None:
    write(
        tmp_path,
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\njan:x:1000:1000::/home/jan:/bin/sh\n",
    )
    write(tmp_path, "var/spool/cron/crontabs/toor", "* * * * *\t/opt/toor\n")
    write(tmp_path, "var/spool/cron/crontabs/jan", "* * * * * /opt/jan\n")
    write(
        tmp_path,
        "etc/cron.d/a",
        "* * * * *\ttoor\t/opt/a;/opt/b>/dev/null\n@daily jan /opt/c\n61 * * * * root /opt/d\n",
    )
    write(tmp_path, "etc/anacrontab", "SHELL=/bin/sh\n7 10 week nice /opt/week\n")
    write(tmp_path, "opt/scripts/tool", "")
    (tmp_path / "opt/scripts/tool").chmod(0o755)
    write(tmp_path, "etc/crontab", "PATH=/usr/bin:/opt/scripts\n1\t*\t*\t*\t*\troot\ttool x\n")
    expected = {"/opt/toor", "/opt/a", "/opt/b", "/opt/week", "/opt/scripts/tool"}
    assert cron.programs(Machine(str(tmp_path))) == expected


SPAN = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["", " "]), st.sampled_from(sorted(journald.SECONDS))).map(
        lambda part: f"{part[0]}{part[1]}{part[2]}"
    ),
    min_size=1,
    max_size=3,
).map(" ".join)


@needs("systemd-analyze")
@EXAMPLES
@given(text=st.one_of(SPAN, st.text("0123456789.dhmMsy +-", min_size=1, max_size=8)))
def test_a_time_span_is_what_systemd_makes_of_it(text: str) -> None:
    done = run("systemd-analyze", "timespan", "--", text)
    real = re.search(r"s: (\d+)$", done.stdout, re.MULTILINE)
    seconds = journald.total(text, journald.SECONDS)
    assert (seconds is None) == (done.returncode != 0), done.stdout + done.stderr
    assert real is None or seconds is None or seconds * 1e6 == pytest.approx(int(real[1]))
