"""The one line of a failed task that a person can act on."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.outcome import fields, message
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor

STDERR = 'Traceback (most recent call last):\n  File "<stdin>", line 266\nOSError: [Errno 28] No space left on device\n'
FAILED = {"msg": "Module result deserialization failed: No start of json char found", "module_stderr": STDERR}


def test_a_module_that_could_not_start_says_why() -> None:
    assert message(FAILED, None, Redactor(()), failed=True) == "OSError: [Errno 28] No space left on device"


def test_a_module_that_another_one_called_says_why() -> None:
    data = {
        "msg": "The following modules failed to execute: ansible.legacy.setup.",
        "failed_modules": {"ansible.legacy.setup": FAILED},
    }
    text = "The following modules failed to execute: ansible.legacy.setup: OSError: [Errno 28] No space left on device"
    assert message(data, None, Redactor(()), failed=True) == text


def test_damaged_inner_results_are_left_alone() -> None:
    for inner in ({}, [], "x", {"a": 1}, {"a": {}}):
        assert message({"msg": "it failed", "failed_modules": inner}, None, Redactor(()), failed=True) == "it failed"


def test_a_message_that_is_no_text_says_why() -> None:
    """A module may say anything in `msg` (openshift/openshift-ansible#6312)."""
    redactor = Redactor(["Zq7hunter2Kx9"])
    inner = {"cmd": "repoquery", "stderr": "no such repository for Zq7hunter2Kx9"}
    assert message({"msg": inner}, None, redactor, failed=True) == "no such repository for ***"
    assert message({"msg": {"code": 7, "password": "geheim9Wk"}}, None, redactor, failed=True) == (
        '{"code": 7, "password": ***}'
    )
    assert message({"msg": [1, "no licence"]}, None, redactor, failed=True) == '[1, "no licence"]'
    assert message({"msg": inner}, None, redactor, failed=False) == ""
    for empty in (None, [], {}, True):
        assert message({"msg": empty}, None, redactor, failed=True) == ""


WAITING = "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process {}...\n"
LOCKED = "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n"


def test_who_holds_the_lock_of_apt_is_named() -> None:
    data = {"msg": LOCKED, "stdout": WAITING.format("130 (apt)") + WAITING.format("131 (unattended-upgr)")}
    text = message(data, None, Redactor(()), failed=True)
    assert text == f"{LOCKED.strip()} It is held by process 131 (unattended-upgr)."
    for other in ({"msg": LOCKED}, {"msg": LOCKED, "stdout": "x"}, {**data, "msg": "it failed"}):
        assert "held by" not in message(other, None, Redactor(()), failed=True)


def test_a_result_names_the_files_that_it_changed_and_no_other() -> None:
    def files(data: dict[str, object], status: str = "changed") -> object:
        return fields("ansible.builtin.template", status, data, None, Redactor(["Zq7hunter2Kx9"])).get("files")

    assert files({"changed": True, "dest": "/etc/a"}) == ["/etc/a"]
    assert files({"changed": True, "path": "/etc/b"}) == ["/etc/b"]
    assert files({"changed": True, "dest": "/srv/Zq7hunter2Kx9"}) == ["/srv/***"]
    assert files({"changed": False, "dest": "/etc/a"}) is None
    assert files({"changed": True, "dest": "relative"}) is None
    assert files({"changed": True, "path": 5}) is None
    items = ((True, "/etc/c"), (False, "/etc/d"), (True, "/etc/c"))
    loop = [{"ansible_loop_var": "item", "changed": changed, "dest": path} for changed, path in items]
    assert files({"changed": True, "results": loop}) == ["/etc/c"]


def test_a_text_that_changed_has_a_mark_of_this_run_alone() -> None:
    def mark(before: str, after: str, key: bytes = b"of this run") -> str:
        diff = {"before": before, "after": after, "after_header": "/etc/motd"}
        kept = fields("ansible.builtin.copy", "changed", {"changed": True, "diff": diff}, None, Redactor((), key=key))
        [change] = kept["diff"]
        assert (change["name"], "pin" in str(kept)) == ("/etc/motd", False)
        return str(change.get("mark", ""))

    first = mark("a\n", "pin 1234\n")
    assert first == mark("a\n", "pin 1234\n")
    assert len({first, mark("a\n", "pin 1235\n"), mark("b\n", "pin 1234\n"), mark("a\npin", " 1234\n")}) == 4
    assert first != mark("a\n", "pin 1234\n", b"of another run")
    assert not mark("a\n", "pin 1234\n", b"")
