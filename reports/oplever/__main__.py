"""`python -m oplever`"""

from __future__ import annotations

from oplever.cli.main import main

main(prog_name="oplever")
