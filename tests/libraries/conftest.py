"""Where the large libraries are: in .venv-libraries alone (``make libraries``), with genuine MLflow beside them."""

from __future__ import annotations

import importlib.util
import os

import pytest

#: In the ordinary environment there is none of them to test. Each file has a process of its own (``make test``), since
#: some of these libraries crash beside others: paddle after torch, for one.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]

#: What is deprecated in the libraries' own code, or in how one calls another, is not ours to mend: message, category.
_OF_OTHERS: dict[str, str] = {
    # PEFT asks transformers by a name that has another since.
    ".*is_gradient_checkpointing": "FutureWarning",
    # LlamaIndex keeps what was said in a chat in SQLite, and leaves its connection and event loop to the collector.
    ".*aiosqlite": "ResourceWarning",
    "unclosed event loop": "ResourceWarning",
    "(?s).*aiosqlite": "pytest.PytestUnraisableExceptionWarning",
    # Keras, of TensorFlow's variables.
    "__array__ implementation doesn't accept a copy keyword": "DeprecationWarning",
    # Paddle, when it is imported, and when it trains and loads.
    "No ccache found": "UserWarning",
    "To copy construct from a tensor": "UserWarning",
    # H2O, of the files into which its Java writes.
    "unclosed file <_io.TextIOWrapper name='.*h2o_": "ResourceWarning",
    # Spark, of pandas.
    "PySpark does not yet fully support pandas": "FutureWarning",
    # SHAP, of Matplotlib.
    "The set_(bad|over|under) function": "PendingDeprecationWarning",
}

# Nothing is asked of a network: every model is made here.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let pass the warnings that these libraries give of themselves."""
    for message, category in _OF_OTHERS.items():
        config.addinivalue_line("filterwarnings", f"ignore:{message}:{category}")
