"""What a record lacks, as questions to a person: from the rules of its kind and the declarations of the entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from msgspec import Struct

from oplever.kinds import registry
from oplever.kinds.base import Rule, about
from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import word
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


def template(record: Record, name: str, t: Translator, described: Callable[[str], str]) -> str:
    """A file in YAML with what the record of that name lacks, to be filled in and added with `oplever add --file`.
    `described` gives what a field is for in the language of `t`."""
    missing = lacking(record)
    lines = [
        *_remarks(t("What record {name} lacks. Fill in what you know, and add it with:", name=name)),
        f"#   oplever add --record {name} --file FILE",
        *_remarks(t("An entry in which nothing is filled in is skipped. A field marked with * has to be filled in.")),
        *(
            line
            for text in missing.sentences
            for line in _remarks(t("A run that looks and tests supplies this: {text}", text=t(text)))
        ),
    ]
    in_file = [question for question in missing.questions if not _own_command(question)]
    for question in missing.questions:
        lines += [
            "",
            *_remarks(f"{t(question.text)} ({word(t, question.who)})"),
            *(_entry(question, t, described) if question in in_file else _elsewhere(question, name, t)),
        ]
    return "\n".join(lines if in_file else [*lines, "", "[]"]) + "\n"


def _own_command(question: Question) -> str:
    """The command that adds such an entry, when it is no entry of a file: it looks at more than what is typed."""
    return registry.entry_kind(question.kind).declaration.command


def _elsewhere(question: Question, name: str, t: Translator) -> Iterator[str]:
    yield from _remarks(t("- added: {kind} cannot stand in a file. Add it with:", kind=question.kind))
    yield f"#   {about(_own_command(question), name)}"


def _remarks(text: str, indent: str = "") -> Iterator[str]:
    yield from (f"{indent}# {line}" for line in wrap(text, _WIDTH))


def _entry(question: Question, t: Translator, described: Callable[[str], str]) -> Iterator[str]:
    if question.none_of:
        none = f"- {{added: none, what: {question.none_of}}}"
        yield f"# {t('When there are none, put this in its place:')}  {none}"
    yield f"- added: {question.kind}"
    for name, value in question.preset.items():
        if value not in _defaults(question.kind).get(name, ()):
            yield f"  {name}: {value}"
    for field in question.fields:
        mark = "* " if field.name in question.needed else ""
        yield from _remarks(f"{mark}{_explain(field, t, described)}", "  ")
        yield f"  {field.name}:"


def _defaults(kind: str) -> dict[str, tuple[str, ...]]:
    return {field.name: (field.default,) for field in fields(registry.entry_kind(kind)) if field.default is not None}


def _explain(field: Field, t: Translator, described: Callable[[str], str]) -> str:
    """What a field is for, and what can stand in it."""
    sentences = [described(field.description)]
    if field.choices:
        sentences.append(t("One of: {choices}.", choices=", ".join(field.choices)))
    if form := {"texts": N_("A list: [first, second]."), "yes_no": N_("yes or no.")}.get(field.form):
        sentences.append(t(form))
    if field.default:
        sentences.append(t("Left empty it is {value}.", value=field.default))
    return " ".join(sentences)
