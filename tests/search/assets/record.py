"""Record which filters and orders MLflow itself accepts: run by hand with an interpreter that has MLflow installed.

python tests/search/assets/record.py
"""

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mlflow import MlflowClient, __version__
from mlflow.exceptions import MlflowException

HERE = Path(__file__).parent


def verdict(ask: Callable[..., object], **asked: object) -> str:
    """What became of one question: "accepted", or the code of its refusal."""
    try:
        ask(**asked)
    except MlflowException as error:
        return str(error.error_code)
    except ValueError:  # some refusals escape without a code
        return "fault"
    return "accepted"


def main() -> None:
    """Ask everything, and write the answers beside this file."""
    client = MlflowClient(f"sqlite:///{tempfile.mkdtemp()}/mlflow.db")
    found: dict[str, Callable[..., object]] = {
        "runs": partial(client.search_runs, ["0"]),
        "experiments": client.search_experiments,
        "registered_models": client.search_registered_models,
        "model_versions": client.search_model_versions,
        "logged_models": partial(client.search_logged_models, ["0"]),
    }
    filters, orders = (json.loads((HERE / f"{name}.json").read_text()) for name in ("filters", "orders"))
    told = {
        "version": __version__,
        "filters": {
            noun: {text: verdict(found[noun], filter_string=text) for text in texts} for noun, texts in filters.items()
        },
        "orders": {
            noun: {json.dumps(items): verdict(found[noun], order_by=items) for items in lists}
            for noun, lists in orders.items()
        },
    }
    (HERE / "genuine.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
