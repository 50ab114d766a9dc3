"""All records together: what the pages over them say, and the tree that these pages are drawn from. Pure."""
