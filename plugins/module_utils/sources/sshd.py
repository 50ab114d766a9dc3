"""What the SSH server would do: `sshd -T`, as its own parser understands all its files."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "option"
SELECTORS = ("option", "user", "host", "address")
NEEDS = ("option",)
ATTRIBUTES = ("exists", "value", "values", "source")


def describe(select):
    where = ["%s=%s" % (key, select[key]) for key in ("user", "host", "address") if select.get(key)]
    return "sshd -T%s, %s" % (" -C " + ",".join(where) if where else "", select.get("option"))


def look_up(machine, select):
    option = str(select["option"]).lower()
    match = [select.get(key) for key in ("user", "host", "address")]
    options = _match(machine, *match) if any(match) else machine.once(effective)
    values = options.get(option)
    if values is None:
        return {"exists": False}
    return {"exists": True, "value": values[0], "values": values, "source": _source(machine, option)}


def effective(machine):
    """option (lower case) -> list of values, for a connection that no Match block is about."""
    return parse(machine.output(["sshd", "-T"]))


def _match(machine, user, host, address):
    wanted = "user=%s,host=%s,addr=%s" % (user or "nobody", host or "localhost", address or "127.0.0.1")
    return parse(machine.output(["sshd", "-T", "-C", wanted]))


def parse(text):
    """The output of `sshd -T`: an option that occurs more than once has several values."""
    options = {}
    for line in text.splitlines():
        option, _, value = line.partition(" ")
        options.setdefault(option.lower(), []).append(value)
    return options


def _source(machine, option):
    """file:line that sets it first, which is what counts; empty when it is the built-in value."""
    paths = [*machine.glob("/etc/ssh/sshd_config.d/*.conf"), "/etc/ssh/sshd_config"]
    for path in paths:
        try:
            lines = (machine.read(path) or "").splitlines()
        except UnreadableError:
            continue
        for number, line in enumerate(lines, 1):
            words = line.replace("=", " ").split()
            if words and words[0].lower() == option:
                return "%s:%d" % (path, number)
    return ""
