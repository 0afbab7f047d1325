"""Arithmetic that more than one model needs, and that therefore has a file of its own."""

OPERATIONS = {
    "add": lambda left, right: left + right,
    "subtract": lambda left, right: left - right,
    "multiply": lambda left, right: left * right,
    "divide": lambda left, right: left / right,
}


def calculate(operation: str, left: float, right: float) -> float:
    """The result of one operation."""
    if operation not in OPERATIONS:
        raise ValueError(f"There is no operation {operation!r}; there are {sorted(OPERATIONS)}")
    return OPERATIONS[operation](left, right)
