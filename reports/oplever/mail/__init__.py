"""Mail of a desk: what a message says, where it comes from and how an answer goes out. Knows no record."""
