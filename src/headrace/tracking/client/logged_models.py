"""Logged models, as ``MlflowClient`` offers them."""

from __future__ import annotations

from typing import Any

from headrace.base.errors import BadRequest
from headrace.schema.artifacts import FileInfo
from headrace.schema.logged_models import (
    CreateLoggedModel,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LoggedModel,
    LoggedModelDataset,
    LoggedModelOrder,
    LoggedModelParameter,
    LoggedModelTag,
    LogLoggedModelParams,
    SearchLoggedModels,
    SetLoggedModelTags,
)
from headrace.tracking import files
from headrace.tracking.client.asking import Asking, tag_texts
from headrace.tracking.paged import PagedList
from headrace.tracking.values import several

_WORDS: dict[str, Any] = {"READY": "LOGGED_MODEL_READY", "FAILED": "LOGGED_MODEL_UPLOAD_FAILED"}
#: Params sent at a time.
_PARAMS = 100


class LoggedModels(Asking):
    """Methods of the client about logged models."""

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Open a logged model, whose files are about to be uploaded."""
        settings = [LoggedModelParameter(key, value) for key, value in tag_texts(params)]
        created = self._send(
            CreateLoggedModel(
                experiment_id=str(experiment_id),
                name=name,
                model_type=model_type,
                source_run_id=source_run_id,
                params=settings[:_PARAMS],
                tags=[LoggedModelTag(key, value) for key, value in tag_texts(tags)],
            )
        ).model
        if not settings[_PARAMS:]:
            return created
        self._log_params(created.model_id, settings[_PARAMS:])
        return self.get_logged_model(created.model_id)

    def finalize_logged_model(self, model_id: str, status: str) -> LoggedModel:
        """Say whether the files of a logged model arrived: READY or FAILED."""
        if status not in _WORDS:
            raise BadRequest(f"A logged model is finalized as READY or FAILED, not {str(status)!r}")
        return self._send(FinalizeLoggedModel(model_id=model_id, status=_WORDS[status])).model

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """One logged model by its id, or ``NotFound``."""
        return self._send(GetLoggedModel(model_id=model_id)).model

    def delete_logged_model(self, model_id: str) -> None:
        """Mark a logged model deleted."""
        self._send(DeleteLoggedModel(model_id=model_id))

    def set_logged_model_tags(self, model_id: str, tags: dict[str, Any]) -> None:
        """Set tags of a logged model."""
        said = [LoggedModelTag(key, value) for key, value in tag_texts(tags)]
        self._send(SetLoggedModelTags(model_id=model_id, tags=said))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag of a logged model."""
        self._send(DeleteLoggedModelTag(model_id=model_id, tag_key=key))

    def log_model_params(self, model_id: str, params: dict[str, str]) -> None:
        """Log params of a logged model."""
        self._log_params(model_id, [LoggedModelParameter(key, value) for key, value in tag_texts(params)])

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of logged models. Orders are dicts of field_name, ascending, dataset_name and dataset_digest."""
        found = self._send(
            SearchLoggedModels(
                experiment_ids=several(experiment_ids),
                filter=filter_string or "",
                datasets=[_made(LoggedModelDataset, each, "datasets") for each in datasets or ()],
                max_results=max_results,
                order_by=[_made(LoggedModelOrder, each, "order_by") for each in order_by or ()],
                page_token=page_token or None,
            )
        )
        return PagedList(found.models, found.next_page_token)

    def log_model_artifact(self, model_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Store one file of a logged model, or one folder under its own name."""
        files.upload(self._files_of(model_id), local_path, artifact_path, self._tracking_uri)

    def log_model_artifacts(self, model_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Store what is in a folder as files of a logged model."""
        files.upload_contents(self._files_of(model_id), local_dir, artifact_path, self._tracking_uri)

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """The files of a logged model in one folder."""
        return files.listing(self._files_of(model_id), path, self._tracking_uri)

    def _files_of(self, model_id: str) -> str:
        return self.get_logged_model(model_id).artifact_location

    def _log_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        for start in range(0, len(params), _PARAMS):
            self._send(LogLoggedModelParams(model_id=model_id, params=params[start : start + _PARAMS]))


def _made(kind: type[Any], said: dict[str, Any], where: str) -> Any:
    unknown = set(said) - set(kind.__struct_fields__)
    missing = kind.__struct_fields__[0]
    if unknown or missing not in said:
        known = ", ".join(kind.__struct_fields__)
        raise BadRequest(f"Each of {where} is a dict of {known}, with at least {missing!r}; this one is {said!r}")
    return kind(**said)
