"""The OpenAPI document of one served model, from its signature, and a page that shows it."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from headrace.models.payload import CSV, JSON
from headrace.models.types import Array, ColSpec, DataType, Map, Object, ParamSchema, Schema, TensorSpec
from headrace.models.types.datatypes import Type
from headrace.serving import described

#: JSON Schema of the scalars. A missing number may be null, where the model takes NaN.
_SCALARS: dict[DataType, dict[str, Any]] = {
    DataType.boolean: {"type": "boolean"},
    DataType.integer: {"type": "integer", "format": "int32"},
    DataType.long: {"type": "integer", "format": "int64"},
    DataType.float: {"type": ["number", "null"], "format": "float"},
    DataType.double: {"type": ["number", "null"], "format": "double"},
    DataType.string: {"type": "string"},
    DataType.binary: {"type": "string", "contentEncoding": "base64"},
    DataType.datetime: {"type": "string", "format": "date-time"},
}
_ERROR = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}, "stack_trace": {"type": "string"}},
}


def document(
    signature: Any,
    *,
    name: str,
    version: str | None,
    server_version: str,
    example: str | None,
    talks: str | None = None,
    streams: bool = False,
) -> dict[str, Any]:
    """The document, as OpenAPI 3.1. ``example`` is a request as JSON text, ``talks`` the path below ``/v1/``."""
    inputs, outputs = (signature.inputs, signature.outputs) if signature is not None else (None, None)
    schemas = {
        "Request": _request(inputs, signature.params if signature is not None else None, bare=talks is not None),
        "Answer": {"type": "object", "required": ["predictions"], "properties": {"predictions": _answer(outputs)}},
        "Error": _ERROR,
    }
    body: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Request"}}
    if example is not None:
        body["examples"] = {"saved": {"summary": "The input example of the model", "value": json.loads(example)}}
    predictions = _reply("The predictions", "Answer")
    if streams:
        predictions["content"] = {**predictions["content"], **described.EVENTS}
    media = {JSON: body} if inputs is not None and inputs.is_tensor_spec() else {JSON: body, CSV: {"schema": {}}}
    asked = f"/v2/models/{name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version or server_version},
        "paths": {
            "/invocations": {
                "post": {
                    "operationId": "predict",
                    "summary": "Predict",
                    "requestBody": {"required": True, "content": media},
                    "responses": {
                        "200": predictions,
                        "default": _reply("What was wrong", "Error"),
                    },
                }
            },
            **described.paths(talks),
            "/health": {"get": {"operationId": "health", "responses": {"200": {"description": "The model is there"}}}},
            "/v2/health/ready": {"get": {"operationId": "ready", "responses": {"200": {"description": "Ready"}}}},
            asked: {"get": {"operationId": "about", "responses": {"200": {"description": "The model's tensors"}}}},
            f"{asked}/infer": {
                "post": {
                    "operationId": "infer",
                    "summary": "Predict, by the Open Inference Protocol",
                    "requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}}}},
                    "responses": {"200": {"description": "The predictions, as tensors"}},
                }
            },
        },
        "components": {"schemas": schemas},
    }


def _reply(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _request(inputs: Schema | None, params: ParamSchema | None, *, bare: bool = False) -> dict[str, Any]:
    """The body of a request: exactly one of MLflow's formats, and params if the model takes any.

    A request of a model that talks may be ``bare``: its fields are those of the signature.
    """
    more = {"params": _params(params)} if params is not None else {}
    forms = [_with({name: form}, [name], more) for name, form in _forms(inputs).items()]
    if bare and inputs is not None and inputs.has_input_names() and not inputs.is_tensor_spec():
        row = {str(name): _schema_of(spec) for name, spec in _named(inputs)}
        forms.insert(0, _with(row, [str(name) for name in inputs.required_input_names()], {}))
    return {"oneOf": forms}


def _with(properties: dict[str, Any], required: list[str], more: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": {**properties, **more}}


def _forms(inputs: Schema | None) -> dict[str, Any]:
    if inputs is None:
        return {name: {} for name in ("dataframe_split", "dataframe_records", "instances", "inputs")}
    if inputs.is_tensor_spec():
        tensors = {str(name): _schema_of(spec) for name, spec in _named(inputs)}
        whole = _with(tensors, list(tensors), {}) if inputs.has_input_names() else next(iter(tensors.values()))
        return {"inputs": whole, "instances": {"type": "array"}}
    if not inputs.has_input_names():
        return {"inputs": {"type": "array"}, "dataframe_split": _split([])}
    row = {str(name): _schema_of(spec) for name, spec in _named(inputs)}
    required = [str(name) for name in inputs.required_input_names()]
    rows = {"type": "array", "items": _with(row, required, {})}
    columns = {name: {"type": "array", "items": kind} for name, kind in row.items()}
    return {
        "dataframe_split": _split(list(row)),
        "dataframe_records": rows,
        "inputs": {"anyOf": [_with(columns, required, {}), rows]},
        "instances": rows,
    }


def _split(columns: list[str]) -> dict[str, Any]:
    names = {"type": "array", "items": {"type": "string"}, **({"examples": [columns]} if columns else {})}
    index, data = {"type": "array"}, {"type": "array", "items": {"type": "array"}}
    return _with({"columns": names, "index": index, "data": data}, ["data"], {})


def _answer(outputs: Schema | None) -> dict[str, Any]:
    if outputs is None:
        return {}
    if outputs.is_tensor_spec() and not outputs.has_input_names():
        return _schema_of(outputs.inputs[0])
    if not outputs.has_input_names():
        return {"type": "array", "items": _schema_of(outputs.inputs[0])}
    fields = {str(name): _schema_of(spec) for name, spec in _named(outputs)}
    if outputs.is_tensor_spec():
        return {"type": "object", "properties": fields}
    # A model may answer a table of one column as a plain array.
    return {"type": "array", "items": {"anyOf": [_with(fields, [], {}), *fields.values()]}}


def _named(schema: Schema) -> list[tuple[str | int, ColSpec | TensorSpec]]:
    return list(zip(schema.input_names(), schema.inputs, strict=True))


def _params(params: ParamSchema) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for spec, stored in zip(params.params, params.to_dict(), strict=True):
        one = type_schema(spec.dtype)
        said[spec.name] = {**(one if spec.shape is None else {"type": "array", "items": one})}
        said[spec.name]["default"] = stored["default"]
    return {"type": "object", "properties": said}


def _schema_of(spec: ColSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, ColSpec):
        return type_schema(spec.type)
    kinds = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "U": "string", "S": "string"}
    kind = kinds.get(spec.type.kind)
    found: dict[str, Any] = {"type": kind} if kind else {}
    for size in reversed(spec.shape):
        found = {"type": "array", "items": found, **({} if size < 0 else {"minItems": size, "maxItems": size})}
    return found


def type_schema(kind: Type) -> dict[str, Any]:
    """The JSON Schema of a type of a signature."""
    match kind:
        case DataType():
            return dict(_SCALARS[kind])
        case Array():
            return {"type": "array", "items": type_schema(kind.dtype)}
        case Map():
            return {"type": "object", "additionalProperties": type_schema(kind.value_type)}
        case Object():
            fields = {each.name: type_schema(each.dtype) for each in kind.properties}
            return _with(fields, [each.name for each in kind.properties if each.required], {})
    # Anything at all.
    return {}


#: What the page may do: look as it does, and nothing else.
POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"
    "pre{overflow:auto;padding:.8rem;border:1px solid #8886;border-radius:4px}"
)


def page(said: dict[str, Any], signature: Any) -> bytes:
    """The page that shows a document: the model's columns, an example to send, and the paths."""
    title = escape(said["info"]["title"])
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>{title} <small>{escape(said['info']['version'])}</small></h1>")
    for heading, schema in (
        ("Inputs", getattr(signature, "inputs", None)),
        ("Params", getattr(signature, "params", None)),
        ("Outputs", getattr(signature, "outputs", None)),
    ):
        if schema is not None:
            rows = "".join(f"<tr><td><code>{escape(repr(each))}</code></tr>" for each in schema)
            parts.append(f"<h2>{heading}</h2><table>{rows}</table>")
    examples = said["paths"]["/invocations"]["post"]["requestBody"]["content"][JSON].get("examples")
    if examples:
        text = json.dumps(examples["saved"]["value"], indent=1)
        parts.append(f"<h2>Example</h2><p><code>POST /invocations</code></p><pre>{escape(text)}</pre>")
    rows = "".join(
        f"<tr><td><code>{verb.upper()}</code><td><code>{escape(path)}</code></tr>"
        for path, verbs in said["paths"].items()
        for verb in verbs
    )
    parts.append(f"<h2>Paths</h2><table>{rows}</table><p><a href=openapi.json>openapi.json</a></p></html>")
    return "".join(parts).encode()
