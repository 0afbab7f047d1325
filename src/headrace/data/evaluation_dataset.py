"""Data as evaluation takes it: features, labels and predictions side by side."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from headrace.base.errors import BadRequest
from headrace.tracking.extras import need

_NO_TABLE = "Data to evaluate must be a numpy array, a list, or a data frame of pandas or Spark"
_NO_ROWS = "An array or list to evaluate must have two dimensions: rows, and features that are as many in every row"


def convert_data_to_mlflow_dataset(data: Any, targets: Any = None, predictions: Any = None, name: Any = None) -> Any:
    """The dataset of a frame, an array or a list, made by this program; anything else as it is."""
    import headrace.data as datasets

    library = type(data).__module__.partition(".")[0]
    if isinstance(data, list):
        numpy = need("numpy", "A list as a dataset")
        return datasets.from_numpy(numpy.array(data), targets=_array(targets), name=name)
    if library == "numpy" and hasattr(data, "ndim"):
        return datasets.from_numpy(data, targets=_array(targets), name=name)
    if library == "pandas" and hasattr(data, "columns"):
        return datasets.from_pandas(df=data, targets=targets, name=name, predictions=predictions)
    if library == "pyspark" and hasattr(data, "toPandas"):
        return datasets.from_spark(df=data, targets=targets, name=name, predictions=predictions)
    return data


class EvaluationDataset:
    """Features with their labels and predictions.

    ``targets`` and ``predictions`` name columns of a frame; of an array, ``targets`` is the array of the labels. Of a
    Spark frame the first 10,000 rows are read.
    """

    NUM_SAMPLE_ROWS_FOR_HASH: ClassVar[int] = 5
    SPARK_DATAFRAME_LIMIT: ClassVar[int] = 10000

    def __init__(
        self,
        data: Any,
        *,
        targets: Any = None,
        name: Any = None,
        path: Any = None,
        feature_names: Any = None,
        predictions: Any = None,
        digest: Any = None,
    ) -> None:
        for what, text in (("name", name), ("path", path)):
            if text is not None and '"' in text:
                raise BadRequest(f"The {what} of a dataset may not have a double quotation mark, as {text!r} does")
        names = None if feature_names is None else list(feature_names)
        if names is not None and len(set(names)) < len(names):
            raise BadRequest(f"feature_names must be a list of different names, not {feature_names!r}")
        self._name: str | None = name
        self._path: str | None = path
        self._digest: str | None = digest
        self._targets_name: str | None = None
        self._predictions_name: str | None = None
        self._labels_data: Any = None
        self._predictions_data: Any = None
        if _is_frame(data):
            self._take_frame(data, targets, predictions, names)
        else:
            self._take_array(data, targets, names)
        self._hash = self._hashed()

    def _take_frame(self, data: Any, targets: Any, predictions: Any, names: list[Any] | None) -> None:
        if targets is not None and not isinstance(targets, str):
            raise BadRequest(f"For a data frame, targets is the name of a column, not {targets!r}")
        if hasattr(data, "toPandas"):
            data = data.limit(self.SPARK_DATAFRAME_LIMIT).toPandas()
        for what, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in data.columns:
                raise BadRequest(f"There is no column {column!r} for the {what}; the columns are {list(data.columns)}")
        if targets is not None:
            self._targets_name, self._labels_data = targets, data[targets].to_numpy()
        if predictions is not None:
            self._predictions_name, self._predictions_data = predictions, data[predictions].to_numpy()
        if names is None:
            self._features_data = data.drop(columns=[each for each in (targets, predictions) if each is not None])
        else:
            self._features_data = data[names]
        self._feature_names: list[str] = [str(each) for each in self._features_data.columns]

    def _take_array(self, data: Any, targets: Any, names: list[Any] | None) -> None:
        numpy = need("numpy", "Data to evaluate")
        if not isinstance(data, list | numpy.ndarray):
            raise BadRequest(_NO_TABLE)
        if targets is not None and not isinstance(targets, list | numpy.ndarray):
            raise BadRequest("For an array or list, targets is the array or list of the labels")
        try:
            self._features_data = numpy.array(data) if isinstance(data, list) else data
        except ValueError as error:  # Rows of different lengths.
            raise BadRequest(_NO_ROWS) from error
        if self._features_data.ndim != 2:
            raise BadRequest(_NO_ROWS)
        if targets is not None:
            self._labels_data = _array(targets)
            if len(self._labels_data) != len(self._features_data):
                raise BadRequest(f"There are {len(self._features_data)} rows, but {len(self._labels_data)} labels")
        count = self._features_data.shape[1]
        if names is not None and len(names) != count:
            raise BadRequest(f"There are {count} features, but {len(names)} names for them")
        width = len(str(count))
        self._feature_names = names or [f"feature_{at:0{width}}" for at in range(1, count + 1)]

    def _hashed(self) -> str:
        """MLflow's hash: of how many rows there are, the first and last five of them, and the names of the features."""
        whole = hashlib.md5(usedforsecurity=False)
        for part in (self._features_data, self._labels_data, self._predictions_data):
            if part is not None:
                _hash_rows(whole, part, self.NUM_SAMPLE_ROWS_FOR_HASH)
        whole.update(",".join(self._feature_names).encode())
        return whole.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EvaluationDataset):
            return False
        return type(self._features_data) is type(other._features_data) and all(
            _same(getattr(self, part), getattr(other, part))
            for part in ("_features_data", "_labels_data", "_predictions_data", "_feature_names")
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, ``feature_1`` and so on when none are known."""
        return self._feature_names

    @property
    def features_data(self) -> Any:
        """The features: a pandas frame or a numpy array."""
        return self._features_data

    @property
    def labels_data(self) -> Any:
        """The labels as a numpy array; None when there are none."""
        return self._labels_data

    @property
    def has_targets(self) -> bool:
        """Whether there are labels."""
        return self._labels_data is not None

    @property
    def targets_name(self) -> str | None:
        """The column that the labels came from."""
        return self._targets_name

    @property
    def predictions_data(self) -> Any:
        """The predictions as a numpy array; None when there are none."""
        return self._predictions_data

    @property
    def has_predictions(self) -> bool:
        """Whether there are predictions."""
        return self._predictions_data is not None

    @property
    def predictions_name(self) -> str | None:
        """The column that the predictions came from."""
        return self._predictions_name

    @property
    def name(self) -> str:
        """The name; the hash when none was given."""
        return self.hash if self._name is None else self._name

    @property
    def path(self) -> str | None:
        """Where the data is kept, as far as somebody said so."""
        return self._path

    @property
    def hash(self) -> str:
        """32 hexadecimal digits for the number of rows, the first and last of them, and the names of the features."""
        return self._hash

    @property
    def digest(self) -> str | None:
        """The digest of the dataset this was made of."""
        return self._digest

    @property
    def _metadata(self) -> dict[str, str]:
        """What runs that used this are tagged with."""
        path = {} if self.path is None else {"path": self.path}
        return {"name": self.name, "hash": self.hash, **path}


def _is_frame(data: Any) -> bool:
    library = type(data).__module__.partition(".")[0]
    return (library == "pandas" and hasattr(data, "columns")) or (library == "pyspark" and hasattr(data, "toPandas"))


def _array(values: Any) -> Any:
    if isinstance(values, list):
        return need("numpy", "A list of labels").array(values)
    return values


def _same(one: Any, other: Any) -> bool:
    import numpy

    if hasattr(one, "equals"):
        return bool(one.equals(other))
    return one is other or (one is not None and other is not None and numpy.array_equal(one, other))


def _hash_rows(whole: Any, rows: Any, ends: int) -> None:
    """Hash how many rows there are, and the first and last ``ends`` of them, or all if that is fewer."""
    whole.update(len(rows).to_bytes(8, "big"))
    if len(rows) < 2 * ends:
        whole.update(_told(rows))
    else:
        whole.update(_told(rows[:ends]))
        whole.update(_told(rows[-ends:]))


def _told(rows: Any) -> bytes:
    """pandas' hashes of rows, or of elements and then their shape, as unsigned integers of eight bytes."""
    import numpy
    import pandas

    if hasattr(rows, "columns"):
        plain = rows.map(lambda cell: _told(cell) if isinstance(cell, numpy.ndarray) else cell)
        plain = plain.map(lambda cell: _told(numpy.array(cell)) if isinstance(cell, list) else cell)
        return _big(pandas.util.hash_pandas_object(plain).to_numpy())
    flat = rows.flatten(order="C")
    if rows.ndim > 1 and rows.dtype.kind == "f":
        flat = flat.astype(float)  # MLflow takes every float of a feature, though not of a label, for one of 64 bits.
    return _big(pandas.util.hash_array(flat)) + _big(numpy.array(rows.shape, dtype="u8"))


def _big(numbers: Any) -> bytes:
    return bytes(numbers.astype(">u8").tobytes())
