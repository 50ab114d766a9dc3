"""What people do with records, as functions: parsed arguments in, what came of it out. No printing, no parsing."""
