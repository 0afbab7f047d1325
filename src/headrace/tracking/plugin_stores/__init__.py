"""Stores of other packages: the classes they derive from, and how calls reach them."""
