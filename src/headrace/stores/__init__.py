"""Stores: everything that answers calls."""
