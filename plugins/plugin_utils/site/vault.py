"""What Ansible says of a text in the vault that it cannot decrypt, as one sentence with what to do."""

from __future__ import annotations

from typing import Any


def sentence(problem: Exception, loader: Any) -> str:
    """`loader` is the DataLoader of Ansible, which has the passwords that were given."""
    if "not vault encrypted" in str(problem):
        return "is no text of the vault; `ansible-vault encrypt_string` makes what stands after !vault"
    if not loader._vault.secrets:
        return (
            "is in the vault, and no password of the vault was given; add --ask-vault-pass, or name a file with the "
            "password in ANSIBLE_VAULT_PASSWORD_FILE"
        )
    return "cannot be decrypted with the password of the vault that was given, or was cut off"
