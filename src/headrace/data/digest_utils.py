"""The digests that MLflow has for tables and arrays: eight hexadecimal digits of MD5.

They look at the first 10,000 rows or elements, and at columns of numbers and texts only, so that different data may
have the same one. ``headrace.data.content`` has those that do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from headrace.base.errors import BadRequest
from headrace.tracking.extras import need

#: Rows or elements that are looked at.
MAX_ROWS = 10_000


def compute_pandas_digest(df: Any) -> str:
    """The digest of a pandas frame."""
    numpy, pandas = need("numpy", "A digest"), need("pandas", "A digest")
    head = df.head(MAX_ROWS)
    texts = [all(type(value) is str for value in head.iloc[:, at]) for at in range(head.shape[1])]
    kept = head.columns[texts].union(head.select_dtypes(include=[numpy.number]).columns)
    rows = pandas.util.hash_pandas_object(head[kept]).values
    return get_normalized_md5_digest([rows, numpy.int64(len(df)), *(str(name).encode() for name in df.columns)])


def compute_numpy_digest(features: Any, targets: Any = None) -> str:
    """The digest of arrays, or of dicts of arrays."""
    elements: list[Any] = []
    for part in (features, targets):
        if part is None:
            continue
        for _, array in sorted(part.items()) if isinstance(part, dict) else [("", part)]:
            elements.extend(_of_array(array))
    return get_normalized_md5_digest(elements)


def compute_tensorflow_dataset_digest(dataset: Any, targets: Any = None) -> str:
    """The digest of a ``tf.data.Dataset``: of the numbers of each element, one after the other.

    Of a dataset without end it is that of the first 10,000 elements; MLflow would not come back.
    """
    numpy, tensorflow = need("numpy", "A digest"), need("tensorflow", "A TensorFlow dataset")
    elements: list[Any] = []
    for part in (dataset, targets):
        if part is None:
            continue
        endless = part.cardinality() == tensorflow.data.INFINITE_CARDINALITY
        for element in part.take(MAX_ROWS) if endless else part:
            flat = [value.numpy().flatten() for value in tensorflow.nest.flatten(element)]
            elements.extend(_of_values(numpy.concatenate(flat) if len(flat) > 1 else flat[0]))
    return get_normalized_md5_digest(elements)


def get_normalized_md5_digest(elements: list[Any]) -> str:
    """Eight digits for ``elements``, which are bytes or have some. Raises ``BadRequest`` when there are none."""
    if not elements:
        raise BadRequest("There is nothing to make a digest of")
    hashed = hashlib.md5(usedforsecurity=False)
    for element in elements:
        hashed.update(element)
    return hashed.hexdigest()[:8]


def _of_array(array: Any) -> Iterator[Any]:
    import numpy

    if not hasattr(array, "flatten"):
        raise BadRequest(f"A numpy array or a dict of them is needed, not a {type(array).__name__}")
    yield from _of_values(array.flatten())
    yield from map(numpy.int64, array.shape)


def _of_values(flat: Any) -> Iterator[Any]:
    """What stands for a flat array; how many elements it has if they are nothing that pandas can hash."""
    import numpy

    pandas = need("pandas", "MLflow's digest of an array")
    head = flat[:MAX_ROWS]
    try:
        yield pandas.util.hash_array(head)
    except TypeError:
        yield numpy.int64(head.size)
