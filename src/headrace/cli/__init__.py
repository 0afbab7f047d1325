"""The command line, one file per noun."""

from headrace.cli.root import main

__all__ = ["main"]
