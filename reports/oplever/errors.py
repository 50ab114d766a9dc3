"""Everything that can go wrong for a reason a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from oplever.messages import translated

ANCHORS: Final = (
    "journal-missing",
    "journal-empty",
    "journal-foreign",
    "journal-newer",
    "file-unreadable",
    "file-unwritable",
    "record-unknown",
    "record-approved",
    "finding-unknown",
    "run-joined",
    "join-runs",
    "decision-by-executor",
    "entry-invalid",
    "entries-broken",
    "entries-file",
    "entries-known",
    "complete-terminal",
    "checks-none",
    "checks-parameters",
    "code-invalid",
    "config-invalid",
    "host-unknown",
    "compare-sides",
    "store-unusable",
    "record-altered",
    "signer-unknown",
    "signing-failed",
    "ssh-keygen-missing",
    "signing-key-missing",
    "export-empty",
    "extra-missing",
    "ansible-missing",
    "mail-not-set",
    "mail-secret",
    "mail-server",
    "mail-unaddressed",
    "run-prompt",
    "run-start",
    "import-foreign",
    "import-broken",
    "import-known",
    "scan-broken",
    "week-invalid",
    "incident-state",
    "incident-open-ends",
    "incident-order",
    "rules-invalid",
    "country-unknown",
    "form-unknown",
    "handout-none",
    "handout-room",
    "publish-foreign",
    "record-changed",
    "desk-unusable",
    "desk-port",
    "desk-exposed",
    "desk-no-account",
    "account-taken",
    "account-unknown",
    "account-invalid",
    "login-refused",
    "login-throttled",
    "login-ended",
    "provider-no-logout",
    "provider-none",
    "provider-refused",
    "provider-unreachable",
    "provider-account",
    "form-refused",
    "form-sent",
    "annex-size",
    "annex-type",
    "not-permitted",
    "page-unknown",
    "link-unusable",
)
"""Every code an error can carry; each has its paragraph in docs/reference/messages.md."""


class OpleverError(Exception):
    """Bad input or surroundings. `slug` is the code, `message` what is wrong, `advice` what to do about it;
    `details` are further lines, when there is more than one thing wrong."""

    def __init__(self, slug: str, message: str, advice: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = str(message)
        self.advice = str(advice)
        self.details = tuple(map(str, details))
        self._sentences = message, advice, details

    @property
    def sentence(self) -> str:
        """What is wrong, with its pattern where it has one: to be said later, in the language of whoever reads it."""
        return self._sentences[0]

    @property
    def advice_sentence(self) -> str:
        """What to do about it, with its pattern, as `sentence`."""
        return self._sentences[1]

    def in_language(self, translate: Callable[[str], str]) -> OpleverError:
        """The same error with its sentences translated; the code stays as it is."""
        message, advice, details = self._sentences
        words = tuple(translated(detail, translate) for detail in details)
        return OpleverError(self.slug, translated(message, translate), translated(advice, translate), words)
