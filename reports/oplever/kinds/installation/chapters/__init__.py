"""What each section of the record shows: pure functions from a view and a translator to blocks."""
