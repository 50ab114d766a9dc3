"""The tree that documents are drawn from: its blocks, its language and words, and what they need of a record."""
