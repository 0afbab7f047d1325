"""The MLmodel file, signatures, environments, models from code, pyfunc, save, log and load."""

from __future__ import annotations

import importlib
from typing import Any

from headrace import _doors

#: What ``mlflow.models`` offers, and the module here that has it. Each is imported when it is first asked for.
_WHERE = {
    "load_serving_example": "versions",
    "get_model_version_from_model_uri": "versions",
    "set_retriever_schema": "dependencies_schemas",
    "ResourceType": "resources",
    "Resource": "resources",
    "FlavorBackend": "flavor_backend",
    "Model": "model",
    "ModelConfig": "code",
    "ModelInfo": "model",
    "ModelSignature": "signature",
    "convert_input_example_to_serving_input": "examples",
    "get_model_info": "model",
    "ModelInputExample": "examples",
    "add_libraries_to_model": "wheeled_model",
    "build_docker": "python_api",
    "infer_pip_requirements": "environment",
    "infer_signature": "signature",
    "predict": "python_api",
    "set_model": "code",
    "set_signature": "changing",
    "update_model_requirements": "changing",
    "validate_schema": "requests",
    "validate_serving_input": "requests",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        return _doors.submodule(__name__, name)
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_WHERE]
