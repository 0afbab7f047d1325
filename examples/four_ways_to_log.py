"""Four ways to log a model: by autologging, by itself, with a signature that is inferred, and with one that is written.

python examples/four_ways_to_log.py
"""

from typing import Any

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

try:
    import headrace as mlflow
except ModuleNotFoundError:
    import mlflow  # the same program, with MLflow itself


def autologged(X: Any, y: Any) -> str:
    """Nothing to say: ``fit`` logs params, metrics, the model, its signature and an example."""
    mlflow.sklearn.autolog(log_input_examples=True)
    with mlflow.start_run(run_name="autolog"):
        LogisticRegression(max_iter=500).fit(X, y)
    mlflow.sklearn.autolog(disable=True)
    return f"models:/{mlflow.last_logged_model().model_id}"


def by_itself(model: Any) -> str:
    """The model alone: whoever asks it may send anything, and hears of misfits from scikit-learn."""
    with mlflow.start_run(run_name="sklearn"):
        return str(mlflow.sklearn.log_model(model, name="iris").model_uri)


def with_inferred_signature(model: Any, X: Any) -> str:
    """With what it takes and gives, read off data."""
    signature = mlflow.models.infer_signature(X, model.predict(X))
    with mlflow.start_run(run_name="inferred signature"):
        return str(mlflow.sklearn.log_model(model, name="iris", signature=signature, input_example=X.head(2)).model_uri)


def with_explicit_signature(model: Any, X: Any) -> str:
    """With what it takes and gives, written down."""
    types = mlflow.types
    takes = types.Schema([types.ColSpec("double", name) for name in X.columns])
    signature = mlflow.models.ModelSignature(inputs=takes, outputs=types.Schema([types.ColSpec("long")]))
    with mlflow.start_run(run_name="explicit signature"):
        return str(mlflow.sklearn.log_model(model, name="iris", signature=signature).model_uri)


def main() -> None:
    X, y = load_iris(as_frame=True, return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X, y)
    ways = {
        "autolog": autologged(X, y),
        "sklearn": by_itself(model),
        "inferred signature": with_inferred_signature(model, X),
        "explicit signature": with_explicit_signature(model, X),
    }
    for way, uri in ways.items():
        loaded = mlflow.pyfunc.load_model(uri)
        assert loaded.predict(X).tolist() == model.predict(X).tolist()
        signature = loaded.metadata.signature
        assert (signature is None) == (way == "sklearn")
        print(f"{way:20}{uri}  takes {signature.inputs.input_names() if signature else 'anything'}")


if __name__ == "__main__":
    main()
