"""How Ansible logs in on a machine: whether by SSH, over a connection of its own, and as whom."""

from __future__ import annotations

from typing import Any

REMOTE = ("ssh", "paramiko", "paramiko_ssh", "libssh")
# First among the arguments, because ssh takes the first value it gets.
ALONE = "-o ControlMaster=no -o ControlPath=none"
# One value a line. Of a connection that is not SSH, sudo on the controller may hide who is at work.
QUESTION = "id -un; id -Gn; printf '%s\\n' ~; printenv SSH_CONNECTION || echo; printenv SUDO_USER || echo"
LENGTH = 240


def is_remote(connection: Any) -> bool:
    """Whether the machine lets `connection` in by SSH, so that it can be locked out."""
    return str(connection.transport).rsplit(".", 1)[-1] in REMOTE


def cannot_renew(connection: Any) -> str:
    """Why `connection` cannot begin anew; empty where it can. A plugin of others, as that of Mitogen, may call itself
    `ssh` and keep one connection for all that runs, also after a reset."""
    name = str(getattr(connection, "_load_name", "") or connection.transport).rsplit(".", 1)[-1]
    if not is_remote(connection) or name in REMOTE:
        return ""
    return (
        f"This role tries out a change over a new connection before it is kept, and the connection plugin {name} makes "
        "none. Play it without that plugin and its strategy (Ansible's own are ssh and linear)."
    )


def renew(connection: Any, seconds: int) -> None:
    """Let `connection` of this task begin anew, beside the one that Ansible keeps open for the next tasks."""
    if str(connection.transport).rsplit(".", 1)[-1] != "ssh":
        connection.reset()
        return
    connection.set_option("ssh_args", f"{ALONE} {connection.get_option('ssh_args') or ''}")
    connection.set_option("reconnection_retries", 0)
    connection.set_option("timeout", seconds)


def parse(output: str, *, remote: bool) -> dict[str, Any]:
    """Who is logged in, from the answer to `QUESTION`: account, groups, home; and by SSH the address of the client as
    the machine sees it, and its own address and port. Raises ValueError for another answer."""
    lines = output.splitlines()
    if len(lines) < 5 or not lines[0]:
        raise ValueError(f"the machine answered {output!r} to the question who is logged in")
    account, groups, home, connection, person = (line.strip() for line in lines[-5:])
    fields = connection.split() if remote else []
    client, address, port = (fields[0], fields[2], int(fields[3])) if len(fields) == 4 else ("", "", 0)
    return {
        "account": account if remote or account != "root" or not person else person,
        "groups": groups.split(),
        "home": home,
        "client": client,
        "address": address,
        "port": port,
        "remote": remote,
    }


def one_line(problem: object) -> str:
    """The last line of what went wrong that says something, without a full stop."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Warning:", "debug"))]
    return (telling or lines or ["no answer"])[-1].rstrip(".")[:LENGTH]
