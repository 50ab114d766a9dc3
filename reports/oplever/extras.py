"""Libraries that not everybody needs: installed with an extra of the package, imported when they are used."""

from __future__ import annotations

import importlib
from typing import Any, Literal

from oplever.errors import OpleverError
from oplever.messages import M_

Extra = Literal["pdf", "postgresql", "run"]


def load(module: str, extra: Extra) -> Any:
    """The module. Raises OpleverError (`extra-missing`)."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise OpleverError(
            "extra-missing",
            M_("this needs {module}, which cannot be imported ({problem})", module=module, problem=problem),
            M_("pip install 'oplever[{extra}]'", extra=extra),
        ) from None
