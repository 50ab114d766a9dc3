"""An incident: a report is taken in, handled, tested, confirmed by the user and closed."""
