"""One table has one digest: in any library, in any chunks; another table has another."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.base.errors import NotSupported
from headrace.data import column_digests, content_digest, from_numpy, from_pandas, from_polars
from headrace.data.content import tensor_digest


def _everything() -> pd.DataFrame:
    """Three rows of each kind of value that all libraries have."""
    return pd.DataFrame(
        {
            "long": [1, 2, 3],
            "double": [1.5, None, math.inf],
            "text": ["x", "äöü", None],
            "bool": [True, False, True],
            "u8": np.array([1, 2, 255], "u1"),
            "u64": np.array([1, 2, 2**64 - 1], "u8"),
            "f4": np.array([1, 2, 3], "f4"),
            "Int64": pd.array([1, None, 3], dtype="Int64"),
            "boolean": [True, None, False],
            "category": pd.Categorical(["u", None, "u"]),
            "time": pd.to_datetime(["2024-01-01", None, "1969-07-20"]).as_unit("us"),
            "zone": pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin", unit="us"),
            "span": pd.to_timedelta([1, 2, None], unit="s").as_unit("us"),
            "date": [dt.date(2024, 1, 1), None, dt.date(1, 1, 1)],
            "bytes": [b"x", None, b""],
            "decimal": [decimal.Decimal("1.50"), None, decimal.Decimal("22.1")],
            "lists": [[1, 2], [], None],
            "arrays": [np.arange(3), np.arange(2), None],
            "structs": [{"x": 1, "y": "a"}, None, {"x": 2, "y": None}],
            "deep": [[{"a": [1.5]}, {"a": None}], None, [None]],
        }
    )


def test_a_table_has_one_digest_in_every_library() -> None:
    frame = _everything()
    arrow = pa.Table.from_pandas(frame)
    polars = pl.from_pandas(frame)
    ours = column_digests(frame)
    assert column_digests(arrow) == ours
    assert column_digests(polars) == ours
    assert content_digest(arrow) == content_digest(polars) == content_digest(frame)
    assert len(set(ours.values())) == len(ours)


def test_what_only_plans_a_table_has_its_digest_too() -> None:
    import duckdb

    frame = _everything()[["long", "double", "text", "lists", "date"]]
    table = pa.Table.from_pandas(frame)
    expected = content_digest(frame)
    assert content_digest(duckdb.from_arrow(table)) == expected
    assert content_digest(pl.from_pandas(frame).lazy()) == expected
    assert content_digest(table.to_reader(2)) == expected
    assert content_digest(table.to_batches()[0]) == expected


def test_narwhals_frames_are_what_they_hold() -> None:
    import narwhals

    frame = _everything()
    assert content_digest(narwhals.from_native(frame)) == content_digest(frame)


@pytest.mark.filterwarnings("ignore")
def test_a_hugging_face_dataset_has_the_digest_of_its_table() -> None:
    import datasets

    frame = _everything()[["long", "double", "text", "lists", "structs"]]
    dataset = datasets.Dataset.from_pandas(frame)
    assert content_digest(dataset) == content_digest(frame)
    assert content_digest(dataset.select([2, 0])) == content_digest(frame.iloc[[2, 0]])


VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int16": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "double": (pa.float64(), st.floats()),
    "bool": (pa.bool_(), st.booleans()),
    "string": (pa.string(), st.text(max_size=5)),
    "view": (pa.string_view(), st.text(max_size=20)),
    "lists of views": (pa.list_(pa.string_view()), st.lists(st.none() | st.text(max_size=2), max_size=2)),
    "struct of views": (pa.struct([("v", pa.binary_view())]), st.fixed_dictionaries({"v": st.binary(max_size=2)})),
    "list view": (pa.list_view(pa.int8()), st.lists(st.integers(0, 9), max_size=2)),
    "binary": (pa.binary(), st.binary(max_size=5)),
    "date": (pa.date32(), st.dates()),
    "lists": (pa.list_(pa.int8()), st.lists(st.none() | st.integers(-128, 127), max_size=3)),
    "pairs": (pa.list_(pa.bool_(), 2), st.lists(st.booleans(), min_size=2, max_size=2)),
    "structs": (
        pa.struct([("a", pa.string()), ("b", pa.list_(pa.float32()))]),
        st.fixed_dictionaries({"a": st.none() | st.text(max_size=3), "b": st.lists(st.floats(width=32), max_size=2)}),
    ),
    "maps": (pa.map_(pa.string(), pa.int64()), st.lists(st.tuples(st.text(max_size=2), st.integers(0, 9)), max_size=2)),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "b", "c"])),
    "null": (pa.null(), st.none()),
}


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=40)
@given(data=st.data())
def test_chunks_do_not_matter_and_values_do(kind: str, data: st.DataObject) -> None:
    arrow, values = VALUES[kind]
    rows = data.draw(st.lists(st.none() | values, max_size=12))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    whole = pa.array(rows, type=arrow)
    edges = [0, *cuts, len(rows)]
    pieces = [whole.slice(start, end - start) for start, end in itertools.pairwise(edges)]
    digest = content_digest(pa.table({"c": whole}))
    assert content_digest(pa.table({"c": pa.chunked_array(pieces, type=arrow)})) == digest
    assert content_digest(pa.table({"c": pa.array(rows, type=arrow)})) == digest
    other = data.draw(st.lists(st.none() | values, max_size=12))
    other_digest = content_digest(pa.table({"c": pa.array(other, type=arrow)}))
    same = repr(pa.array(other, type=arrow).to_pylist()) == repr(whole.to_pylist())
    assert (other_digest == digest) == same


DIFFERENT: dict[str, tuple[Any, Any]] = {
    "order of rows": (pa.array([1, 2]), pa.array([2, 1])),
    "type": (pa.array([1, 2], pa.int32()), pa.array([1, 2], pa.int64())),
    "sign of zero": (pa.array([0.0]), pa.array([-0.0])),
    "nan and null": (pa.array([math.nan]), pa.array([None], pa.float64())),
    "null and nothing": (pa.array([None], pa.string()), pa.array([""])),
    "null and zero": (pa.array([None], pa.int64()), pa.array([0])),
    "place of a null": (pa.array([1, None, 1]), pa.array([1, 1, None])),
    "ends of texts": (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
    "ends of lists": (pa.array([[1, 2], [3]]), pa.array([[1], [2, 3]])),
    "no list and an empty one": (pa.array([[1], None]), pa.array([[1], []])),
    "category and text": (pa.array(["a"]).dictionary_encode(), pa.array(["a"])),
    "zone": (pa.array([0], pa.timestamp("us", "UTC")), pa.array([0], pa.timestamp("us", "Europe/Berlin"))),
    "no zone": (pa.array([0], pa.timestamp("us", "UTC")), pa.array([0], pa.timestamp("us"))),
    "field of a struct": (pa.array([{"a": 1}]), pa.array([{"b": 1}])),
    "text and bytes": (pa.array(["a"]), pa.array([b"a"])),
    "scale": (pa.array([decimal.Decimal("1.0")]), pa.array([decimal.Decimal("1.00")])),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_has_another_digest(one: Any, other: Any) -> None:
    assert content_digest(pa.table({"c": one})) != content_digest(pa.table({"c": other}))


SAME: dict[str, tuple[Any, Any]] = {
    "width of offsets": (pa.array(["a"]), pa.array(["a"], pa.large_string())),
    "lists of one length": (pa.array([[1, 2]]), pa.array([[1, 2]], pa.list_(pa.int64(), 2))),
    "seconds": (pa.array([5], pa.timestamp("s")), pa.array([5000], pa.timestamp("ms"))),
    "order of categories": (
        pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", "b"])),
        pa.DictionaryArray.from_arrays(pa.array([1, 0]), pa.array(["b", "a"])),
    ),
    "runs": (pa.array([1, 1, 2]), pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([1, 2]))),
    "bits of nan": (
        pa.array([math.nan]),
        pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(b"\x01\0\0\0\0\0\xf8\xff")]),
    ),
    "what is under a null": (
        pa.array([None], pa.int64()),
        pa.Array.from_buffers(pa.int64(), 1, [pa.py_buffer(b"\0"), pa.py_buffer(b"\x07" + b"\0" * 7)]),
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_is_only_told_in_another_way_has_the_same_digest(one: Any, other: Any) -> None:
    assert content_digest(pa.table({"c": one})) == content_digest(pa.table({"c": other}))


def test_every_cell_counts_where_mlflow_looks_at_the_first_ten_thousand_rows() -> None:
    frame = pd.DataFrame({"a": np.arange(20_000), "t": pd.date_range("2024", periods=20_000, freq="s")})
    late, when = frame.copy(), frame.copy()
    late.loc[15_000, "a"] = 0
    when.loc[3, "t"] = pd.Timestamp("2000")
    datasets = [from_pandas(each, "/x") for each in (frame, late, when)]
    assert len({each.digest for each in datasets}) == 1
    assert len({each.content_digest for each in datasets}) == 3
    assert {name for name, digest in column_digests(late).items() if column_digests(frame)[name] != digest} == {"a"}


def test_names_and_the_order_of_columns_count() -> None:
    frame = pd.DataFrame({"a": [1], "b": [1]})
    digests = {
        content_digest(each) for each in (frame, frame[["b", "a"]], frame.rename(columns={"b": "c"}), frame[["a"]])
    }
    assert len(digests) == 4


def test_an_index_counts_unless_it_only_numbers_the_rows() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert content_digest(frame.iloc[[2, 0]]) == content_digest(pd.DataFrame({"a": [3, 1]}))
    dated = frame.set_index(pd.date_range("2024", periods=3))
    assert len({content_digest(each) for each in (frame, dated, dated.shift(1, freq="D"))}) == 3
    assert content_digest(frame.rename_axis("row")) == content_digest(frame.reset_index(names="row"))


def test_missing_values_of_pandas_are_null_and_those_of_polars_may_be_nan() -> None:
    assert content_digest(pd.DataFrame({"a": [math.nan]})) == content_digest(
        pl.DataFrame({"a": [None]}, {"a": pl.Float64})
    )
    assert content_digest(pl.DataFrame({"a": [math.nan]})) != content_digest(
        pl.DataFrame({"a": [None]}, {"a": pl.Float64})
    )


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({("a", 1): [1], ("a", 2): [2]}),
        pd.DataFrame({"a": [1j, None]}),
        pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
        pd.DataFrame({"a": pd.period_range("2024", periods=2, freq="D"), "b": pd.interval_range(0, 2)}),
        pd.DataFrame({"a": [1, "a", None, b"x", 2.5, 1j, [1, {"k": dt.date(2024, 1, 1)}], {1, 2}, np.int8(3)]}),
        pd.DataFrame({"a": [2**70, decimal.Decimal(1), dt.timedelta(1), dt.time(1), pd.NaT, pd.NA, "\udc80"]}),
    ],
    ids=["nothing", "no rows", "twice", "levels", "complex", "sparse", "periods", "several kinds", "more kinds"],
)
def test_odd_frames_have_a_digest_and_only_one(frame: pd.DataFrame) -> None:
    assert content_digest(frame) == content_digest(frame.copy())
    if len(frame):
        assert content_digest(frame) != content_digest(pd.concat([frame, frame]))


def test_objects_of_ones_own_are_refused_and_leave_a_dataset_without_the_digest() -> None:
    frame = pd.DataFrame({"a": [object()]})
    with pytest.raises(NotSupported, match="'a' holds a object"):
        content_digest(frame)
    assert from_pandas(frame, "/x").content_digest is None


@pytest.mark.parametrize("thing", [5, "text", [1, 2], object()])
def test_what_is_no_table_is_refused(thing: Any) -> None:
    with pytest.raises(NotSupported, match="no table that narwhals reads"):
        content_digest(thing)


def test_objects_of_polars_have_a_digest() -> None:
    one, other = (pl.DataFrame({"o": pl.Series([value], dtype=pl.Object)}) for value in ({1}, {2}))
    assert content_digest(one) != content_digest(other)


TENSORS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "as it was": lambda each: each,
    "another shape": lambda each: each.reshape(4, 3),
    "transposed": lambda each: each.T,
    "another type": lambda each: each.astype("f4"),
    "last element": lambda each: each + (each == each.max()),
    "in a dict": lambda each: {"a": each},
    "by another name": lambda each: {"b": each},
}


def test_tensors_differ_by_shape_type_name_and_every_element() -> None:
    digests = {name: tensor_digest(features=change(np.arange(12.0).reshape(3, 4))) for name, change in TENSORS.items()}
    assert len(set(digests.values())) == len(TENSORS)
    array = np.arange(300_000.0).reshape(3, 4, -1)
    assert tensor_digest(features=array, targets=array) != tensor_digest(features=array)
    assert tensor_digest(features=np.asfortranarray(array)) == tensor_digest(features=array)
    assert tensor_digest(features=array.astype(">f8")) == tensor_digest(features=array)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", "bb"]),
        np.array([b"a"]),
        np.array([1j]),
        np.array(["2024"], "M8[Y]"),
        np.array(["2024-01-01T05"], "M8[h]"),
        np.array([5], "m8[s]"),
        np.array([1, None, "a"], dtype=object),
        np.zeros((0, 3)),
        np.array(5),
        np.array([True]),
        np.zeros(3, "f2"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays_of_every_type_have_a_digest(array: Any) -> None:
    assert tensor_digest(features=array) == tensor_digest(features=array.copy())


def test_records_are_refused_and_leave_a_dataset_without_the_digest() -> None:
    assert from_numpy(np.zeros(3, dtype=[("a", "i4")]), "/x").content_digest is None


def test_a_digest_is_what_it_was() -> None:
    # Runs keep digests: another recipe needs another name for it, not other digests under this one.
    assert content_digest(pd.DataFrame({"a": [1, 2], "b": ["x", None]})) == WRITTEN_TABLE
    assert tensor_digest(features=np.arange(6.0).reshape(2, 3)) == WRITTEN_TENSOR


WRITTEN_TABLE = "b1cf1f5160189407fbba3aa932ed6813"
WRITTEN_TENSOR = "2701b837999fa084afc491291f33d332"


def test_memory_does_not_grow_with_the_rows() -> None:
    program = """
import resource, sys
import numpy as np, pandas as pd, polars as pl, pyarrow, pyarrow.compute
from headrace.data import content_digest
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
text = pl.DataFrame({"s": [f"value {i}" for i in range(100_000)]})
content_digest(text), content_digest(pd.DataFrame({"a": [1.0], "s": ["x"]}))
frame = pd.DataFrame(np.ones((4_000_000, 8)))
frame.iloc[5, 3] = float("nan")
rows = pl.concat([text] * 20)
before = peak()
content_digest(frame), content_digest(rows)
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64  # of the 256 MB that there are


def test_the_same_content_is_told_by_every_kind_of_dataset() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert from_pandas(frame, "/x").content_digest == from_polars(pl.from_pandas(frame), "/x").content_digest
