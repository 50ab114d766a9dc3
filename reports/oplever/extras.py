"""Libraries that not everybody needs: installed with an extra of the package, imported when they are used."""

from __future__ import annotations

import importlib
from typing import Any, Literal

from oplever.errors import OpleverError

Extra = Literal["pdf", "postgresql", "run"]


def load(module: str, extra: Extra) -> Any:
    """The module. Raises OpleverError (`extra-missing`)."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise OpleverError(
            "extra-missing",
            f"this needs {module}, which cannot be imported ({problem})",
            f"pip install 'oplever[{extra}]'",
        ) from None
