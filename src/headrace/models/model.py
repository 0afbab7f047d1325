"""The MLmodel file: what a saved model is, and how it can be loaded."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from headrace._doors import MLFLOW_VERSION
from headrace.base.errors import BadRequest, NotFound
from headrace.base.ids import new_id
from headrace.models import manifest
from headrace.models.plain import read_yaml
from headrace.models.signature import ModelSignature
from headrace.models.types import ParamSchema, Schema
from headrace.schema.logged_models import LoggedModel
from headrace.schema.runs import Metric

#: The file in every saved model that says what it is.
MLMODEL_FILE_NAME = "MLmodel"
#: The release of MLflow whose format is written. Its loaders compare ``mlflow_version`` with their own, and
#: environments built from a saved model install it: headrace's own version would mean nothing to either.
FORMAT_VERSION = MLFLOW_VERSION

#: Keys that are always written, and those that are written once they hold something.
_ALWAYS = ("utc_time_created", "flavors", "model_uuid", "mlflow_version", "model_id", "prompts")
_WHEN_SET = (
    "artifact_path",
    "run_id",
    "model_size_bytes",
    "saved_input_example_info",
    "metadata",
    "resources",
    "auth_policy",
    "env_vars",
)
#: What some of the keys must hold.
_KINDS: dict[str, type] = {
    "artifact_path": str,
    "metadata": dict,
    "mlflow_version": str,
    "model_id": str,
    "model_uuid": str,
    "run_id": str,
    "saved_input_example_info": dict,
    "signature": dict,
}


class Model:
    """A saved model's description. ``artifact_path`` and ``run_id`` are known once it is logged."""

    def __init__(
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: str | datetime.datetime | None = None,
        flavors: dict[str, Any] | None = None,
        signature: ModelSignature | None = None,
        saved_input_example_info: dict[str, Any] | None = None,
        model_uuid: str | None = None,
        mlflow_version: str | None = FORMAT_VERSION,
        metadata: dict[str, Any] | None = None,
        model_size_bytes: int | None = None,
        resources: Any = None,
        env_vars: list[str] | None = None,
        auth_policy: Any = None,
        model_id: str | None = None,
        prompts: list[str] | None = None,
        **others: Any,
    ) -> None:
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.artifact_path = artifact_path
        self.run_id = run_id
        self.utc_time_created = str(utc_time_created or now)
        self.flavors = flavors if flavors is not None else {}
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_uuid = model_id or model_uuid or new_id()
        self.mlflow_version = mlflow_version
        self.metadata = metadata
        self.model_size_bytes = model_size_bytes
        self.resources = resources
        self.env_vars = env_vars
        self.auth_policy = auth_policy
        self.model_id = model_id
        self.prompts = prompts
        #: What other releases write and this one does not know; kept as it was.
        self.others = others

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def add_flavor(self, name: str, **params: Any) -> Model:
        """Say one more way to load this model."""
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Schema | None:
        """The schema of the input, if it is known."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        """The schema of the output, if it is known."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> ParamSchema | None:
        """The params and their defaults, if there are any."""
        return self.signature.params if self.signature else None

    def get_serving_input(self, path: str) -> str | None:
        """The input example in ``path`` as a server takes it, as JSON, if one was saved."""
        from headrace.models.examples import serving_input

        return serving_input(self, Path(path))

    def load_input_example(self, path: str | None = None) -> Any:
        """The input example saved in ``path``, or where this model was logged; None if there is none."""
        from headrace.models import examples, loading

        folder = Path(path) if path else loading.fetch(self.artifact_path or f"models:/{self.model_id}")
        return examples.load(self, folder)

    def load_input_example_params(self, path: str) -> dict[str, Any] | None:
        """The params saved beside the input example in ``path``, if there are any."""
        from headrace.models.examples import load_params

        return load_params(self, Path(path))

    def get_model_info(self, logged_model: LoggedModel | None = None) -> ModelInfo:
        """What ``log_model`` returns about this model."""
        uri = f"models:/{self.model_id}" if self.model_id else f"runs:/{self.run_id}/{self.artifact_path}"
        return ModelInfo(
            artifact_path=self.artifact_path,
            flavors=self.flavors,
            model_uri=uri,
            model_uuid=self.model_uuid,
            run_id=self.run_id,
            saved_input_example_info=self.saved_input_example_info,
            signature=self.signature,
            utc_time_created=self.utc_time_created,
            mlflow_version=self.mlflow_version,
            metadata=self.metadata,
            env_vars=self.env_vars,
            prompts=self.prompts,
            logged_model=logged_model,
        )

    def get_tags_dict(self) -> dict[str, Any]:
        """What a run's history of logged models says of this one."""
        said = self.to_dict()
        return {key: said[key] for key in ("run_id", "artifact_path", "utc_time_created", "flavors") if key in said}

    def to_dict(self) -> dict[str, Any]:
        """As in the file."""
        said = {**self.others, **{key: getattr(self, key) for key in _ALWAYS}}
        said |= {key: value for key in _WHEN_SET if (value := getattr(self, key)) not in (None, {}, [])}
        if self.signature is not None:
            said["signature"] = self.signature.to_dict()
            said["is_signature_from_type_hint"] = self.signature._is_signature_from_type_hint
            said["type_hint_from_example"] = self.signature._is_type_hint_from_example
        return said

    def to_json(self) -> str:
        """The description as JSON."""
        return json.dumps(self.to_dict(), default=str)

    def to_yaml(self, stream: IO[str] | None = None) -> Any:
        """The description as the file has it, returned or written to ``stream``."""
        import yaml

        return yaml.safe_dump(self.to_dict(), stream, default_flow_style=False)

    def save(self, path: str | Path) -> None:
        """Write the file at ``path``; in a model that was saved with a manifest, say there that it changed."""
        Path(path).write_text(self.to_yaml(), encoding="utf-8")
        manifest.renew(Path(path).parent, [Path(path).name])

    @classmethod
    def from_dict(cls, model_dict: Mapping[str, Any]) -> Model:
        """The inverse of ``to_dict``. Raises ``BadRequest`` when something in it is malformed."""
        said = dict(model_dict)
        for key, kind in _KINDS.items():
            if not isinstance(said.get(key), kind | None):
                raise BadRequest(f"Malformed MLmodel: {key!r} must be of type {kind.__name__}")
        flavors = said.get("flavors")
        if not isinstance(flavors, dict) or not all(isinstance(each, dict) for each in flavors.values()):
            raise BadRequest("Malformed MLmodel: 'flavors' must name at least one flavor and its settings")
        from_hint, from_example = (
            said.pop(k, False) for k in ("is_signature_from_type_hint", "type_hint_from_example")
        )
        signature = said.pop("signature", None)
        if signature:
            said["signature"] = ModelSignature.from_dict(signature)
            said["signature"]._is_signature_from_type_hint = bool(from_hint)
            said["signature"]._is_type_hint_from_example = bool(from_example)
        # A file without this key was written before there was one.
        return cls(**{"mlflow_version": None, **said})

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """The description in a file, in a folder that has one, or at a URI of a model."""
        from headrace.models.loading import fetch

        text = str(path)
        found = Path(text) if "://" not in text and ":/" not in text else fetch(text)
        found = found / MLMODEL_FILE_NAME if found.is_dir() else found
        if not found.is_file():
            raise NotFound(f"There is no {MLMODEL_FILE_NAME} file at {str(found)!r}, so this is no saved model")
        return cls.from_dict(_parse(found))

    @classmethod
    def log(cls, artifact_path: str | None, flavor: Any, **options: Any) -> ModelInfo:
        """Log a model with ``flavor.save_model``; the options of logging are those of ``headrace.models.flavor``."""
        from headrace.models.logged import log_with_module

        return log_with_module(flavor, artifact_path=artifact_path, **options)


def _parse(file: Path) -> dict[str, Any]:
    said = read_yaml(file, "Malformed MLmodel: the file")
    if not isinstance(said, dict) or not all(isinstance(key, str) for key in said):
        raise BadRequest(f"Malformed MLmodel file {str(file)!r}: it must be a YAML mapping")
    return said


@dataclass
class ModelInfo:
    """What is known of a model that was logged."""

    artifact_path: str | None
    flavors: dict[str, Any]
    model_uri: str
    model_uuid: str
    run_id: str | None
    saved_input_example_info: dict[str, Any] | None
    signature: ModelSignature | None
    utc_time_created: str
    mlflow_version: str | None
    metadata: dict[str, Any] | None = None
    registered_model_version: int | None = None
    env_vars: list[str] | None = None
    prompts: list[str] | None = None
    logged_model: LoggedModel | None = None

    @property
    def signature_dict(self) -> dict[str, Any] | None:
        """The signature as the MLmodel file has it."""
        return self.signature.to_dict() if self.signature else None

    @property
    def model_id(self) -> str | None:
        """The id of the logged model."""
        return self.logged_model.model_id if self.logged_model else None

    @property
    def name(self) -> str | None:
        """The name of the logged model."""
        return self.logged_model.name if self.logged_model else None

    @property
    def creation_timestamp(self) -> int | None:
        """When the logged model was created, in ms since the epoch."""
        return self.logged_model.creation_timestamp if self.logged_model else None

    @property
    def params(self) -> dict[str, str] | None:
        """The params of the logged model."""
        return self.logged_model.params if self.logged_model else None

    @property
    def tags(self) -> dict[str, str] | None:
        """The tags of the logged model."""
        return self.logged_model.tags if self.logged_model else None

    @property
    def metrics(self) -> list[Metric] | None:
        """The metrics of the logged model."""
        return self.logged_model.metrics if self.logged_model else None


def get_model_info(model_uri: str) -> ModelInfo:
    """What is known of the model at ``model_uri``."""
    from headrace.models.loading import fetch
    from headrace.tracking.client import MlflowClient

    model = Model.load(fetch(model_uri))
    info = model.get_model_info(MlflowClient().get_logged_model(model.model_id) if model.model_id else None)
    info.model_uri = model_uri
    return info
