"""The language of checks on the controller: the rules are the engine's own files (docs/decisions/0018), the sources a
table made from it."""
