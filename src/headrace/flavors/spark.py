"""Models of Spark ML, as the pipelines that Spark writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.models import spark as pipelines
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Saved, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.native import LibraryFlavor, class_name, providers
from headrace.models.trust import place_in

FLAVOR_NAME = "spark"
_FOLDER = "sparkml"


class Options(msgspec.Struct, kw_only=True):
    """Where all machines of the cluster have their files, if they are not those of this machine."""

    dfs_tmpdir: str | None = None


class Spark(LibraryFlavor[Options]):
    """A ``PipelineModel``, or a transformer that becomes one."""

    name = FLAVOR_NAME
    loader_module = "mlflow.spark"
    save_order = (
        "spark_model path mlflow_model conda_env code_paths dfs_tmpdir signature input_example pip_requirements "
        "extra_pip_requirements metadata"
    )
    log_order = (
        "spark_model artifact_path conda_env code_paths dfs_tmpdir registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata name params tags model_type step "
        "model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        pipelines.pipeline_of(model)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import pyspark

        pipeline = pipelines.pipeline_of(model)
        pipelines.write(pipeline, folder / _FOLDER, options.dfs_tmpdir)
        own = {
            "pyspark_version": pyspark.__version__,
            "model_data": _FOLDER,
            "model_class": class_name(pipeline),
        }
        return Saved(own=own, pyfunc={"data": _FOLDER}, needs=providers("pyspark", "numpy", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any], dfs_tmpdir: str | None = None) -> Any:
        key = "model_data" if "model_data" in own else "data"
        return pipelines.read(place_in(folder, own, key), own.get("model_class"), dfs_tmpdir)

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        return pipelines.ask(model, data)


FLAVOR = Spark()
save_model, log_model, _ = public(FLAVOR)


def load_model(model_uri: str, dfs_tmpdir: str | None = None, dst_path: str | None = None) -> Any:
    """Load a Spark pipeline from a path or a URI, in the active session; ``dfs_tmpdir`` is where a cluster finds it."""
    return load_flavor(FLAVOR, model_uri, dst_path, dfs_tmpdir=dfs_tmpdir)


def get_default_pip_requirements(is_spark_connect_model: bool = False) -> list[str]:
    """What a model of Spark needs at least, or what one of Spark Connect would need."""
    return pinned(providers("pyspark", *(("sklearn", "torch", "torcheval") if is_spark_connect_model else ())))


def get_default_conda_env(is_spark_connect_model: bool = False) -> dict[str, Any]:
    """The conda environment a model of Spark needs at least."""
    return conda_env(get_default_pip_requirements(is_spark_connect_model))
