"""What a model takes and gives: the schemas of its input, its output and its params."""

from __future__ import annotations

import dataclasses
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.inference import infer_params, infer_schema
from headrace.models.types import ParamSchema, Schema


class TypeHints:
    """What the type hints of a ``predict`` say of its input and output; None where there is none."""

    def __init__(self, input: Any = None, output: Any = None) -> None:
        self.input, self.output = input, output


class ModelSignature:
    """The schemas of a model's input and output, and the params it takes; at least one is known."""

    def __init__(
        self, inputs: Schema | Any = None, outputs: Schema | Any = None, params: ParamSchema | None = None
    ) -> None:
        self.inputs = _schema("inputs", inputs)
        self.outputs = _schema("outputs", outputs)
        if params is not None and not isinstance(params, ParamSchema):
            raise TypeError(f"params of a ModelSignature must be a ParamSchema, not {type(params).__name__}")
        self.params = params
        if self.inputs is None and self.outputs is None and params is None:
            raise ValueError("A ModelSignature needs inputs, outputs or params")
        #: Whether it was read off the type hint of ``predict``, or waits for an example to be read off.
        self._is_signature_from_type_hint = False
        self._is_type_hint_from_example = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSignature) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"inputs: \n  {self.inputs}\noutputs: \n  {self.outputs}\nparams: \n  {self.params}\n"

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file: each part as JSON text, or None."""
        return {
            "inputs": self.inputs.to_json() if self.inputs else None,
            "outputs": self.outputs.to_json() if self.outputs else None,
            "params": self.params.to_json() if self.params is not None else None,
        }

    @classmethod
    def from_dict(cls, signature_dict: dict[str, Any]) -> ModelSignature:
        """The inverse of ``to_dict``. Raises ``BadRequest`` when a part is malformed."""
        inputs, outputs, params = (signature_dict.get(part) for part in ("inputs", "outputs", "params"))
        if not (inputs or outputs or params):
            raise BadRequest("Malformed signature: it has neither inputs nor outputs nor params")
        return cls(
            inputs=Schema.from_json(inputs) if inputs else None,
            outputs=Schema.from_json(outputs) if outputs else None,
            params=ParamSchema.from_json(params) if params else None,
        )


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: dict[str, Any] | None = None
) -> ModelSignature:
    """The signature of a model that made ``model_output`` of ``model_input``, with the defaults ``params``."""
    return ModelSignature(
        inputs=None if model_input is None else infer_schema(model_input),
        outputs=None if model_output is None else infer_schema(model_output),
        params=infer_params(params) if params else None,
    )


def _schema(part: str, said: Any) -> Schema | None:
    if said is None or isinstance(said, Schema):
        return said
    if dataclasses.is_dataclass(said):
        from headrace.models.hints import schema_of_dataclass

        return schema_of_dataclass(said if isinstance(said, type) else type(said))
    raise TypeError(f"{part} of a ModelSignature must be a Schema or a dataclass, not {type(said).__name__}")


def __getattr__(name: str) -> Any:
    # What changes a model is upstairs of what a signature is.
    if name == "set_signature":
        from headrace.models.changing import set_signature

        return set_signature
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
