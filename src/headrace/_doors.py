"""Doors: the public names of MLflow's modules and functions, and the rooms of this house behind them.

``headrace.sklearn`` is ``headrace/flavors/sklearn.py``; one module object, whatever it is called by. The ``mlflow``
distribution in ``dropin/`` opens the same doors under ``mlflow``.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: The MLflow whose public names and files these are.
MLFLOW_VERSION = "3.17.2"

#: Public module, without ``headrace.``, -> the module that it is. A name that is a room's own needs no entry.
MODULES = {
    "client": "tracking.client",
    "config": "tracking.config",
    "dspy.wrapper": "models.programs",
    "entities": "tracking.entities",
    "environment_variables": "tracking.environment_variables",
    "error_classification": "tracking.error_classification",
    "entities.dataset_record": "tracking.evaluation_datasets",
    "entities.dataset_record_source": "tracking.evaluation_datasets",
    "entities.evaluation_dataset": "tracking.evaluation_datasets",
    "exceptions": "tracking.exceptions",
    "genai.datasets": "tracking.genai_datasets",
    "genai.datasets.entities": "tracking.genai_datasets",
    "genai.datasets.evaluation_dataset": "tracking.genai_datasets",
    "models.model_config": "models.code",
    "models.docker_utils": "serving.docker",
    "models.python_api": "serving.python_api",
    "models.utils": "models",
    "protos.databricks_pb2": "tracking.error_codes",
    "pyfunc": "flavors.pyfunc",
    "pyfunc.model": "models.agents",
    "pyfunc.context": "models.prediction_context",
    "pyfunc.utils": "models.validation",
    "pyfunc.utils.data_validation": "models.validation",
    "sagemaker": "deployments.sagemaker",
    "store.artifact.artifact_repo": "tracking.artifact_repository",
    "store.artifact.artifact_repository_registry": "tracking.artifact_repository",
    "store.entities": "tracking.paged",
    "store.entities.paged_list": "tracking.paged",
    "store.model_registry": "tracking.plugin_stores.registry",
    "store.model_registry.abstract_store": "tracking.plugin_stores.registry",
    "store.tracking": "tracking.plugin_stores.tracking",
    "store.tracking.abstract_store": "tracking.plugin_stores.tracking",
    "tracking._model_registry.registry": "tracking.plugin_stores.schemes",
    "tracking._tracking_service.registry": "tracking.plugin_stores.schemes",
    "tracking.artifact_utils": "tracking.artifacts",
    "tracking.context.abstract_context": "tracking.providers",
    "tracking.context.registry": "tracking.context",
    "tracking.default_experiment": "tracking.providers",
    "tracking.default_experiment.abstract_context": "tracking.providers",
    "tracking.default_experiment.registry": "tracking.providers",
    "tracking.metric_value_conversion_utils": "tracking.values",
    "tracking.multimedia": "tracking.images",
    "tracking.registry": "tracking.plugin_stores.schemes",
    "tracking.request_auth": "tracking.providers",
    "tracking.request_auth.abstract_request_auth_provider": "tracking.providers",
    "tracking.request_auth.registry": "tracking.providers",
    "tracking.request_header": "tracking.providers",
    "tracking.request_header.abstract_request_header_provider": "tracking.providers",
    "tracking.request_header.registry": "tracking.providers",
    "types": "models.types",
    "types.schema": "models.types",
    "utils.async_logging.run_operations": "tracking.operations",
    "utils.autologging_utils": "autologging.public",
    "utils.credentials": "tracking.credentials",
    "utils.doctor": "tracking.doctor",
    "utils.mlflow_tags": "tracking.tag_names",
    "utils.name_utils": "base.ids",
    "utils.validation": "tracking.limits",
    "webhooks": "registry.webhooks",
    "webhooks.constants": "registry.webhooks",
    "webhooks.types": "registry.webhooks",
    # MLflow has a file for each entity; here they are in one room.
    **dict.fromkeys(
        [
            f"entities.{name}"
            for name in """
            dataset dataset_input experiment experiment_tag file_info input_tag lifecycle_stage logged_model
            logged_model_input logged_model_output logged_model_parameter logged_model_status logged_model_tag metric
            entity_type model_registry model_registry.model_version model_registry.model_version_stages
            model_registry.model_version_status model_registry.model_version_tag model_registry.registered_model
            model_registry.registered_model_alias model_registry.registered_model_deployment_job_state
            model_registry.registered_model_tag multipart_upload param presigned_download presigned_upload run run_data
            run_info run_inputs run_outputs run_status run_tag source_type view_type
            webhook
            """.split()
        ],
        "tracking.entities",
    ),
}

#: Functions and classes of ``import headrace``, by the module that has them.
_OFFERS = {
    "registry": "register_model search_model_versions search_registered_models set_model_version_tag",
    "autologging.front": "autolog",
    "tracking.client": "MlflowClient",
    "tracking.doctor": "doctor",
    "tracking.exceptions": "MlflowException",
    "tracking.fluent": """
        ActiveModel ActiveRun active_run clear_active_model create_experiment create_external_model delete_experiment
        delete_experiment_tag delete_logged_model_tag delete_run delete_tag end_run finalize_logged_model
        flush_artifact_async_logging flush_async_logging get_active_model_id get_artifact_uri get_experiment
        get_experiment_by_name get_logged_model get_parent_run get_run initialize_logged_model last_active_run
        last_logged_model load_table log_artifact log_artifacts log_dict log_figure log_image log_input log_inputs
        log_metric log_metrics log_model_params log_outputs log_param log_params log_stream log_table log_text
        restore_experiment restore_run search_experiments search_logged_models search_runs set_active_model
        set_experiment set_experiment_tag set_experiment_tags set_logged_model_tags set_tag set_tags start_run
    """,
    "tracking.images": "Image",
    "tracking.operations": "RunOperations",
    "tracking.uri": "get_registry_uri get_tracking_uri is_tracking_uri_set set_registry_uri set_tracking_uri",
}

#: Public function or class -> the module that has it.
FUNCTIONS = {name: module for module, names in _OFFERS.items() for name in names.split()}

#: What MLflow 3 has at its front door and headrace has not, yet.
ABSENT = frozenset(
    """
    add_trace context create_workspace delete_assessment delete_prompt_alias delete_trace_tag delete_workspace
    disable_system_metrics_logging enable_system_metrics_logging evaluate flush_trace_async_logging
    get_active_trace_id get_assessment get_current_active_span get_last_active_trace_id get_trace get_workspace
    import_checkpoints list_workspaces load_prompt log_assessment log_expectation log_feedback log_issue log_trace login
    override_feedback register_prompt run search_prompts search_sessions search_traces set_prompt_alias
    set_system_metrics_node_id set_system_metrics_samples_before_logging set_system_metrics_sampling_interval
    set_trace_tag set_workspace start_span start_span_no_context test trace update_assessment update_current_trace
    update_workspace validate_evaluation_results

    agno anthropic autogen bedrock claude_code config crewai evaluation gateway gemini genai groq haystack
    litellm metrics mistral optuna otel projects pydantic_ai pyspark pytest semantic_kernel
    smolagents strands system_metrics tracing typesafe
    """.split()
)

#: Functions that MLflow has in a module which stands downstairs of where they are here.
_UPSTAIRS = {
    "models.convert_complex_types_pyspark_to_pandas": "serving.spark_results",
    "pyfunc.model.get_default_conda_env": "flavors.pyfunc",
    "pyfunc.model.get_default_pip_requirements": "flavors.pyfunc",
    "pyfunc.spark_udf": "serving.spark",
    "pyfunc.warn_dependency_requirement_mismatches": "models.mismatches",
}

#: Functions of ``headrace.artifacts`` that stand upstairs of that room.
_OF_ARTIFACTS = {"download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"}


def open_door(name: str) -> Any:
    """The function, class or module that ``headrace.<name>`` is, or ``AttributeError``."""
    if name in FUNCTIONS:
        return getattr(importlib.import_module(f"headrace.{FUNCTIONS[name]}"), name)
    if room_of(name) is not None:
        return importlib.import_module(f"headrace.{name}")
    raise AttributeError(absence_of(name) or f"module 'headrace' has no attribute {name!r}")


def neighbours(name: str) -> dict[str, Any]:
    """The functions and classes that the front door has from the same module as ``name``."""
    room = importlib.import_module(f"headrace.{FUNCTIONS[name]}")
    return {each: getattr(room, each) for each, module in FUNCTIONS.items() if module == FUNCTIONS[name]}


def submodule(package: str, name: str) -> Any:
    """The module ``name`` of a package, for those who say ``headrace.tracking.fluent`` without importing it.

    ``autolog`` of a flavor stands upstairs of the flavor, and is found there.
    """
    if name == "autolog" and _exists(room := f"headrace.autologging.{package.removeprefix('headrace.')}"):
        return importlib.import_module(room).autolog
    if upstairs := _UPSTAIRS.get(f"{package.removeprefix('headrace.')}.{name}"):
        return getattr(importlib.import_module(f"headrace.{upstairs}"), name)
    if room_of(f"{package.removeprefix('headrace.')}.{name}") is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return importlib.import_module(f"{package}.{name}")


def artifact_function(name: str) -> Any:
    """The function that ``headrace.artifacts.<name>`` is, or ``AttributeError``."""
    if name not in _OF_ARTIFACTS:
        raise AttributeError(f"module 'headrace.artifacts' has no attribute {name!r}")
    return getattr(importlib.import_module("headrace.tracking.artifacts"), name)


def take_over(folder: Path) -> None:
    """Import a folder of MLflow's file store into a new store in it."""
    importlib.import_module("headrace.moving.taking_over").take_over(folder)


def absence_of(name: str) -> str | None:
    """What to say of a public name of MLflow's that is not here yet; None for other names."""
    return f"{name} is not in headrace yet; MLflow 3 has it" if name.partition(".")[0] in ABSENT else None


def room_of(name: str) -> str | None:
    """The full name of the module that the public module ``name`` is; None when there is no such module."""
    if name in MODULES:
        return f"headrace.{MODULES[name]}"
    if name.startswith("_"):
        return None
    parent, _, child = name.rpartition(".")
    behind = f"headrace.{MODULES[parent]}.{child}" if parent in MODULES else ""
    for candidate in (f"headrace.{name}", behind, f"headrace.flavors.{name}"):
        if candidate and _exists(candidate):
            return candidate
    if any(each.startswith(f"{name}.") for each in MODULES):
        return _CORRIDOR
    return None


_HOUSE = os.path.dirname(__file__)
#: Stands for a public package that is nothing but a way to its modules.
_CORRIDOR = ""


def _exists(name: str) -> bool:
    # Asked of the disk, not of the import system, which would ask the doors in turn.
    path = os.path.join(_HOUSE, *name.split(".")[1:])
    return os.path.isfile(f"{path}.py") or os.path.isfile(os.path.join(path, "__init__.py"))


class Doors(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports ``<package>.<public module>`` as the module behind that door."""

    def __init__(self, package: str) -> None:
        self._prefix = f"{package}."

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for a name behind one of the doors."""
        if not fullname.startswith(self._prefix):
            return None
        name = fullname.removeprefix(self._prefix)
        room = room_of(name)
        if room == _CORRIDOR and self._prefix != "headrace.":
            room = f"headrace.{name}"
        if room == fullname:
            return None  # It is what it is called, and found as any module is.
        if room is None:
            if said := absence_of(name):
                raise ModuleNotFoundError(said, name=fullname)
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True, loader_state=room)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """A blank module, which exec_module puts the real one in the place of."""
        return

    def exec_module(self, module: ModuleType) -> None:
        """Put the real module in the place of the blank one."""
        spec = module.__spec__
        assert spec is not None
        if spec.loader_state == _CORRIDOR:
            module.__dict__["__getattr__"] = partial(submodule, spec.name)
            return
        real = importlib.import_module(spec.loader_state)
        # The import of a module below this one asks for a path, which only packages have.
        if not hasattr(real, "__path__"):
            real.__path__ = []
            real.__dict__.setdefault("__getattr__", partial(submodule, f"headrace.{spec.name.partition('.')[2]}"))
        sys.modules[spec.name] = real


def install(package: str) -> None:
    """Make every door of ``package`` importable."""
    # First in the line: a search through the folder of a room would find its files a second time, by other names.
    sys.meta_path.insert(0, Doors(package))
