"""The OpenAPI document of a served model."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import numpy
import pytest

from headrace.models.signature import ModelSignature
from headrace.models.types import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)
from headrace.serving.app import Scorer
from tests.serving.test_app import ask
from tests.serving.test_open_inference import Saved

_NESTED = Object([Property("x", DataType.double), Property("y", DataType.string, required=False)])
_SIGNATURE = ModelSignature(
    inputs=Schema(
        [
            ColSpec("double", "<a>"),
            ColSpec("long", "b", required=False),
            ColSpec(Array(_NESTED), "c"),
            ColSpec(Map(DataType.boolean), "d"),
            ColSpec(AnyType(), "e"),
        ]
    ),
    outputs=Schema([ColSpec("double")]),
    params=ParamSchema([ParamSpec("k", "long", 3), ParamSpec("stop", "string", ["x"], (-1,))]),
)


def _document(signature: ModelSignature | None, example: str | None = None) -> Any:
    app = Scorer(Saved(signature), version="1", name="scored", model_version="3", example=example)
    return ask(app, "GET", "/openapi.json").said


def _refs(said: Any) -> set[str]:
    if isinstance(said, dict):
        own = {said["$ref"]} if "$ref" in said else set()
        return own.union(*map(_refs, said.values()))
    return set().union(*map(_refs, said)) if isinstance(said, list) else set()


def test_columns_and_params_are_described_by_their_types() -> None:
    request = _document(_SIGNATURE)["components"]["schemas"]["Request"]
    forms = {each["required"][0]: each["properties"] for each in request["oneOf"]}
    assert list(forms) == ["dataframe_split", "dataframe_records", "inputs", "instances"]
    row = forms["dataframe_records"]["dataframe_records"]["items"]
    assert row["required"] == ["<a>", "c", "d", "e"]
    assert row["properties"]["<a>"]["type"] == ["number", "null"]
    assert row["properties"]["b"] == {"type": "integer", "format": "int64"}
    assert row["properties"]["c"]["items"]["required"] == ["x"]
    assert row["properties"]["d"] == {"type": "object", "additionalProperties": {"type": "boolean"}}
    assert row["properties"]["e"] == {}
    assert forms["inputs"]["params"]["properties"] == {
        "k": {"type": "integer", "format": "int64", "default": 3},
        "stop": {"type": "array", "items": {"type": "string"}, "default": ["x"]},
    }


def test_tensors_are_nested_lists_of_their_shape() -> None:
    tensor = TensorSpec(numpy.dtype("float32"), [-1, 2])
    forms = _document(ModelSignature(inputs=Schema([tensor])))["components"]["schemas"]["Request"]["oneOf"]
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    assert forms[0]["properties"]["inputs"] == {"type": "array", "items": pair}


@pytest.mark.parametrize("signature", [None, _SIGNATURE, ModelSignature(inputs=Schema([ColSpec("string")]))])
def test_every_reference_leads_somewhere(signature: ModelSignature | None) -> None:
    said = _document(signature)
    assert (said["openapi"], said["info"]) == ("3.1.0", {"title": "scored", "version": "3"})
    names = {f"#/components/schemas/{name}" for name in said["components"]["schemas"]}
    assert _refs(said) == names
    assert all(operation["responses"] for verbs in said["paths"].values() for operation in verbs.values())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and where it leads."""
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


def test_the_page_shows_the_example_and_needs_nothing_from_elsewhere() -> None:
    example = json.dumps({"inputs": {"b": ["</pre><script>"]}})
    app = Scorer(Saved(_SIGNATURE), version="1", name="scored", example=example)
    reply = ask(app, "GET", "/docs")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert b"&lt;/pre&gt;&lt;script&gt;" in reply.body
    links = _Links()
    links.feed(reply.body.decode())
    assert links.links == ["openapi.json"]
    assert "script" not in links.tags
    assert "a" in links.tags
