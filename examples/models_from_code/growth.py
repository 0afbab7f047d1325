"""A model that is this file: it computes how deposits grow, and needs nothing that it was trained with."""

import mlflow
import pandas as pd


class Growth(mlflow.pyfunc.PythonModel):
    """Deposits after some years, with interest each year."""

    def __init__(self, rate):
        self.rate = rate

    def grown(self, deposit, years):
        """What becomes of one deposit."""
        return round(deposit * (1 + self.rate) ** years, 2)

    def predict(self, context, model_input, params=None):
        """A column of what becomes of the deposits in each row."""
        rows = zip(model_input["deposit"], model_input["years"], strict=True)
        return pd.DataFrame({"grown": [self.grown(deposit, years) for deposit, years in rows]})


# What this script says is its model. It is run once when the model is logged, and whenever it is loaded.
mlflow.models.set_model(Growth(rate=0.05))
