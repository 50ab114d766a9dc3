"""Libraries that not everybody needs: installed with an extra of the package, imported when they are used."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Literal

from oplever.errors import OpleverError
from oplever.messages import M_

Extra = Literal["calendar", "mail", "oidc", "pdf", "postgresql", "run", "web"]


def load(module: str, extra: Extra) -> Any:
    """The module. Raises OpleverError (`extra-missing`)."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise _missing(module, extra, problem) from None


def require(module: str, extra: Extra) -> None:
    """Looks whether a module that another process will load is there. Raises OpleverError (`extra-missing`)."""
    try:
        is_there = importlib.util.find_spec(module) is not None
    except ValueError:  # somebody put something in its place
        is_there = False
    if not is_there:
        raise _missing(module, extra, ModuleNotFoundError(f"No module named '{module}'"))


def _missing(module: str, extra: Extra, problem: ImportError) -> OpleverError:
    return OpleverError(
        "extra-missing",
        M_("this needs {module}, which cannot be imported ({problem})", module=module, problem=problem),
        M_("pip install 'oplever[{extra}]'", extra=extra),
    )
