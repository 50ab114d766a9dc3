"""The parser of sudoers against cvtsudoers, on files that it takes and files that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import sudo_policy, sudoers, sudoers_file
from ansible_collections.oplever.lab.plugins.module_utils.sources.sudo_policy import Policy
from hypothesis import assume, given
from hypothesis import strategies as st
from system.against.programs import EXAMPLES, needs, run

pytestmark = needs("cvtsudoers")

NAMES = st.sampled_from(["jan", "#1000", "%adm", "%#27", "+net", "ALL", "DOCENTEN", '"jan de wit"', "a\\,b", "x\\x41"])
RUN_AS = st.sampled_from(["root", "#0", "www-data", "ALL", "BEHEER", "%adm"])
GROUPS = st.sampled_from(["adm", "ALL", "#4", "BEHEER"])
HOSTS = st.sampled_from(["ALL", "srv1", "SERVERS", "10.0.0.0/8", "10.0.0.0/255.0.0.0", "fe80::1", "+net", "*.lab"])
COMMANDS = st.sampled_from([
    "ALL", "/bin/ls", '/bin/sh ""', "/bin/a b c", "/bin/a\\,b x\\=y", "/bin/dir/", "sudoedit /etc/hosts", "LEZEN",
    "/bin/cat /var/log/*", "/bin/x ! y", "/bin/a:b", "/bin/p a=b", "^/bin/(a|b)$ ^x,y$", "/bin/\\*", "/usr/bin/a\\ b",
    "sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /bin/c", "list",
])  # fmt: skip
TAGS = st.sampled_from(["", "", "NOPASSWD:", "PASSWD :", "SETENV: NOPASSWD:", "NOEXEC:", "CWD=/tmp ", "TIMEOUT=1h "])
SPACE = st.sampled_from([" ", "\t", "  ", " \\\n ", "\t \\\n\t"])
GAP = st.sampled_from(["", "", " ", "\t"])
OPTION_WORDS = [
    "use_pty", "!use_pty", "!authenticate", "secure_path=\"/usr/sbin:/bin\"", "timestamp_timeout = 5", "logfile",
    "env_keep += \"A B\"", "env_keep-=C", "badpass_message=\"a\\\"b\"", "mailto=a\\ b", "!!lecture",
]  # fmt: skip
OPTIONS = st.sampled_from(OPTION_WORDS)
TAILS = st.sampled_from(["", "", " # comment", "\t#c", "\\\n", " )", ",", "#12", " \\"])


@st.composite
def listed(draw: st.DrawFn, members: st.SearchStrategy[str]) -> str:
    chosen = draw(st.lists(members, min_size=1, max_size=3))
    parts = [draw(st.sampled_from(["", "", "!", "! ", "!!"])) + member for member in chosen]
    return (draw(GAP) + "," + draw(GAP)).join(parts)


@st.composite
def rules(draw: st.DrawFn) -> str:
    commands = []
    for _ in range(draw(st.integers(1, 3))):
        users, groups = draw(st.one_of(st.just(""), listed(RUN_AS))), draw(st.one_of(st.just(""), listed(GROUPS)))
        run_as = draw(st.sampled_from(["", f"({users})", f"({users}:{groups})", f"( {users} : {groups} )"]))
        commands.append(run_as + draw(GAP) + draw(TAGS) + draw(st.sampled_from(["", "!"])) + draw(COMMANDS))
    hosts = draw(listed(HOSTS)) + draw(GAP) + "=" + draw(GAP)
    more = draw(st.sampled_from(["", "", " : srv9=(root) NOPASSWD: /bin/q"]))
    return draw(listed(NAMES)) + draw(SPACE) + hosts + ", ".join(commands) + more


@st.composite
def aliases(draw: st.DrawFn) -> str:
    word, name, members = draw(st.sampled_from([
        ("User_Alias", "DOCENTEN", NAMES), ("Runas_Alias", "BEHEER", RUN_AS), ("Host_Alias", "SERVERS", HOSTS),
        ("Cmnd_Alias", "LEZEN", COMMANDS), ("Cmd_Alias", "LEZEN", COMMANDS), ("User_Alias", "klein", NAMES),
    ]))  # fmt: skip
    more = draw(st.sampled_from(["", "", " : ANDER = ALL", " : A2_B=ALL"]))
    return word + draw(SPACE) + name + draw(GAP) + "=" + draw(GAP) + draw(listed(members)) + more


@st.composite
def defaults(draw: st.DrawFn) -> str:
    scope = draw(st.sampled_from(["", "", ":", "@", ">", "!"]))
    members = {":": NAMES, "@": HOSTS, ">": RUN_AS, "!": st.sampled_from(["/bin/ls", "LEZEN", "ALL", "/bin/a b"])}
    binding = scope + draw(listed(members[scope])) if scope else ""
    chosen = draw(st.lists(OPTIONS, min_size=1, max_size=3))
    return "Defaults" + binding + draw(SPACE) + (draw(GAP) + "," + draw(GAP)).join(chosen)


LINES = st.one_of(rules(), aliases(), defaults(), st.sampled_from([
    "", "# only a comment \\", "#1000 ALL=ALL", " #include /x", "#includedir /none", "@includedir /none", "#includeX",
    "Defaultsx ALL=ALL", "jan", "jan ALL", "= ALL", "%", "jan ALL=(root ALL", '"jan', "1.2.3.4 ALL=ALL",
]))  # fmt: skip
FILES = st.lists(st.tuples(LINES, TAILS).map("".join), min_size=1, max_size=4).map(
    lambda lines: "\n".join(lines) + "\n"
)


def real(path: Path) -> Policy | None:
    """What cvtsudoers says of a file; None when it refuses the file."""
    done = run("cvtsudoers", "-f", "json", path)
    return None if done.returncode else sudo_policy.from_json(done.stdout)


def is_cut_off(text: str) -> bool:
    """Whether the file ends in a continued line: then cvtsudoers may pass over a mistake without a word."""
    return text.endswith("\\\n")


def known(policy: Policy | None) -> Policy | None:
    """Without options that sudo does not know: cvtsudoers leaves them out, a reader without a list of them cannot."""
    names = {word.strip("!").split("=")[0].split()[0].rstrip("+-") for word in OPTION_WORDS}
    return policy and policy._replace(options=[option for option in policy.options if option.name in names])


def own(root: Path) -> Policy | None:
    try:
        return sudoers_file.read(Machine(str(root), offline=True))
    except UnreadableError:
        return None


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sudo")
    (place / "etc").mkdir()
    return place


@EXAMPLES
@given(text=FILES)
def test_a_file_means_what_cvtsudoers_says(root: Path, text: str) -> None:
    assume(not is_cut_off(text))
    (root / "etc/sudoers").write_text(text, encoding="utf-8")
    assert own(root) == real(root / "etc/sudoers")


@EXAMPLES
@given(text=FILES, data=st.data())
def test_a_file_with_a_slip_is_refused_or_taken_as_by_cvtsudoers(root: Path, text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from(["", "(", ")", "=", ",", "!", '"', ":", "#", "\\", " ", "\n", "ALL", "/"]))
    text = text[:at] + slip + text[at + 1 :]
    (root / "etc/sudoers").write_text(text, encoding="utf-8")
    assume(not is_cut_off(text))
    assert known(own(root)) == known(real(root / "etc/sudoers"))


def test_the_options_that_cvtsudoers_writes_wrongly_are_read(root: Path) -> None:
    (root / "etc/sudoers").write_text("jan ALL = CWD=* CHROOT=/x NOPASSWD: /bin/a\n", encoding="utf-8")
    policy = real(root / "etc/sudoers")
    assert policy is not None
    assert sudoers.rule_text(policy.rules[0]) == "jan ALL=NOPASSWD: /bin/a"
    assert own(root) == policy


def test_includes_are_followed_as_cvtsudoers_does(tmp_path: Path) -> None:
    files = {
        "sudoers": '@include local\n#include "with space"\n@includedir sudoers.d\n@include sub/deep # x\n',
        "local": "a ALL=ALL\n",
        "with space": "b ALL=ALL\n",
        "sudoers.d/20-b": "d ALL=ALL\n",
        "sudoers.d/10-a": "c ALL=ALL",
        "sudoers.d/no.dot": "x ALL=ALL\n",
        "sudoers.d/back~": "x ALL=ALL\n",
        "sub/deep": "@include other\n",
        "sub/other": "e ALL=ALL\n",
    }
    for name, text in files.items():
        place = tmp_path / "etc" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    policy = own(tmp_path)
    assert policy is not None
    assert [sudoers.rule_text(rule) for rule in policy.rules] == [f"{name} ALL=ALL" for name in "abcde"]
    assert policy == real(tmp_path / "etc/sudoers")
