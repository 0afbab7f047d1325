"""A model from code: a script is logged as the model it makes, and nothing is pickled.

python examples/models_from_code/basic.py
"""

from pathlib import Path

import pandas as pd

try:
    import headrace as mlflow
except ModuleNotFoundError:
    import mlflow  # the same program, with MLflow itself

MODEL = Path(__file__).with_name("growth.py")


def main() -> None:
    deposits = pd.DataFrame({"deposit": [100.0, 2000.0], "years": [1, 10]})
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="growth", python_model=str(MODEL), input_example=deposits)
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    grown = loaded.predict(deposits)
    print(grown)
    assert grown["grown"].tolist() == [105.0, 3257.79]
    assert loaded.metadata.signature.inputs.input_names() == ["deposit", "years"]


if __name__ == "__main__":
    main()
