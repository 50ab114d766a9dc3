"""How the machines of a lab are reached, without Ansible, which takes twenty times as long. `files` is what the role
lab keeps of one lab: its key, and the addresses with their host keys. Standard library only."""

from __future__ import annotations

from pathlib import Path


def addresses(files: Path) -> dict[str, str]:
    """Machine -> its address."""
    lines = (files / "known_hosts").read_text(encoding="ascii").splitlines()
    return {name: address for address, name in (line.split()[0].split(",") for line in lines)}


def ssh(files: Path, machine: str) -> list[str]:
    """The start of a command that runs on a machine, as its administrator. `LogLevel` hides what the server says to
    everybody who logs in."""
    settings = ("IdentitiesOnly=yes", "BatchMode=yes", "ConnectTimeout=10", "LogLevel=ERROR",
                f"UserKnownHostsFile={files}/known_hosts")  # fmt: skip
    words = [word for setting in settings for word in ("-o", setting)]
    return ["ssh", "-i", str(files / "id_ed25519"), *words, f"beheer@{addresses(files)[machine]}"]
