"""Users are instructed: what they were told, whether they understood it, and how they were helped after it."""
