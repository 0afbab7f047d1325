"""LitServe in front of a pickled scikit-learn model: python litserve_app.py MODEL PORT."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import litserve
import numpy


class Api(litserve.LitAPI):  # type: ignore[misc]
    """Rows of numbers in, predictions out."""

    def setup(self, device: str) -> None:
        """Load the model."""
        self.model = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # An annotation would be a form of the request.
        """The rows."""
        return request["dataframe_split"]["data"]

    def predict(self, rows: Any) -> Any:
        """The predictions for them."""
        return self.model.predict(numpy.asarray(rows)).tolist()

    def encode_response(self, output):  # type: ignore[no-untyped-def]
        """As MLflow's protocol has it."""
        return {"predictions": output}


if __name__ == "__main__":
    served = litserve.LitServer(Api(api_path="/invocations"), accelerator="cpu")
    served.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error")
