"""Frequently asked questions: made of closed incidents, answered by what was shown to be right."""
