"""Evaluation datasets and their records."""

UP = ""
