"""How much a request may carry, and what names may be: ``mlflow.utils.validation`` is this module.

The numbers are those of MLflow's own servers, so that what fits here fits there; ours take longer values.
"""

from __future__ import annotations

import posixpath
import re

MAX_ENTITY_KEY_LENGTH = 250
MAX_PARAM_VAL_LENGTH = 6000
MAX_TAG_VAL_LENGTH = 8000
MAX_METRICS_PER_BATCH = 1000
MAX_PARAMS_TAGS_PER_BATCH = 100
MAX_ENTITIES_PER_BATCH = 1000
MAX_DATASETS_PER_BATCH = 1000
MAX_BATCH_LOG_REQUEST_SIZE = 1_000_000
MAX_EXPERIMENT_NAME_LENGTH = 500
MAX_EXPERIMENT_TAG_KEY_LENGTH = 250
MAX_EXPERIMENT_TAG_VAL_LENGTH = 20_000
MAX_EXPERIMENTS_LISTED_PER_PAGE = 50_000
MAX_MODEL_REGISTRY_TAG_KEY_LENGTH = 250
MAX_MODEL_REGISTRY_TAG_VALUE_LENGTH = 100_000
MAX_REGISTERED_MODEL_ALIAS_LENGTH = 255
MAX_DATASET_NAME_SIZE = 500
MAX_DATASET_DIGEST_SIZE = 36
MAX_DATASET_SCHEMA_SIZE = 1_048_575
MAX_DATASET_SOURCE_SIZE = 65_535
MAX_DATASET_PROFILE_SIZE = 16_777_215
MAX_INPUT_TAG_KEY_SIZE = 255
MAX_INPUT_TAG_VALUE_SIZE = 500
MAX_TRACE_TAG_KEY_LENGTH = 250
MAX_TRACE_TAG_VAL_LENGTH = 8000

_NAME = re.compile(r"[/\w.\- :]*")


def validate_param_and_metric_name(name: str) -> re.Match[str] | None:
    """A match when a param or metric may have this name, as far as its characters go."""
    return _NAME.fullmatch(name)


def path_not_unique(name: str) -> bool:
    """Whether a name, read as a path, would mean another path, or one outside of its folder."""
    plain = posixpath.normpath(name)
    return plain != name or plain == "." or plain.startswith(("..", "/"))


def bad_path_message(name: str) -> str:
    """What to say of a name that ``path_not_unique`` objects to."""
    return f"Names are also paths of files, and {name!r} would be the path {posixpath.normpath(name)!r}; choose another"


def bad_character_message() -> str:
    """What to say of a name that ``validate_param_and_metric_name`` objects to."""
    return "Names have letters, digits, spaces and the characters _ - . : / only"


def append_to_json_path(currentPath: str, value: str) -> str:
    """The path of a field, or of an item in brackets, of what is at ``currentPath``."""
    return f"{currentPath}.{value}" if currentPath and not value.startswith("[") else f"{currentPath}{value}"


def missing_value(path: str) -> str:
    """What to say of a field that must be given."""
    return f"{path!r} is required and was not given"


def not_integer_value(path: str, value: object) -> str:
    """What to say of a field that must be a whole number."""
    return f"{path!r} must be a whole number, not {value!r}"


def exceeds_maximum_length(path: str, limit: int) -> str:
    """What to say of a field that is too long."""
    return f"{path!r} is longer than {limit} characters"


def invalid_value(path: str, value: object, message: str | None = None) -> str:
    """What to say of a field that cannot be what it is."""
    return f"{path!r} cannot be {value!r}" + (f": {message}" if message else "")
