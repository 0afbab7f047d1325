"""Pipelines of John Snow Labs, as Spark writes them; library, jars and licence are where they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import NotSupported
from headrace.models import spark as pipelines
from headrace.models.flavor import Saved, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.native import LibraryFlavor, accepted, broken, defaults, providers
from headrace.models.trust import place_in

FLAVOR_NAME = "johnsnowlabs"
_FOLDER = "jsl-model"


class Options(msgspec.Struct, kw_only=True):
    """Where a cluster has its files, and whether the licence is to be in the model, which it never is here."""

    dfs_tmpdir: str | None = None
    store_license: bool = False


class JohnSnowLabs(LibraryFlavor[Options]):
    """A pipeline of ``nlp.load``, or the pipeline of Spark in it."""

    name = FLAVOR_NAME
    loader_module = "mlflow.johnsnowlabs"
    save_order = (
        "spark_model path mlflow_model conda_env code_paths dfs_tmpdir signature input_example pip_requirements "
        "extra_pip_requirements metadata store_license"
    )
    log_order = (
        "spark_model artifact_path conda_env code_paths dfs_tmpdir registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata store_license name params tags "
        "model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.store_license:
            raise NotSupported(
                "A licence is not kept in a model, where everybody who may read the model could read it: set "
                "JOHNSNOWLABS_LICENSE_JSON where the model is loaded"
            )
        pipelines.pipeline_of(_pipeline(model))

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import pyspark

        pipelines.write(pipelines.pipeline_of(_pipeline(model)), folder / _FOLDER, options.dfs_tmpdir)
        own = {"pyspark_version": pyspark.__version__, "model_data": _FOLDER}
        return Saved(own=own, pyfunc={"data": _FOLDER}, needs=providers("johnsnowlabs", "pyspark", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any], dfs_tmpdir: str | None = None) -> Any:
        place = place_in(folder, own, "model_data" if "model_data" in own else "data")
        from johnsnowlabs import nlp
        from pyspark.sql import SparkSession

        if SparkSession.getActiveSession() is None:
            # With the library's own jars, for which it reads the licence.
            nlp.start()
        try:
            return nlp.load(path=str(place))
        except (ValueError, OSError, LookupError, TypeError) as error:
            raise broken(place.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """A frame with what the pipeline finds in the texts, of which ``data`` is a frame or a list."""
        return model.predict(data, **accepted(model.predict, params))


def _pipeline(model: Any) -> Any:
    """The pipeline of Spark in one of the library, which is fitted when it is first asked."""
    if not hasattr(model, "vanilla_transformer_pipe"):
        return model
    if model.vanilla_transformer_pipe is None:
        model.predict("Init")
    return model.vanilla_transformer_pipe


FLAVOR = JohnSnowLabs()
save_model, log_model, _ = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("johnsnowlabs", "pyspark")


def load_model(model_uri: str, dfs_tmpdir: str | None = None, dst_path: str | None = None) -> Any:
    """Load a pipeline from a path or a URI; it lies on this machine, where ``dfs_tmpdir`` has nothing to say."""
    return load_flavor(FLAVOR, model_uri, dst_path, dfs_tmpdir=dfs_tmpdir)
