"""What differs between kinds of records, one package each, and the record that follows from it."""
