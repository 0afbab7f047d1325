"""Every change of the registry, as it happened."""

UP = ""
