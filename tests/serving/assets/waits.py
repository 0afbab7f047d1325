"""A model that answers when the file it is asked about is there."""

import time
from pathlib import Path

import mlflow
from mlflow.pyfunc import PythonModel


class Waits(PythonModel):
    """Each row is the path of a file."""

    def predict(self, context, model_input, params=None):
        """The number of rows, once all of the files are there."""
        end = time.monotonic() + 120
        for path in model_input:
            while not Path(path).exists() and time.monotonic() < end:
                time.sleep(0.01)
        return [len(model_input)]


mlflow.models.set_model(Waits())
