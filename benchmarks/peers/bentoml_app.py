"""BentoML in front of the pickled scikit-learn model that the variable MODEL names."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import bentoml
import numpy


@bentoml.service(workers=1)  # type: ignore[untyped-decorator]
class Linear:
    """Rows of numbers in, predictions out."""

    def __init__(self) -> None:
        self.model = pickle.loads(Path(os.environ["MODEL"]).read_bytes())  # noqa: S301

    @bentoml.api(route="/invocations")  # type: ignore[untyped-decorator]
    def invocations(self, dataframe_split: dict) -> dict:  # type: ignore[type-arg]
        """The predictions, as MLflow's protocol has them."""
        return {"predictions": self.model.predict(numpy.asarray(dataframe_split["data"])).tolist()}
