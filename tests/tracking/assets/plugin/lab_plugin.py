"""A plugin as a laboratory might have written it for MLflow; it knows nothing of headrace."""

import os
import shutil
import time
import uuid
from urllib.parse import urlparse

from mlflow.entities import Experiment, FileInfo, LifecycleStage, Run, RunData, RunInfo, RunStatus, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore as Registry
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.default_experiment.abstract_context import DefaultExperimentProvider
from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider


class Lab(RunContextProvider):
    def in_context(self):
        return True

    def tags(self):
        return {"lab.room": "12"}


class Broken(Lab):
    def tags(self):
        raise RuntimeError("the door is locked")


class Headers(RequestHeaderProvider):
    def in_context(self):
        return True

    def request_headers(self):
        return {"X-Lab": "12", "User-Agent": "lab/1"}


class Badge(RequestAuthProvider):
    def get_name(self):
        return "badge"

    def get_auth(self):
        def sign(request):
            request.headers["Authorization"] = f"Badge {request.method}"
            return request

        return sign


class Bench(DefaultExperimentProvider):
    def in_context(self):
        return "LAB_BENCH" in os.environ

    def get_experiment_id(self):
        return os.environ["LAB_BENCH"]


class Shelf(ArtifactRepository):
    def _root(self):
        return urlparse(self.artifact_uri).path

    def log_artifact(self, local_file, artifact_path=None):
        folder = os.path.join(self._root(), artifact_path or "")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(local_file, folder)

    def log_artifacts(self, local_dir, artifact_path=None):
        shutil.copytree(local_dir, os.path.join(self._root(), artifact_path or ""), dirs_exist_ok=True)

    def list_artifacts(self, path=None):
        folder = os.path.join(self._root(), path or "")
        if not os.path.isdir(folder):
            return []
        found = []
        for name in sorted(os.listdir(folder)):
            full = os.path.join(folder, name)
            is_dir = os.path.isdir(full)
            key = f"{path}/{name}" if path else name
            found.append(FileInfo(key, is_dir, None if is_dir else os.path.getsize(full)))
        return found

    def _download_file(self, remote_file_path, local_path):
        shutil.copy(os.path.join(self._root(), remote_file_path), local_path)


class Memo(AbstractStore):
    """Keeps everything in this process."""

    def __init__(self, store_uri=None, artifact_uri=None):
        super().__init__()
        self.place = store_uri.partition("//")[2]
        self.experiments = {"0": Experiment("0", "Default", f"shelf://{self.place}", "active")}
        self.runs = {}
        self.history = {}

    def search_experiments(
        self, view_type=ViewType.ACTIVE_ONLY, max_results=1000, filter_string=None, order_by=None, page_token=None
    ):
        return PagedList(list(self.experiments.values()), None)

    def create_experiment(self, name, artifact_location, tags):
        number = str(len(self.experiments))
        self.experiments[number] = Experiment(number, name, f"shelf://{self.place}", "active", tags=tags)
        return number

    def get_experiment(self, experiment_id):
        if experiment_id not in self.experiments:
            raise MlflowException(f"no experiment {experiment_id}", RESOURCE_DOES_NOT_EXIST)
        return self.experiments[experiment_id]

    def delete_experiment(self, experiment_id):
        raise NotImplementedError

    def restore_experiment(self, experiment_id):
        raise NotImplementedError

    def rename_experiment(self, experiment_id, new_name):
        raise NotImplementedError

    def get_run(self, run_id):
        if run_id not in self.runs:
            raise MlflowException(f"no run {run_id}", RESOURCE_DOES_NOT_EXIST)
        info, metrics, params, tags = self.runs[run_id]
        return Run(info, RunData(list(metrics.values()), list(params.values()), list(tags.values())))

    def update_run_info(self, run_id, run_status, end_time, run_name):
        old = self.runs[run_id][0]
        status = old.status if run_status is None else RunStatus.to_string(run_status)
        self.runs[run_id][0] = RunInfo(
            run_id=run_id,
            experiment_id=old.experiment_id,
            user_id=old.user_id,
            status=status,
            start_time=old.start_time,
            end_time=end_time,
            lifecycle_stage=old.lifecycle_stage,
            artifact_uri=old.artifact_uri,
            run_name=run_name or old.run_name,
        )
        return self.runs[run_id][0]

    def create_run(self, experiment_id, user_id, start_time, tags, run_name):
        run_id = uuid.uuid4().hex
        where = f"{self.get_experiment(experiment_id).artifact_location}/{run_id}"
        info = RunInfo(
            run_id, experiment_id, user_id, "RUNNING", start_time, None, LifecycleStage.ACTIVE, where, run_name
        )
        self.runs[run_id] = [info, {}, {}, {tag.key: tag for tag in tags}]
        return self.get_run(run_id)

    def delete_run(self, run_id):
        del self.runs[run_id]

    def restore_run(self, run_id):
        raise NotImplementedError

    def get_metric_history(self, run_id, metric_key, max_results=None, page_token=None):
        return PagedList(self.history.get((run_id, metric_key), []), None)

    def _search_runs(self, experiment_ids, filter_string, run_view_type, max_results, order_by, page_token):
        found = [run_id for run_id, kept in self.runs.items() if kept[0].experiment_id in experiment_ids]
        return [self.get_run(run_id) for run_id in found], None

    def log_batch(self, run_id, metrics, params, tags):
        _, kept_metrics, kept_params, kept_tags = self.runs[run_id]
        for metric in metrics:
            kept_metrics[metric.key] = metric
            self.history.setdefault((run_id, metric.key), []).append(metric)
        kept_params.update({param.key: param for param in params})
        kept_tags.update({tag.key: tag for tag in tags})

    def log_inputs(self, run_id, datasets=None, models=None):
        pass

    def link_traces_to_run(self, trace_ids, run_id):
        raise NotImplementedError


class Drawer(Registry):
    """Keeps registered models in this process."""

    def __init__(self, store_uri=None, tracking_uri=None):
        super().__init__(store_uri, tracking_uri)
        self.models = {}
        self.versions = {}

    def create_registered_model(self, name, tags=None, description=None, deployment_job_id=None):
        now = int(time.time() * 1000)
        self.models[name] = RegisteredModel(name, now, now, description, tags=tags)
        return self.models[name]

    def get_registered_model(self, name):
        return self.models[name]

    def create_model_version(
        self,
        name,
        source,
        run_id=None,
        tags=None,
        run_link=None,
        description=None,
        local_model_path=None,
        model_id=None,
    ):
        number = str(1 + sum(key[0] == name for key in self.versions))
        made = ModelVersion(name, number, int(time.time() * 1000), source=source, run_id=run_id, tags=tags)
        self.versions[name, number] = made
        return made

    def get_model_version(self, name, version):
        return self.versions[name, str(version)]

    def search_model_versions(self, filter_string=None, max_results=None, order_by=None, page_token=None):
        return PagedList(list(self.versions.values()), None)

    def _not_here(self, *args, **kwargs):
        raise NotImplementedError

    update_registered_model = rename_registered_model = delete_registered_model = _not_here
    search_registered_models = get_latest_versions = set_registered_model_tag = _not_here
    delete_registered_model_tag = update_model_version = transition_model_version_stage = _not_here
    delete_model_version = get_model_version_download_uri = set_model_version_tag = _not_here
    delete_model_version_tag = set_registered_model_alias = delete_registered_model_alias = _not_here
    get_model_version_by_alias = _not_here
