"""Points that are equal to the last digit, each kept."""

UP = ""
