"""The reader of crontabs against `crontab -n`, line by line, and its commands against what was generated."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import shell_command
from ansible_collections.oplever.lab.plugins.module_utils.sources import crontab
from hypothesis import given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

FIELDS = st.sampled_from([
    "*", "0", "5,10", "*/5", "1-5", "1-5/2", "mon", "MON-fri", "jan,Dec", "59", "60", "24", "7", "8", "*/0", "a", "",
    "5-1", "1-", "-1", "*-3", "1/2", "/2", "sun-tue", "sat-sun", "1,,2", "~", "0-59/7", "08", "3-mon",
    "fri-mon", "fri-1", "1~", "1-3~,x", "*~", "*~,1",
])  # fmt: skip
SPACE = st.sampled_from([" ", "\t", "  ", " \t "])
TIMES = st.one_of(
    st.tuples(*[FIELDS] * 5, SPACE).map(lambda parts: parts[5].join(parts[:5])),
    st.tuples(*[st.sampled_from(["*", "1", "*/2", "1-3"])] * 5, SPACE).map(lambda parts: parts[5].join(parts[:5])),
    st.sampled_from([*crontab.WORDS, "@Hourly", "@often", "@", "* * * *"]),
)
COMMANDS = st.sampled_from(["/usr/bin/x", "root /usr/bin/x a b", "A=1 /bin/y", "x #c", "", "/a\\%b%in", "x = y", "#"])
LINES = st.one_of(
    st.tuples(st.sampled_from(["", " ", "\t"]), TIMES, SPACE, COMMANDS).map("".join),
    st.sampled_from(
        ["# c", "", "\t# c", "A=b", "A = b", '"A B" = c', "A B=c", "=x", "PATH=/a:/b", "x", "A= 'b c'", "'A'=b"]
    ),
)


def taken(line: str) -> bool:
    """Whether our reader understands a line of a user's table."""
    text = line.strip(" \t")
    return not text or text[0] == "#" or bool(crontab.SETTING.match(text)) or crontab.entry(line, "root") is not None


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cron") / "table"


@needs("crontab")
@EXAMPLES
@given(line=LINES)
def test_a_line_is_taken_or_refused_as_by_cron(table: Path, line: str) -> None:
    table.write_text(line + "\n", encoding="utf-8")
    done = run("crontab", "-n", table)
    assert taken(line) is (done.returncode == 0), done.stderr


@given(space=SPACE, times=st.sampled_from(["* * * * *", "@daily", "1-5 */2 * jan mon"]))
def test_user_and_command_stand_behind_the_time(space: str, times: str) -> None:
    line = space.join([*times.split(), "root", "/opt/x\ty; z > /var/a"])
    (job,) = crontab.jobs(f"PATH = /opt:/bin\n{line}\n")
    assert (job.user, job.command, job.path) == ("root", "/opt/x\ty; z > /var/a", "/opt:/bin")
    assert shell_command.words(job.command) == ["/opt/x", "y", ";", "z", ">", "/var/a"]


def test_standard_input_is_no_part_of_the_command() -> None:
    (job,) = crontab.jobs("@daily /bin/mail -s 10\\% jan%Dag Jan,%tot ziens\n", "root")
    assert job.command == "/bin/mail -s 10% jan"
