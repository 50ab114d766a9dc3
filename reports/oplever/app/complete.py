"""What a record lacks, as questions to a person: from the rules of its kind and the declarations of the entries."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from msgspec import Struct

from oplever.kinds import registry
from oplever.kinds.base import Rule, about
from oplever.record.entries.fields import Field, fields, typed_fields
from oplever.record.model import Record, Who

_WIDTH = 100


class Question(Struct, frozen=True):
    """One thing that is missing. An entry of `kind` with `preset` and the `fields` supplies it; those in `needed` have
    to be filled in. `none_of` is the section of which somebody may state that there is nothing, else empty."""

    text: str
    who: Who
    kind: str
    preset: dict[str, str]
    fields: tuple[Field, ...]
    needed: frozenset[str]
    none_of: str


class Lacking(Struct, frozen=True):
    """`sentences` say what a run has to supply."""

    questions: tuple[Question, ...]
    sentences: tuple[str, ...]


def lacking(record: Record) -> Lacking:
    """What a record lacks, in the order of the rules of its kind."""
    rules = [rule for rule in registry.of(record).rules if rule.lacks(record)]
    return Lacking(
        tuple(_question(rule) for rule in rules if rule.entry),
        tuple(rule.words for rule in rules if not rule.entry),
    )


def _question(rule: Rule) -> Question:
    declared = typed_fields(registry.entry_kind(rule.entry))
    names = rule.fields or tuple(field.name for field in declared)
    open_fields = tuple(field for field in declared if field.name in names and field.name not in rule.preset)
    needed = frozenset(rule.fields) | frozenset(field.name for field in open_fields if field.required)
    none_of = rule.section if rule.may_be_none else ""
    return Question(rule.words, rule.who, rule.entry, rule.preset, open_fields, needed, none_of)


def template(record: Record, name: str) -> str:
    """A file in YAML with what the record of that name lacks, to be filled in and added with `oplever add --file`."""
    missing = lacking(record)
    lines = [
        f"# What record {name} lacks. Fill in what you know, and add it with:",
        f"#   oplever add --record {name} --file FILE",
        "# An entry in which nothing is filled in is skipped. A field marked with * has to be filled in.",
        *(f"# A run that looks and tests supplies this: {text}" for text in missing.sentences),
    ]
    in_file = [question for question in missing.questions if not _own_command(question)]
    for question in missing.questions:
        lines += ["", *(_entry(question) if question in in_file else _elsewhere(question, name))]
    return "\n".join(lines if in_file else [*lines, "", "[]"]) + "\n"


def _own_command(question: Question) -> str:
    """The command that adds such an entry, when it is no entry of a file: it looks at more than what is typed."""
    return registry.entry_kind(question.kind).declaration.command


def _elsewhere(question: Question, name: str) -> Iterator[str]:
    yield from _heading(question)
    yield f"# - added: {question.kind} cannot stand in a file. Add it with:"
    yield f"#   {about(_own_command(question), name)}"


def _heading(question: Question) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(f"{question.text} ({question.who})", _WIDTH))


def _entry(question: Question) -> Iterator[str]:
    yield from _heading(question)
    if question.none_of:
        yield f"# When there are none, put this in its place:  - {{added: none, what: {question.none_of}}}"
    yield f"- added: {question.kind}"
    for name, value in question.preset.items():
        if value not in _defaults(question.kind).get(name, ()):
            yield f"  {name}: {value}"
    for field in question.fields:
        yield from (f"  # {line}" for line in wrap(_explain(field, is_needed=field.name in question.needed), _WIDTH))
        yield f"  {field.name}:"


def _defaults(kind: str) -> dict[str, tuple[str, ...]]:
    return {field.name: (field.default,) for field in fields(registry.entry_kind(kind)) if field.default is not None}


def _explain(field: Field, *, is_needed: bool) -> str:
    choices = f" One of: {', '.join(field.choices)}." if field.choices else ""
    form = {"texts": " A list: [first, second].", "yes_no": " yes or no."}.get(field.form, "")
    default = f" Left empty it is {field.default}." if field.default else ""
    return f"{'* ' if is_needed else ''}{field.description}{choices}{form}{default}"
