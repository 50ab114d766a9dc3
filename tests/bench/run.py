"""Runs the benches and prints a Markdown table for each subject: `python tests/bench/run.py [--quick] [--only NAME]`.

Every other module here is one subject. It has `HEADINGS`, the columns, and `figures(*, quick)`, the rows as strings;
the first line of its docstring is the title. Ratios are medians of pairs that ran in turns, with the least and the
most in brackets (`measure.spread`). `quick` shows that a bench works and is no figure.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
PACKAGES = ("ansible-core", "msgspec", "jinja2", "typst")


def subjects() -> dict[str, ModuleType]:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")
    modules = {name: importlib.import_module(name) for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "HEADINGS")}


def main() -> int:
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # a start would be that of a program that nobody started before
    benches = subjects()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and once: shows that it works, no figure")
    parser.add_argument("--only", choices=sorted(benches), action="append", help="this subject alone; more than once")
    options = parser.parse_args()
    print(machine())
    failed = 0
    for name in options.only or benches:
        print(f"\n## {(benches[name].__doc__ or name).strip().splitlines()[0]}\n", flush=True)
        try:
            rows = benches[name].figures(quick=options.quick)
        except Exception as problem:  # the other subjects are measured all the same, and the exit code says no
            failed += 1
            print(f"Not measured: {problem!r}")
            continue
        table(benches[name].HEADINGS, rows)
    return 1 if failed else 0


def machine() -> str:
    """On what the figures were measured."""
    models = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = models[0].split(":")[1].strip() if models else platform.machine()
    tools = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GB, load {load:.1f} at the start; "
        f"Python {platform.python_version()}, {tools}"
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in (headings, ["---"] * len(headings), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    sys.exit(main())
