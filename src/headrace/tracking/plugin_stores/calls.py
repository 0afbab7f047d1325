"""A store of another package, written for MLflow, as one that answers our calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from headrace.base.errors import NotFound, NotSupported
from headrace.schema import Call, Empty
from headrace.schema import experiments as e
from headrace.schema import logged_models as m
from headrace.schema import registry as g
from headrace.schema import runs as r
from headrace.schema.datasets import LogInputs
from headrace.tracking import plugins
from headrace.tracking.enumerations import RunStatus, ViewType

R = TypeVar("R")
Answer = Callable[[Any, Any], Any]

TRACKING, REGISTRY = "mlflow.tracking_store", "mlflow.model_registry_store"


def served(uri: str, group: str) -> str | None:
    """The scheme of ``uri``, if a package serves it."""
    scheme = uri.partition(":")[0]
    return scheme if scheme in plugins.entry_points(group) else None


def open_store(uri: str, group: str, beside: str | None = None) -> PluginStore:
    """The store of the package that serves the scheme of ``uri``; ``beside`` is the tracking URI of a registry."""
    kind = plugins.entry_points(group)[uri.partition(":")[0]].load()
    if group == REGISTRY:
        return PluginStore(kind(store_uri=uri, tracking_uri=beside))
    return PluginStore(kind(store_uri=uri, artifact_uri=None))


class PluginStore:
    """Answers each call with the method that MLflow would have called."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def send(self, call: Call[R], /) -> R:
        """Answer ``call``. Errors are the other store's own."""
        answer = ANSWERS.get(type(call))
        if answer is None:
            raise NotSupported(
                f"{type(self.store).__name__} is a store of another package; it has no answer to {type(call).__name__}"
            )
        found = answer(self.store, call)
        return cast(R, Empty() if found is None else found)

    def close(self) -> None:
        """Stores of MLflow's kind have nothing to let go of."""


def _experiment_by_name(store: Any, call: e.GetExperimentByName) -> e.ExperimentFound:
    found = store.get_experiment_by_name(call.experiment_name)
    if found is None:
        raise NotFound(f"There is no experiment called {call.experiment_name!r}")
    return e.ExperimentFound(experiment=found)


def _view(word: str) -> int:
    return ViewType.from_string(word.lower())


def _updated(store: Any, call: r.UpdateRun) -> r.RunUpdated:
    status = None if call.status is None else RunStatus.from_string(call.status)
    return r.RunUpdated(run_info=store.update_run_info(call.run_id, status, call.end_time, call.run_name))


def _history(store: Any, call: r.GetMetricHistory) -> r.MetricHistory:
    page = store.get_metric_history(call.run_id, call.metric_key, call.max_results, call.page_token)
    return r.MetricHistory(metrics=list(page), next_page_token=getattr(page, "token", None))


def _experiments(store: Any, call: e.SearchExperiments) -> e.ExperimentsFound:
    page = store.search_experiments(
        _view(call.view_type), call.max_results, call.filter or None, call.order_by or None, call.page_token
    )
    return e.ExperimentsFound(experiments=list(page), next_page_token=getattr(page, "token", None))


def _runs(store: Any, call: r.SearchRuns) -> r.RunsFound:
    page = store.search_runs(
        call.experiment_ids,
        call.filter,
        _view(call.run_view_type),
        call.max_results,
        call.order_by or None,
        call.page_token,
    )
    return r.RunsFound(runs=list(page), next_page_token=getattr(page, "token", None))


def _metric(call: r.LogMetric) -> r.Metric:
    return r.Metric(
        call.key, call.value, call.timestamp, call.step, call.model_id, call.dataset_name, call.dataset_digest
    )


def _logged_models(store: Any, call: m.SearchLoggedModels) -> m.LoggedModelsFound:
    page = store.search_logged_models(
        experiment_ids=call.experiment_ids,
        filter_string=call.filter or None,
        datasets=[each.to_dictionary() for each in call.datasets] or None,
        max_results=call.max_results,
        order_by=[each.to_dictionary() for each in call.order_by] or None,
        page_token=call.page_token,
    )
    return m.LoggedModelsFound(models=list(page), next_page_token=getattr(page, "token", None))


def _new_logged_model(s: Any, c: m.CreateLoggedModel) -> m.LoggedModelFound:
    made = s.create_logged_model(c.experiment_id, c.name, c.source_run_id, c.tags, c.params, c.model_type)
    return m.LoggedModelFound(model=made)


def _finalized(s: Any, c: m.FinalizeLoggedModel) -> m.LoggedModelFound:
    word = {"LOGGED_MODEL_READY": "READY", "LOGGED_MODEL_UPLOAD_FAILED": "FAILED"}.get(c.status, "PENDING")
    return m.LoggedModelFound(model=s.finalize_logged_model(c.model_id, m.LoggedModelStatus(word)))


def _new_version(s: Any, c: g.CreateModelVersion) -> g.ModelVersionFound:
    made = s.create_model_version(c.name, c.source, c.run_id, c.tags, c.run_link, c.description, model_id=c.model_id)
    return g.ModelVersionFound(model_version=made)


def _version(made: Any) -> g.ModelVersionFound:
    return g.ModelVersionFound(model_version=made)


def _model(made: Any) -> g.RegisteredModelFound:
    return g.RegisteredModelFound(registered_model=made)


def _registered_models(s: Any, c: g.SearchRegisteredModels) -> g.RegisteredModelsFound:
    page = s.search_registered_models(c.filter or None, c.max_results, c.order_by or None, c.page_token)
    return g.RegisteredModelsFound(registered_models=list(page), next_page_token=getattr(page, "token", None))


def _versions(s: Any, c: g.SearchModelVersions) -> g.ModelVersionsFound:
    page = s.search_model_versions(c.filter or None, c.max_results, c.order_by or None, c.page_token)
    return g.ModelVersionsFound(model_versions=list(page), next_page_token=getattr(page, "token", None))


#: What the store is asked for each call.
ANSWERS: dict[type[Call[Any]], Answer] = {
    e.CreateExperiment: lambda s, c: e.ExperimentCreated(
        experiment_id=str(s.create_experiment(c.name, c.artifact_location, c.tags))
    ),
    e.SearchExperiments: _experiments,
    e.GetExperiment: lambda s, c: e.ExperimentFound(experiment=s.get_experiment(c.experiment_id)),
    e.GetExperimentByName: _experiment_by_name,
    e.DeleteExperiment: lambda s, c: s.delete_experiment(c.experiment_id),
    e.RestoreExperiment: lambda s, c: s.restore_experiment(c.experiment_id),
    e.UpdateExperiment: lambda s, c: s.rename_experiment(c.experiment_id, c.new_name),
    e.SetExperimentTag: lambda s, c: s.set_experiment_tag(c.experiment_id, e.ExperimentTag(c.key, c.value)),
    e.DeleteExperimentTag: lambda s, c: s.delete_experiment_tag(c.experiment_id, c.key),
    r.CreateRun: lambda s, c: r.RunFound(
        run=s.create_run(c.experiment_id, c.user_id, c.start_time, c.tags, c.run_name)
    ),
    r.UpdateRun: _updated,
    r.DeleteRun: lambda s, c: s.delete_run(c.run_id),
    r.RestoreRun: lambda s, c: s.restore_run(c.run_id),
    r.GetRun: lambda s, c: r.RunFound(run=s.get_run(c.run_id)),
    r.SearchRuns: _runs,
    r.LogMetric: lambda s, c: s.log_metric(c.run_id, _metric(c)),
    r.LogParam: lambda s, c: s.log_param(c.run_id, r.Param(c.key, c.value)),
    r.SetTag: lambda s, c: s.set_tag(c.run_id, r.RunTag(c.key, c.value)),
    r.DeleteTag: lambda s, c: s.delete_tag(c.run_id, c.key),
    r.LogBatch: lambda s, c: s.log_batch(c.run_id, metrics=c.metrics, params=c.params, tags=c.tags),
    r.LogOutputs: lambda s, c: s.log_outputs(c.run_id, c.models),
    r.GetMetricHistory: _history,
    LogInputs: lambda s, c: s.log_inputs(c.run_id, datasets=c.datasets, models=c.models),
    m.CreateLoggedModel: _new_logged_model,
    m.FinalizeLoggedModel: _finalized,
    m.GetLoggedModel: lambda s, c: m.LoggedModelFound(model=s.get_logged_model(c.model_id)),
    m.DeleteLoggedModel: lambda s, c: s.delete_logged_model(c.model_id),
    m.SearchLoggedModels: _logged_models,
    m.SetLoggedModelTags: lambda s, c: s.set_logged_model_tags(c.model_id, c.tags),
    m.DeleteLoggedModelTag: lambda s, c: s.delete_logged_model_tag(c.model_id, c.tag_key),
    g.CreateRegisteredModel: lambda s, c: _model(s.create_registered_model(c.name, c.tags, c.description)),
    g.RenameRegisteredModel: lambda s, c: _model(s.rename_registered_model(c.name, c.new_name)),
    g.UpdateRegisteredModel: lambda s, c: _model(s.update_registered_model(c.name, c.description)),
    g.DeleteRegisteredModel: lambda s, c: s.delete_registered_model(c.name),
    g.GetRegisteredModel: lambda s, c: _model(s.get_registered_model(c.name)),
    g.SearchRegisteredModels: _registered_models,
    g.GetLatestVersions: lambda s, c: g.ModelVersionsFound(
        model_versions=list(s.get_latest_versions(c.name, c.stages or None))
    ),
    g.SetRegisteredModelTag: lambda s, c: s.set_registered_model_tag(c.name, g.RegisteredModelTag(c.key, c.value)),
    g.DeleteRegisteredModelTag: lambda s, c: s.delete_registered_model_tag(c.name, c.key),
    g.SetRegisteredModelAlias: lambda s, c: s.set_registered_model_alias(c.name, c.alias, c.version),
    g.DeleteRegisteredModelAlias: lambda s, c: s.delete_registered_model_alias(c.name, c.alias),
    g.GetModelVersionByAlias: lambda s, c: _version(s.get_model_version_by_alias(c.name, c.alias)),
    g.CreateModelVersion: _new_version,
    g.UpdateModelVersion: lambda s, c: _version(s.update_model_version(c.name, c.version, c.description)),
    g.TransitionModelVersionStage: lambda s, c: _version(
        s.transition_model_version_stage(c.name, c.version, c.stage, c.archive_existing_versions)
    ),
    g.DeleteModelVersion: lambda s, c: s.delete_model_version(c.name, c.version),
    g.GetModelVersion: lambda s, c: _version(s.get_model_version(c.name, c.version)),
    g.GetModelVersionDownloadUri: lambda s, c: g.DownloadUri(
        artifact_uri=s.get_model_version_download_uri(c.name, c.version)
    ),
    g.SearchModelVersions: _versions,
    g.SetModelVersionTag: lambda s, c: s.set_model_version_tag(c.name, c.version, g.ModelVersionTag(c.key, c.value)),
    g.DeleteModelVersionTag: lambda s, c: s.delete_model_version_tag(c.name, c.version, c.key),
}
