"""`oplever verify`: check that no byte of a record changed, and who signed it."""

from __future__ import annotations

import click

from oplever import store
from oplever.app.verify import Decision, Verified
from oplever.app.verify import verify as verify_record
from oplever.cli.language import say, translator
from oplever.cli.output import tell_documents, tell_since
from oplever.messages import M_, translated
from oplever.page.translator import Translator
from oplever.page.vocabulary import word
from oplever.store import fingerprint
from oplever.store.signatures import Checked
from oplever.text import printable


@click.command()
@click.argument("record", default="latest")
@click.option(
    "--allowed-signers",
    envvar="OPLEVER_ALLOWED_SIGNERS",
    show_envvar=True,
    help="File of allowed signers (see ssh-keygen(1)); default: the one in oplever.yml.",
)
@click.pass_context
def verify(ctx: click.Context, record: str, allowed_signers: str | None) -> None:
    """Check RECORD against its checksums, the chain of its entries and its signatures.

    RECORD may be the code of a document on paper, oplever:RECORD:REVISION:FINGERPRINT: then that it was made of this
    record is checked too.

    Lists each file that was changed, removed or added, and each line of the entries that was changed, removed or moved.
    Exits with 1 if there is one, or if a signature is not valid or cannot be checked.
    """
    printed = fingerprint.parse(record) if fingerprint.is_printed(record) else None
    directory = store.find(printed.record if printed else record)
    verified = verify_record(directory, allowed_signers, printed)
    for problem in verified.problems:
        click.echo(printable(f"oplever: {translated(problem, translator())}"), err=True)
    _tell_signatures(verified)
    tell_documents(directory)
    tell_since(verified.since)
    if verified.problems:
        ctx.exit(1)
    if printed:
        _tell_printed(printed.revision, verified.revision)
    if verified.decision:
        click.echo(printable(_decision(verified.decision)))
    if verified.signatures:
        say("{record}: no file has changed", record=directory.name)
    else:
        say("{record}: no file has changed; not signed", record=directory.name)


def _tell_signatures(verified: Verified) -> None:
    """Each signature with what came of its check, and whose names were replaced since."""
    if any(signature.unknown for signature in verified.signatures):
        say("  -> name the file that says whose key is whose: --allowed-signers FILE", err=True)
    if verified.signatures:
        say("allowed signers: {path}", path=verified.allowed or M_("none given"))
    for signature in verified.signatures:
        click.echo(printable(_signature(signature, verified.revision)))
    for replaced in verified.pseudonymised:
        say("pseudonymised at {time}: {names}", time=replaced.at, names=", ".join(replaced.names))


def _tell_printed(printed: int, present: int) -> None:
    """Whether a document on paper is of the present revision."""
    if printed == present:
        say("the document is of revision {revision} of this record", revision=printed)
    else:
        say(
            "the document is of revision {revision} of this record; the present revision is {now}",
            revision=printed,
            now=present,
        )


def _signature(checked: Checked, revision: int) -> str:
    t = translator()
    is_wrong = checked.altered or (checked.unproven and not checked.unknown)
    state = t("not valid") if is_wrong else t("valid") if checked.signer else t("cannot be checked")
    params = {"name": checked.name, "role": word(t, checked.role), "revision": checked.revision, "state": state}
    if checked.signer:
        text = t(
            "signature of {name} as {role}, revision {revision} with the key of {principal} ({key}): {state}",
            principal=checked.signer.principal,
            key=checked.signer.key,
            **params,
        )
    else:
        text = t("signature of {name} as {role}, revision {revision}: {state}", **params)
    since = _changed_since(t, checked.revision, revision) if checked.later else ""
    return "; ".join(part for part in (text, translated(checked.note, t), since) if part)


def _decision(decision: Decision) -> str:
    t = translator()
    text = t("{decision} by {name}", decision=word(t, decision.decision), name=decision.by)
    if decision.assigned:
        other = t("not {names}", names=", ".join(decision.assigned))
        text += f", {t('the assigned supervisor') if decision.is_assigned else other}"
    signed = t("signed") if decision.is_signed else t("not signed")
    since = _changed_since(t, *decision.changed) if decision.changed else ""
    return "; ".join(part for part in (text, signed, since) if part)


def _changed_since(t: Translator, first: int, last: int) -> str:
    return t("the record was changed since: revision {first} -> {last}", first=first, last=last)
