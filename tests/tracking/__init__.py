"""Tracking, as a script sees it."""
