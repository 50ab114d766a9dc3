"""The walk through a stack of PAM against libpam itself, whose module pam_debug gives any answer that it is told to."""

from __future__ import annotations

import ctypes
import ctypes.util
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import pam, pam_walk
from hypothesis import given, settings
from hypothesis import strategies as st

LIBRARY = ctypes.util.find_library("pam")
DEBUG = [*Path("/lib").glob("*/security/pam_debug.so"), *Path("/usr/lib64/security").glob("pam_debug.so")]
FAILURES = ("auth_err", "user_unknown", "ignore")
"""What a module answers that lets nobody in."""
ANSWERS = ("success", "user_unknown", "ignore", "default")
CONTROL = st.one_of(
    st.sampled_from(["required", "requisite", "sufficient", "optional"]),
    st.dictionaries(
        st.sampled_from(ANSWERS), st.sampled_from(["ok", "done", "bad", "die", "ignore", "reset", "1", "2"]), min_size=1
    ).map(lambda table: "[" + " ".join(f"{answer}={action}" for answer, action in table.items()) + "]"),
)
RULE = st.tuples(CONTROL, st.sampled_from(["pam_permit.so", "pam_deny.so", "pam_unix.so"]))
Rules = list[tuple[str, str]]


class Conversation(ctypes.Structure):
    _fields_ = (("talk", ctypes.c_void_p), ("data", ctypes.c_void_p))


def lets_in(place: Path, rules: Rules, failures: tuple[str, ...]) -> bool:
    """Whether libpam says success, with each pam_unix answering the next of `failures`."""
    answers = iter(failures)
    modules = [name if name != "pam_unix.so" else f"pam_debug.so auth={next(answers)}" for _, name in rules]
    lines = [f"auth {control} {module}\n" for (control, _), module in zip(rules, modules, strict=True)]
    (place / "planted").write_text("".join(lines), encoding="utf-8")
    return succeeds(place)


@pytest.mark.skipif(not LIBRARY or not DEBUG, reason="this system has no libpam with pam_debug")
@settings(max_examples=400)
@given(rules=st.lists(RULE, min_size=1, max_size=5))
def test_success_without_a_proof_is_found_and_nothing_else(tmp_path: Path, rules: Rules) -> None:
    lines = [pam.Line("auth", control, module, [], "") for control, module in rules]
    number = sum(module == "pam_unix.so" for _, module in rules)
    real = any(lets_in(tmp_path, rules, failures) for failures in product(FAILURES, repeat=number))
    assert bool(pam_walk.unproven(lines)) == real


WITHIN = st.lists(RULE, min_size=1, max_size=3)


@pytest.mark.skipif(not LIBRARY or not DEBUG, reason="this system has no libpam with pam_debug")
@settings(max_examples=300)
@given(before=st.lists(RULE, max_size=2), inside=WITHIN, behind=WITHIN, kind=st.sampled_from(["include", "substack"]))
def test_a_substack_is_one_rule_and_an_include_is_as_many_as_it_has(
    tmp_path: Path, before: Rules, inside: Rules, behind: Rules, kind: str
) -> None:
    place = tmp_path / "etc/pam.d"
    place.mkdir(parents=True, exist_ok=True)
    rules = [*before, (kind, "inner"), *behind]
    number = sum(module == "pam_unix.so" for _, module in [*before, *inside, *behind])
    real = False
    for failures in product(FAILURES, repeat=number):
        answers = iter(failures)
        lines: dict[str, list[str]] = {"planted": [], "inner": []}
        for name, control, module in (
            *(("planted", *rule) for rule in before),
            ("planted", kind, str(place / "inner")),
            *(("inner", *rule) for rule in inside),
            *(("planted", *rule) for rule in behind),
        ):
            word = f"pam_debug.so auth={next(answers)}" if module == "pam_unix.so" else module
            lines[name].append(f"auth {control} {word}\n")
        for name, texts in lines.items():
            (place / name).write_text("".join(texts), encoding="utf-8")
        real = real or succeeds(place)
    for name, some in (("planted", rules), ("inner", inside)):
        text = "".join(f"auth {control} {module}\n" for control, module in some)
        (place / name).write_text(text, encoding="utf-8")
    stack = pam.stack(Machine(str(tmp_path)), "planted", "auth")
    assert bool(pam_walk.unproven(stack)) is real


def succeeds(place: Path) -> bool:
    library = ctypes.CDLL(LIBRARY)
    handle = ctypes.c_void_p()
    conversation = Conversation(None, None)
    start = library.pam_start_confdir(
        b"planted", b"root", ctypes.byref(conversation), str(place).encode(), ctypes.byref(handle)
    )
    assert start == 0
    answer = library.pam_authenticate(handle, 0)
    library.pam_end(handle, answer)
    return bool(answer == 0)


STOCK = """auth [success=1 default=ignore] pam_unix.so
auth requisite pam_deny.so
auth required pam_permit.so
auth optional pam_cap.so
"""
HARDENED = """auth requisite pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
"""


def looked_up(tmp_path: Path, text: str, module: str = "pam_unix.so") -> dict[str, Any]:
    place = tmp_path / "etc/pam.d"
    place.mkdir(parents=True)
    (place / "common-auth").write_text(text, encoding="utf-8")
    facts = pam.look_up(Machine(str(tmp_path)), {"service": "common-auth", "type": "auth", "module": module})
    return {name: value() if callable(value) else value for name, value in facts.items()}


@pytest.mark.parametrize(
    ("text", "unproven"),
    [
        (STOCK, []),
        (HARDENED, []),
        ("auth sufficient pam_rootok.so\n" + STOCK, []),
        ("auth sufficient pam_permit.so\n" + STOCK, ["pam_permit.so (/etc/pam.d/common-auth:1)"]),
        ("auth sufficient pam_succeed_if.so user = games\n" + STOCK, ["pam_succeed_if.so (/etc/pam.d/common-auth:1)"]),
        ("auth [success=2 default=ignore] pam_exec.so /opt/x\n" + STOCK, ["pam_exec.so (/etc/pam.d/common-auth:1)"]),
        (STOCK.replace("requisite pam_deny", "optional pam_deny"), ["pam_permit.so (/etc/pam.d/common-auth:3)"]),
        (
            STOCK.replace("success=1 default=ignore", "success=1 default=1"),
            ["pam_permit.so (/etc/pam.d/common-auth:3)"],
        ),
        ("auth required pam_env.so\n" + STOCK, []),
    ],
)
def test_what_lets_in_without_a_proof_is_named(tmp_path: Path, text: str, unproven: list[str]) -> None:
    assert looked_up(tmp_path, text)["unproven"] == unproven


LINES = HARDENED.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "locks"),
    [
        (HARDENED, True),
        ("".join(LINES[1:]), False),
        ("".join([LINES[1].replace("=2", "=1"), *LINES[3:]]), False),
        ("".join([LINES[1].replace("=2", "=3"), LINES[0], *LINES[2:]]), False),
        ("".join([LINES[0], LINES[2], LINES[1], *LINES[3:]]), False),
        ("".join([LINES[0], LINES[1], LINES[3], LINES[2], LINES[4]]), False),
        (HARDENED.replace("requisite pam_faillock", "optional pam_faillock"), False),
        (HARDENED.replace("requisite pam_faillock", "required pam_faillock"), True),
    ],
    ids=["as Debian says", "no preauth", "nothing", "preauth too late", "authfail too early", "behind deny", "optional",
         "required"],
)  # fmt: skip
def test_the_order_decides_whether_an_account_is_locked(tmp_path: Path, text: str, locks: bool) -> None:
    assert looked_up(tmp_path, text, "pam_faillock.so").get("locks") is locks
