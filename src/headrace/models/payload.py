"""The body of a request for predictions, read into what the model takes.

The formats are those of MLflow's scoring protocol: JSON with one of ``dataframe_split``, ``dataframe_records``,
``instances`` and ``inputs``, JSON in the manner of chat and completion services, CSV, and Parquet. A value either
arrives as it was sent or is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, TooLarge, UnknownMedia
from headrace.models import delimited
from headrace.models.cells import objects, show
from headrace.models.tables import Table, block_of, columns_of_rows, frame_of, table_of, table_of_records
from headrace.models.tensors import tensor_of, tensors_of
from headrace.models.types import ParamSchema, Schema

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
#: The fields of which a JSON body has exactly one.
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
#: A JSON body with one of these is passed to the model as it is, and the model's answer to the caller.
CHAT_FIELDS = frozenset({"messages", "prompt", "input"})
#: Levels of nesting in a JSON body, at most: as many as a numpy array has dimensions. Lists and objects in it, at most:
#: an empty one is two bytes there, and fifty here.
DEPTH, CONTAINERS = 64, 1_000_000

_BOM = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, slots=True)
class Payload:
    """What a request asks a model: its input, its params, and whether the answer is wrapped in ``predictions``.

    ``fits`` says that the input was made to fit the model's signature when it was read.
    """

    data: Any
    params: dict[str, Any] | None
    wrapped: bool = True
    fits: bool = False


class Reader:
    """Reads requests for one model."""

    def __init__(self, schema: Schema | None, params: ParamSchema | None = None, *, hinted: bool = False) -> None:
        self._schema = schema
        self._params = frozenset(spec.name for spec in params.params) if params is not None else frozenset()
        #: Models that declare their input by a type hint check it themselves, and take it as it came.
        self._hinted = hinted
        self._makes_fit = not hinted and schema is not None and not schema.is_tensor_spec()
        self._media: dict[str, Callable[[bytes], Payload]] = {
            JSON: self._json,
            CSV: lambda body: Payload(_of_table(delimited.table_of_csv(body, schema), schema), None),
            PARQUET: lambda body: Payload(delimited.frame_of_parquet(body), None),
        }

    def read(self, body: bytes, content_type: str | None) -> Payload:
        """The payload in ``body``. Raises ``UnknownMedia`` or ``BadRequest`` naming what is wrong."""
        media = JSON if content_type == JSON else _media_of(content_type)
        read = self._media.get(media)
        if read is None:
            raise UnknownMedia(f"The Content-Type {show(media)} is not supported; send one of {list(self._media)}")
        if not body.strip():
            raise BadRequest("The body is empty; send " + _wanted(), "BAD_REQUEST")
        return read(body)

    def _json(self, body: bytes) -> Payload:
        said = loads(body)
        if not isinstance(said, dict):
            raise BadRequest(f"The body must be {_wanted()}, not {show(said)}", "BAD_REQUEST")
        if not CHAT_FIELDS.isdisjoint(said):
            taken = {name: value for name, value in said.items() if name in self._params}
            return Payload({name: said[name] for name in said if name not in taken}, taken, wrapped=False)
        found = [name for name in FORMATS if name in said]
        if len(found) != 1:
            has = f"these of them: {found}" if found else f"none of them, but {show(list(said))}"
            raise BadRequest(f"The body must be {_wanted()}; it has {has}", "BAD_REQUEST")
        params = said.get("params")
        if not isinstance(params, dict | None):
            raise BadRequest(f"'params' must be an object of names and values, not {show(params)}", "BAD_REQUEST")
        return Payload(self._data(found[0], said[found[0]]), params, fits=self._makes_fit)

    def _data(self, name: str, value: Any) -> Any:
        if self._hinted:
            if name != "inputs":
                raise BadRequest(f"This model declares its input by a type hint; send it in 'inputs', not in {name!r}")
            return value
        if name == "dataframe_split":
            return _split(value, self._schema)
        if name == "dataframe_records":
            if not isinstance(value, list):
                raise BadRequest(f"'dataframe_records' must be a list of objects, not {show(value)}", "BAD_REQUEST")
            return _of_table(_records(name, value), self._schema)
        if self._schema is None:
            return _untyped(name, value)
        if self._schema.is_tensor_spec():
            return _tensors(name, value, self._schema)
        table = table_of(value, self._schema, wire=True)
        if table is None:
            raise BadRequest(f"'{name}' must be an object or a list of rows, not {show(value)}", "BAD_REQUEST")
        return frame_of(table, self._schema, wire=True)


def loads(body: bytes) -> Any:
    """The JSON value in ``body``; bare ``NaN`` and ``Infinity`` are floats, since MLflow's clients write them."""
    body = body.removeprefix(_BOM)
    try:
        containers = body.count(b"[") + body.count(b"{")
        if containers > CONTAINERS and len(_STRING.sub(b"", body).translate(None, _NOT_BRACKETS)) > 2 * CONTAINERS:
            raise TooLarge(f"The body has more than {CONTAINERS} lists and objects; send the rows in several requests")
        if containers > DEPTH and _is_deep(body):
            raise RecursionError
        return msgspec.json.decode(body)
    except RecursionError:
        raise BadRequest(f"The body is nested more than {DEPTH} levels deep", "BAD_REQUEST") from None
    except UnicodeDecodeError:
        raise BadRequest("The body is not valid UTF-8", "BAD_REQUEST") from None
    except msgspec.MsgspecError as error:
        if b"NaN" in body or b"Infinity" in body:
            return _patient(body)
        raise BadRequest(f"The body is not valid JSON: {error}", "BAD_REQUEST") from None


def _patient(body: bytes) -> Any:
    try:
        value = json.loads(body)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("The body has text with lone surrogates, which is no text", "BAD_REQUEST") from None
    except ValueError as error:
        raise BadRequest(f"The body is not valid JSON: {error}", "BAD_REQUEST") from None
    return value


def _is_deep(body: bytes) -> bool:
    """Whether ``body`` nests deeper than ``DEPTH``, found by peeling the innermost brackets that often."""
    for text in (body, _STRING.sub(b"", body)):
        left = text.translate(_ONE_KIND, _NOT_BRACKETS)
        for _ in range(DEPTH):
            peeled = left.replace(b"[]", b"")
            if not peeled:
                return False
            if len(peeled) == len(left):
                # Brackets that have no partner: in a string, or else the decoder will say so.
                break
            left = peeled
        else:
            continue
        if text is not body:
            return False
    return True


def _wanted() -> str:
    return f"a JSON object with exactly one of the fields {list(FORMATS)}"


def _media_of(content_type: str | None) -> str:
    """The media type a Content-Type header names. Raises unless its text is UTF-8 and it asks for nothing else."""
    if not content_type or not content_type.strip():
        raise BadRequest(f"The request has no Content-Type; send one of {[JSON, CSV, PARQUET]}", "BAD_REQUEST")
    header = Message()
    header["content-type"] = content_type
    for name, value in (header.get_params() or [])[1:]:
        if name != "charset":
            raise UnknownMedia(f"The Content-Type has the parameter {show(name)}; only charset=utf-8 is understood")
        if value.lower() not in ("utf-8", "utf8"):
            raise UnknownMedia(f"The Content-Type names the charset {show(value)}; only utf-8 is understood")
    return content_type.partition(";")[0].strip().lower()


# ---- the JSON formats ----


def _of_table(table: Table, schema: Schema | None) -> Any:
    """What a model with ``schema`` takes of a table: a DataFrame, or tensors."""
    import pandas

    if schema is None:
        columns = {name: list(values) for name, values in table.items()}
        ready = block_of(columns)
        return pandas.DataFrame(columns) if ready is None else ready
    if not schema.is_tensor_spec():
        return frame_of(table, schema, wire=True)
    if schema.has_input_names():
        return _tensors("the table", dict(table), schema)
    return _tensors("the table", [list(row) for row in zip(*table.values(), strict=True)], schema)


def _records(name: str, rows: list[Any]) -> Table:
    for at, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadRequest(f"Row {at} of '{name}' must be an object, not {show(row)}", "BAD_REQUEST")
    return table_of_records(rows)


def _split(value: Any, schema: Schema | None) -> Any:
    if not isinstance(value, dict) or "data" not in value or not value.keys() <= {"columns", "data", "index"}:
        has = f"the fields {show(list(value))}" if isinstance(value, dict) else show(value)
        raise BadRequest(
            f"'dataframe_split' must be an object with 'data', and 'columns' and 'index' if need be, not {has}",
            "BAD_REQUEST",
        )
    rows, columns, index = (_list_in_split(value, name) for name in ("data", "columns", "index"))
    assert rows is not None
    width = len(columns) if columns is not None else len(rows[0]) if rows and isinstance(rows[0], list) else 1
    if width == 1 and not any(isinstance(row, list) for row in rows):
        rows = [[row] for row in rows]
    labels = columns if columns is not None else list(range(width if rows else 0))
    if not set(map(type, labels)) <= {str, int, bool} or len(set(labels)) < len(labels):
        raise BadRequest(f"The columns of 'dataframe_split' must be distinct names, not {show(labels)}", "BAD_REQUEST")
    frame = _of_table(dict(zip(labels, columns_of_rows(rows, len(labels)), strict=True)), schema)
    if index is not None and hasattr(frame, "columns"):
        if len(index) != len(rows) or not all(isinstance(each, str | int | float) for each in index):
            raise BadRequest("The index of 'dataframe_split' must be a list with one label for each row", "BAD_REQUEST")
        frame.index = index
    return frame


def _list_in_split(value: Mapping[str, Any], name: str) -> list[Any] | None:
    found = value.get(name)
    if not isinstance(found, list) and (found is not None or name == "data"):
        raise BadRequest(f"The field {name!r} of 'dataframe_split' must be a list, not {show(found)}", "BAD_REQUEST")
    return found


def _columnar(name: str, value: Any) -> Any:
    """``value`` with rows of named fields turned into columns, as TensorFlow Serving has them both ways."""
    if name == "instances" and isinstance(value, list) and value and isinstance(value[0], dict):
        if any(not isinstance(row, dict) or row.keys() != value[0].keys() for row in value):
            raise BadRequest("All rows of 'instances' must be objects with the same fields", "BAD_REQUEST")
        return {field: [row[field] for row in value] for field in value[0]}
    return value


def _untyped(name: str, value: Any) -> Any:
    value = _columnar(name, value)
    if isinstance(value, dict):
        return {field: _array(f"{name}.{field}", each) for field, each in value.items()}
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return value
    return _array(name, value)


def _array(what: str, value: Any) -> Any:
    import numpy

    try:
        return numpy.array(value)
    except ValueError:
        if isinstance(value, list) and not any(isinstance(each, list) for each in value):
            return objects(value)
        raise BadRequest(
            f"The rows of {what!r} are of different lengths, so they are no array", "BAD_REQUEST"
        ) from None


def _tensors(name: str, value: Any, schema: Schema) -> Any:
    specs = tensors_of(schema)
    value = _columnar(name, value)
    if not schema.has_input_names():
        if isinstance(value, dict):
            raise BadRequest(f"The model takes one tensor, so {name!r} must be a list, not an object", "BAD_REQUEST")
        return tensor_of(repr(name), value, specs[0])
    if not isinstance(value, dict):
        if len(specs) > 1:
            raise BadRequest(f"The model takes the tensors {list(specs)}; name them in {name!r}", "BAD_REQUEST")
        value = dict.fromkeys(specs, value)
    return {field: tensor_of(repr(field), value[field], spec) for field, spec in specs.items() if field in value}
