"""Whole programs against real counterparts (servers, other tools, a killed process), without lab machines; `make test` runs them."""
