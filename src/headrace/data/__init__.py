"""Kinds of dataset, one file each."""
