"""Changes of a module in one place, those of mutmut, and what of its compiled code differs from the original."""

from __future__ import annotations

import difflib
import dis
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators


@dataclass
class Mutant:
    path: Path
    line: int
    source: str
    original: str
    outcome: str = ""

    @property
    def difference(self) -> list[str]:
        lines = difflib.unified_diff(self.original.splitlines(), self.source.splitlines(), lineterm="", n=0)
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def mutants(path: Path, sample: int | None, chance: random.Random) -> list[Mutant]:
    """At most `sample` changes of one file, any of them with the same chance."""
    original = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(original))
    positions = wrapper.resolve(PositionProvider)
    places = [
        (node, changed)
        for node in _mutable(wrapper.module)
        for kind, operator in mutation_operators
        if isinstance(node, kind)
        for changed in operator(node)
    ]
    chance.shuffle(places)
    by_source: dict[str, Mutant] = {}
    for node, changed in places:
        if sample is not None and len(by_source) >= sample:
            break
        source = wrapper.module.deep_replace(node, changed).code
        if source != original and _compiles(source):
            by_source.setdefault(source, Mutant(path, positions[node].start.line, source, original))
    return sorted(by_source.values(), key=lambda mutant: (mutant.line, mutant.source))


def _mutable(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes whose change a test could see: no types, no decorators, no imports."""
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
        return
    if isinstance(node, cst.Assign) and m.matches(node.value, m.Subscript(value=m.Name("Literal"))):
        return
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Name) and node.value.value == "Literal":
        return
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("len", "isinstance"):
        return  # without their arguments they only raise
    if isinstance(node, cst.Arg) and node.keyword and node.keyword.value in ("description", "frozen", "gc"):
        return  # prose for the documentation; what a mistake in the code would run into, not a record
    if (
        isinstance(node, cst.Assign)
        and isinstance(node.targets[0].target, cst.Name)
        and node.targets[0].target.value == "__all__"
    ):
        return
    yield node
    for child in node.children:
        yield from _mutable(child)


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def definitions(code: CodeType) -> Iterator[CodeType]:
    """Code of the functions and methods of a module, in their order; lambdas and the like at that level included."""
    for inner in (const for const in code.co_consts if isinstance(const, CodeType)):
        if inner.co_flags & 2:  # new locals: a function; the body of a class has none
            yield inner
        else:
            yield from definitions(inner)


def outer(code: CodeType) -> tuple[Any, ...]:
    """What runs at import: the module and the bodies of its classes, without those of functions."""
    consts = []
    for const in code.co_consts:
        is_body = isinstance(const, CodeType) and not const.co_flags & 2
        consts.append(outer(const) if is_body else "function" if isinstance(const, CodeType) else repr(const))
    return (code.co_code, code.co_names, tuple(consts))


def content(code: CodeType) -> tuple[Any, ...]:
    """What a function does, without the lines that it stands on."""
    consts = tuple(content(const) if isinstance(const, CodeType) else repr(const) for const in code.co_consts)
    return (code.co_code, code.co_names, code.co_varnames, consts)


def name(code: CodeType) -> str:
    """The function of a module that this code is a part of."""
    return code.co_qualname.split(".<locals>")[0]


def read_at_import(code: CodeType) -> Iterator[str]:
    """Names from elsewhere that a module reads when it is imported, in its classes too."""
    steps = list(dis.get_instructions(code))
    own = {step.argval for step in steps if step.opname == "STORE_NAME"}
    imported = {step.argval for step in steps if step.opname == "IMPORT_FROM"}
    for step in steps:
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and (step.argval in imported or step.argval not in own):
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType) and (not inner.co_flags & 2 or inner.co_name.startswith("<")):
            yield from read_at_import(inner)
