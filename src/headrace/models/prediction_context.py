"""What is known of the prediction that is being made: which request it answers, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_current: ContextVar[Context | None] = ContextVar("prediction", default=None)
_FIELDS = ("request_id", "is_evaluate", "dependencies_schemas", "model_id", "endpoint_name")


class Context:
    """One prediction. What it is told beside its fields is taken and forgotten."""

    request_id: str | None
    is_evaluate: bool
    dependencies_schemas: dict[str, Any] | None
    model_id: str | None
    endpoint_name: str | None

    def __init__(
        self,
        request_id: str | None = None,
        is_evaluate: bool = False,
        dependencies_schemas: dict[str, Any] | None = None,
        model_id: str | None = None,
        endpoint_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.request_id, self.is_evaluate = request_id, is_evaluate
        self.dependencies_schemas = dependencies_schemas
        self.model_id, self.endpoint_name = model_id, endpoint_name

    def __repr__(self) -> str:
        return f"Context({', '.join(f'{name}={getattr(self, name)!r}' for name in _FIELDS)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def update(self, **kwargs: Any) -> None:
        """Change some of the fields. Raises ``AttributeError`` for what is none."""
        for name, value in kwargs.items():
            if name not in _FIELDS:
                raise AttributeError(f"A Context has no {name!r}, but {list(_FIELDS)}")
            setattr(self, name, value)


@contextmanager
def set_prediction_context(context: Context | None) -> Iterator[None]:
    """Let ``get_prediction_context`` say ``context`` while the block runs, in this thread or task."""
    before = _current.set(context)
    try:
        yield
    finally:
        _current.reset(before)


def get_prediction_context() -> Context | None:
    """The prediction that is being made here, or None."""
    return _current.get()
