"""A program of this repository as a module: those of `tools/`, and those that roles install."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any


def program(path: Path) -> Any:
    """The module in the file `path`, whatever the file is called; made anew each time. It imports what lies beside it,
    as a program does."""
    name = f"program_{path.stem.replace('-', '_')}"
    loader = SourceFileLoader(name, str(path))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the names in their annotations
    sys.path.insert(0, str(path.parent))
    try:
        loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module
