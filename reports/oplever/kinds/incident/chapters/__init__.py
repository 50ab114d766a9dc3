"""The sections of a case file."""
