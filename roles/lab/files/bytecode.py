"""Keep the compiled form of what Python imports from zip archives.

`OPLEVER_LAB_BYTECODE=1` puts this into lab machines. Ansible sends a module as an archive with some fifty sources, and
each start compiles all of them anew: two fifths of the time that a small module takes. What comes out is kept in memory
until the machine is switched off, by the source itself. Python calls `start` when it starts, by a `.pth` file beside
this one. It also looks for circular garbage seldom there: a module makes little, and ends soon.
"""

from __future__ import annotations

import _imp
import gc
import marshal
import os
import zipimport
from types import CodeType
from typing import Any

PLACE = "/run/oplever-lab-bytecode"
compile_source: Any = zipimport._compile_source  # type: ignore[attr-defined]


def ready(place: str = PLACE) -> bool:
    """Whether code in `place` can be trusted: nobody but root writes there. Root makes it."""
    try:
        if os.geteuid() == 0:
            os.makedirs(place, 0o755, exist_ok=True)
        state = os.lstat(place)
    except OSError:
        return False
    return state.st_uid == 0 and state.st_mode & 0o170022 == 0o040000


def kept(path: str, source: bytes, place: str = PLACE) -> CodeType:
    """The code of a source that stands at `path`, from `place` when it was compiled before."""
    file = f"{place}/{_imp.source_hash(0, source).hex()}"
    try:
        with open(file, "rb") as stream:
            # At once: marshal.load would ask the file for every number and name.
            code: CodeType = marshal.loads(stream.read())  # noqa: S302 - only root writes there
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
    except (OSError, ValueError, EOFError, TypeError):
        code = compile_source(path, source)
        keep(code, file)
    return code


def keep(code: CodeType, file: str) -> None:
    """Two modules may do so at once: a file is there as a whole or not at all."""
    own = f"{file}.{os.getpid()}"
    try:
        with open(own, "wb") as stream:
            marshal.dump(code, stream)
        os.rename(own, file)
    except OSError:
        pass  # the place is full, or this is not root: then it is compiled again


def start() -> None:
    gc.set_threshold(100_000, 50, 50)
    if ready():
        zipimport._compile_source = kept  # type: ignore[attr-defined]
