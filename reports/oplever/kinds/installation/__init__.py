"""An installation: machines are installed and configured, tested, and handed over."""
