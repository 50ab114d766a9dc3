"""Whole programs against real counterparts (servers, other tools, a killed process); no lab machine is needed."""
