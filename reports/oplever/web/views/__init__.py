"""The pages of the desk, one module for what belongs together."""
