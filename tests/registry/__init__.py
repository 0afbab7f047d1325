"""Registering models and finding them again."""
