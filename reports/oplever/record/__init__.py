"""The domain model and its derivation: frozen types, pure functions, no I/O."""
