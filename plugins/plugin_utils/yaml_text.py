"""YAML of the files that roles declare something in, by the parser in C where PyYAML has it: that takes a tenth of the
time, and a run reads one such file for each role."""

from __future__ import annotations

from typing import Any

import yaml


def parse(text: str) -> Any:
    """The values in it. Raises yaml.YAMLError."""
    if yaml.__with_libyaml__:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    return yaml.safe_load(text)
