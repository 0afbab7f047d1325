"""A model that tells which Python it runs in."""

import sys

import mlflow
from mlflow.pyfunc import PythonModel


class Where(PythonModel):
    """Its prediction is the prefix of its environment."""

    def predict(self, context, model_input, params=None):
        """The prefix, and whether a distribution that the model did not ask for is there."""
        try:
            import sklearn  # noqa: F401
        except ImportError:
            return [sys.prefix]
        return ["scikit-learn is there"]


mlflow.models.set_model(Where())
