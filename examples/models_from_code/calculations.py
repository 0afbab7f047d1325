"""A model that is this file and ``calculator.py``, which it imports and which therefore travels with it."""

import mlflow
from calculator import calculate


class Calculations(mlflow.pyfunc.PythonModel):
    """The result of the operation in each row."""

    def predict(self, context, model_input, params=None):
        """A list of results."""
        rows = zip(model_input["operation"], model_input["left"], model_input["right"], strict=True)
        return [calculate(operation, left, right) for operation, left, right in rows]


mlflow.models.set_model(Calculations())
