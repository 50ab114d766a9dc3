"""A record in formats that other tools read: `registry.export(record, "sarif")` gives the bytes of a file.

A format decides shape and names, never results: it draws what `findings` says. The same record always gives the
same bytes; no clock, no random numbers.
"""
