// Made from the calls by `python -m headrace.wire`. Do not edit.

/** A float. What JSON cannot say travels as a string. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** The artifacts in one folder. */
export interface ArtifactsFound {
  root_uri: string;
  files?: Array<FileInfo>;
  next_page_token?: string;
}

/** Open a new experiment. Its name is not used by another active one. */
export interface CreateExperiment {
  name: string;
  artifact_location?: string;
  tags?: Array<ExperimentTag>;
}

/** Open a logged model, whose files are about to be uploaded. */
export interface CreateLoggedModel {
  experiment_id: string;
  name?: string;
  model_type?: string;
  source_run_id?: string;
  params?: Array<LoggedModelParameter>;
  tags?: Array<LoggedModelTag>;
}

/** Register a model as the next version of a registered model. */
export interface CreateModelVersion {
  name: string;
  source: string;
  run_id?: string;
  tags?: Array<ModelVersionTag>;
  run_link?: string;
  description?: string;
  model_id?: string;
}

/** Open a registered model, without versions yet. */
export interface CreateRegisteredModel {
  name: string;
  tags?: Array<RegisteredModelTag>;
  description?: string;
  deployment_job_id?: string;
}

/** Open a run in an experiment. */
export interface CreateRun {
  experiment_id?: string;
  user_id?: string;
  run_name?: string;
  start_time?: number;
  tags?: Array<RunTag>;
}

/** A table or tensor by name and digest, and where it came from. */
export interface Dataset {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
}

/** A dataset that a run read, and how. */
export interface DatasetInput {
  dataset: Dataset;
  tags?: Array<InputTag>;
}

/** Mark an experiment and its runs deleted. They can be restored. */
export interface DeleteExperiment {
  experiment_id: string;
}

/** Remove a tag of an experiment. */
export interface DeleteExperimentTag {
  experiment_id: string;
  key: string;
}

/** Mark a logged model deleted. */
export interface DeleteLoggedModel {
  model_id: string;
}

/** Remove a tag of a logged model. */
export interface DeleteLoggedModelTag {
  model_id: string;
  tag_key: string;
}

/** Delete a model version. Its number is not given again. */
export interface DeleteModelVersion {
  name: string;
  version: string;
}

/** Remove a tag of a model version. */
export interface DeleteModelVersionTag {
  name: string;
  version: string;
  key: string;
}

/** Delete a registered model and its versions. */
export interface DeleteRegisteredModel {
  name: string;
}

/** Remove an alias. */
export interface DeleteRegisteredModelAlias {
  name: string;
  alias: string;
}

/** Remove a tag of a registered model. */
export interface DeleteRegisteredModelTag {
  name: string;
  key: string;
}

/** Mark a run deleted. It can be restored. */
export interface DeleteRun {
  run_id: string;
}

/** Remove a tag of a run. */
export interface DeleteTag {
  run_id: string;
  key: string;
}

/** Where the files of a model version are. */
export interface DownloadUri {
  artifact_uri: string;
}

/** The reply of a call that has nothing to say. */
export type Empty = Record<string, never>;

/** A named group of runs. */
export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  lifecycle_stage?: string;
  last_update_time?: number;
  creation_time?: number;
  tags?: Array<ExperimentTag>;
  workspace?: string;
}

/** The id of a new experiment. */
export interface ExperimentCreated {
  experiment_id: string;
}

/** One experiment. */
export interface ExperimentFound {
  experiment: Experiment;
}

/** One key and its value on an experiment. */
export interface ExperimentTag {
  key: string;
  value?: string;
}

/** A page of experiments. */
export interface ExperimentsFound {
  experiments?: Array<Experiment>;
  next_page_token?: string;
}

/** Parts of the platform that this server has switched on. */
export interface Features {
  gateway?: boolean;
}

/** A file or folder below an artifact root. ``file_size`` is in bytes, and absent for folders. */
export interface FileInfo {
  path: string;
  is_dir: boolean;
  file_size?: number;
}

/** Say whether the files of a logged model arrived. */
export interface FinalizeLoggedModel {
  model_id: string;
  status: "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_UPLOAD_FAILED";
}

/** One experiment, by its id. */
export interface GetExperiment {
  experiment_id: string;
}

/** One experiment, by its name: the active one, or else the last deleted one. */
export interface GetExperimentByName {
  experiment_name: string;
}

/** The newest version in each of some stages. */
export interface GetLatestVersions {
  name: string;
  stages?: Array<string>;
}

/** One logged model, by its id. */
export interface GetLoggedModel {
  model_id: string;
}

/** Every point of one metric, in order of time, then step. */
export interface GetMetricHistory {
  run_id: string;
  metric_key: string;
  page_token?: string;
  max_results?: number;
}

/** Points of one metric of several runs, thinned out: first, last, lowest and highest always stay. */
export interface GetMetricHistoryBulkInterval {
  run_ids: Array<string>;
  metric_key: string;
  start_step?: number;
  end_step?: number;
  max_results?: number;
}

/** One version of a registered model. */
export interface GetModelVersion {
  name: string;
  version: string;
}

/** The version an alias points at; ``latest`` is the newest. */
export interface GetModelVersionByAlias {
  name: string;
  alias: string;
}

/** Where the files of a model version are. */
export interface GetModelVersionDownloadUri {
  name: string;
  version: string;
}

/** One registered model, by its name. */
export interface GetRegisteredModel {
  name: string;
}

/** One run, with all that was logged to it. */
export interface GetRun {
  run_id: string;
}

/** What this server is and can do. */
export type GetServerInfo = Record<string, never>;

/** One key and its value on a dataset as one run used it. */
export interface InputTag {
  key: string;
  value?: string;
}

/** The artifacts of a run in one folder. */
export interface ListArtifacts {
  run_id: string;
  path?: string;
  page_token?: string;
}

/** The artifacts of a logged model in one folder. */
export interface ListLoggedModelArtifacts {
  model_id: string;
  artifact_directory_path?: string;
  page_token?: string;
}

/** Log metrics, params and tags of a run at once: all of them, or none. */
export interface LogBatch {
  run_id: string;
  metrics?: Array<Metric>;
  params?: Array<Param>;
  tags?: Array<RunTag>;
}

/** Note which datasets and models a run read. */
export interface LogInputs {
  run_id: string;
  datasets?: Array<DatasetInput>;
  models?: Array<ModelInput>;
}

/** Log params of a logged model. */
export interface LogLoggedModelParams {
  model_id: string;
  params?: Array<LoggedModelParameter>;
}

/** Append one point to a metric of a run. */
export interface LogMetric {
  run_id: string;
  key: string;
  value: Real;
  timestamp: number;
  step?: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
}

/** Note on a run the MLmodel file of a model that was stored as its artifact. */
export interface LogModel {
  run_id: string;
  model_json: string;
}

/** Note which logged models a run made. */
export interface LogOutputs {
  run_id: string;
  models?: Array<ModelOutput>;
}

/** Log a param of a run. The same value again is no change; another value is refused. */
export interface LogParam {
  run_id: string;
  key: string;
  value?: string;
}

/** A model that a run made. */
export interface LoggedModel {
  info: LoggedModelInfo;
  data?: LoggedModelData;
}

/** What was logged of a model. */
export interface LoggedModelData {
  params?: Array<LoggedModelParameter>;
  metrics?: Array<Metric>;
}

/** A dataset whose metrics count when logged models are searched. */
export interface LoggedModelDataset {
  dataset_name: string;
  dataset_digest?: string;
}

/** One logged model. */
export interface LoggedModelFound {
  model: LoggedModel;
}

/** What a logged model is. */
export interface LoggedModelInfo {
  model_id: string;
  experiment_id: string;
  name: string;
  creation_timestamp_ms: number;
  last_updated_timestamp_ms: number;
  artifact_uri: string;
  status: "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_UPLOAD_FAILED";
  model_type?: string;
  source_run_id?: string;
  status_message?: string;
  tags?: Array<LoggedModelTag>;
  registrations?: Array<LoggedModelRegistrationInfo>;
}

/** One field to order logged models by. */
export interface LoggedModelOrder {
  field_name: string;
  ascending?: boolean;
  dataset_name?: string;
  dataset_digest?: string;
}

/** One setting of a logged model. */
export interface LoggedModelParameter {
  key: string;
  value?: string;
}

/** A registered version that was made of a logged model. */
export interface LoggedModelRegistrationInfo {
  name: string;
  version: string;
}

/** One key and its value on a logged model. */
export interface LoggedModelTag {
  key: string;
  value?: string;
}

/** A page of logged models. */
export interface LoggedModelsFound {
  models?: Array<LoggedModel>;
  next_page_token?: string;
}

/** One point of one series. */
export interface Metric {
  key: string;
  value: Real;
  timestamp: number;
  step?: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
  run_id?: string;
}

/** Points of one metric. */
export interface MetricHistory {
  metrics?: Array<Metric>;
  next_page_token?: string;
}

/** One point of one series of one run. */
export interface MetricWithRunId {
  key: string;
  value: Real;
  timestamp: number;
  step?: number;
  run_id?: string;
}

/** Points of one metric, of several runs. */
export interface MetricsOfRuns {
  metrics?: Array<MetricWithRunId>;
}

/** A logged model that a run read. */
export interface ModelInput {
  model_id: string;
}

/** One point measured on the logged model behind a version. */
export interface ModelMetric {
  key: string;
  value: Real;
  timestamp: number;
  step?: number;
  dataset_name?: string;
  dataset_digest?: string;
  model_id?: string;
  run_id?: string;
}

/** A logged model that a run made, and at which step. */
export interface ModelOutput {
  model_id: string;
  step?: number;
}

/** One setting of the logged model behind a version. */
export interface ModelParam {
  name: string;
  value?: string;
}

/** One version of a registered model. */
export interface ModelVersion {
  name: string;
  version: string;
  creation_timestamp: number;
  last_updated_timestamp?: number;
  user_id?: string;
  current_stage?: string;
  description?: string;
  source?: string;
  run_id?: string;
  status?: "FAILED_REGISTRATION" | "PENDING_REGISTRATION" | "READY";
  status_message?: string;
  tags?: Array<ModelVersionTag>;
  run_link?: string;
  aliases?: Array<string>;
  model_id?: string;
  model_params?: Array<ModelParam>;
  model_metrics?: Array<ModelMetric>;
}

/** One model version. */
export interface ModelVersionFound {
  model_version: ModelVersion;
}

/** One key and its value on a model version. */
export interface ModelVersionTag {
  key: string;
  value?: string;
}

/** A page of model versions. */
export interface ModelVersionsFound {
  model_versions?: Array<ModelVersion>;
  next_page_token?: string;
}

/** One setting of a run; once logged it does not change. */
export interface Param {
  key: string;
  value?: string;
}

/** A named line of model versions. */
export interface RegisteredModel {
  name: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  user_id?: string;
  description?: string;
  latest_versions?: Array<ModelVersion>;
  tags?: Array<RegisteredModelTag>;
  aliases?: Array<RegisteredModelAlias>;
  deployment_job_id?: string;
}

/** A name that points at one version of a registered model. */
export interface RegisteredModelAlias {
  alias: string;
  version: string;
}

/** One registered model. */
export interface RegisteredModelFound {
  registered_model: RegisteredModel;
}

/** One key and its value on a registered model. */
export interface RegisteredModelTag {
  key: string;
  value?: string;
}

/** A page of registered models. */
export interface RegisteredModelsFound {
  registered_models?: Array<RegisteredModel>;
  next_page_token?: string;
}

/** Give a registered model another name. */
export interface RenameRegisteredModel {
  name: string;
  new_name: string;
}

/** Take back the deletion of an experiment, and of the runs deleted with it. */
export interface RestoreExperiment {
  experiment_id: string;
}

/** Take back the deletion of a run. */
export interface RestoreRun {
  run_id: string;
}

/** One execution: what it is, what was logged to it, what it read and what it made. */
export interface Run {
  info: RunInfo;
  data?: RunData;
  inputs?: RunInputs;
  outputs?: RunOutputs;
}

/** What was logged to a run: the last point of each metric, params and tags. */
export interface RunData {
  metrics?: Array<Metric>;
  params?: Array<Param>;
  tags?: Array<RunTag>;
}

/** One run. */
export interface RunFound {
  run: Run;
}

/** What a run is, without what was logged to it. */
export interface RunInfo {
  run_uuid: string;
  experiment_id: string;
  run_name?: string;
  user_id?: string;
  status?: "FAILED" | "FINISHED" | "KILLED" | "RUNNING" | "SCHEDULED";
  start_time?: number;
  end_time?: number;
  artifact_uri?: string;
  lifecycle_stage?: string;
  run_id: string;
}

/** What a run read. */
export interface RunInputs {
  dataset_inputs?: Array<DatasetInput>;
  model_inputs?: Array<ModelInput>;
}

/** What a run made. */
export interface RunOutputs {
  model_outputs?: Array<ModelOutput>;
}

/** One key and its value on a run. */
export interface RunTag {
  key: string;
  value?: string;
}

/** A run as it is now. */
export interface RunUpdated {
  run_info: RunInfo;
}

/** A page of runs. */
export interface RunsFound {
  runs?: Array<Run>;
  next_page_token?: string;
}

/** Find experiments by a filter, newest first unless told. */
export interface SearchExperiments {
  max_results: number;
  page_token?: string;
  filter?: string;
  order_by?: Array<string>;
  view_type?: "ACTIVE_ONLY" | "ALL" | "DELETED_ONLY";
}

/** Find logged models by a filter, newest first unless told. */
export interface SearchLoggedModels {
  experiment_ids?: Array<string>;
  filter?: string;
  datasets?: Array<LoggedModelDataset>;
  max_results?: number;
  order_by?: Array<LoggedModelOrder>;
  page_token?: string;
}

/** Find model versions by a filter, the last changed first unless told. */
export interface SearchModelVersions {
  filter?: string;
  max_results?: number;
  order_by?: Array<string>;
  page_token?: string;
}

/** Find registered models by a filter, by name unless told. */
export interface SearchRegisteredModels {
  filter?: string;
  max_results?: number;
  order_by?: Array<string>;
  page_token?: string;
}

/** Find runs by a filter, newest first unless told. */
export interface SearchRuns {
  experiment_ids?: Array<string>;
  filter?: string;
  run_view_type?: "ACTIVE_ONLY" | "ALL" | "DELETED_ONLY";
  max_results?: number;
  order_by?: Array<string>;
  page_token?: string;
}

/** What clients ask before they choose how to move artifacts. */
export interface ServerInfo {
  store_type?: string;
  workspaces_enabled?: boolean;
  trace_archival_enabled?: boolean;
  multipart_uploads_enabled?: boolean;
  multipart_downloads_enabled?: boolean;
  presigned_upload_run_id_supported?: boolean;
  presigned_upload_model_id_supported?: boolean;
  features_enabled?: Features;
}

/** Set a tag of an experiment. */
export interface SetExperimentTag {
  experiment_id: string;
  key: string;
  value?: string;
}

/** Set tags of a logged model. */
export interface SetLoggedModelTags {
  model_id: string;
  tags?: Array<LoggedModelTag>;
}

/** Set a tag of a model version. */
export interface SetModelVersionTag {
  name: string;
  version: string;
  key: string;
  value?: string;
}

/** Point an alias at a version; it leaves the version it pointed at before. */
export interface SetRegisteredModelAlias {
  name: string;
  alias: string;
  version: string;
}

/** Set a tag of a registered model. */
export interface SetRegisteredModelTag {
  name: string;
  key: string;
  value?: string;
}

/** Set a tag of a run. */
export interface SetTag {
  run_id: string;
  key: string;
  value?: string;
}

/** Move a model version to another stage. */
export interface TransitionModelVersionStage {
  name: string;
  version: string;
  stage: string;
  archive_existing_versions?: boolean;
}

/** Rename an experiment. */
export interface UpdateExperiment {
  experiment_id: string;
  new_name: string;
}

/** Change the description of a model version. */
export interface UpdateModelVersion {
  name: string;
  version: string;
  description?: string;
}

/** Change the description of a registered model. */
export interface UpdateRegisteredModel {
  name: string;
  description?: string;
  deployment_job_id?: string;
}

/** Change the status, end time or name of a run. */
export interface UpdateRun {
  run_id: string;
  status?: "FAILED" | "FINISHED" | "KILLED" | "RUNNING" | "SCHEDULED";
  end_time?: number;
  run_name?: string;
}

/** How a call travels. `Q` and `R` are the types of its question and reply. */
export interface Route<Q, R> {
  verb: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api` or `/ajax-api`; `{field}` stands for a field of the question. */
  path: string;
  writes: boolean;
  readonly question?: Q;
  readonly reply?: R;
}

export const calls = {
  CreateExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/create", writes: true } as Route<CreateExperiment, ExperimentCreated>,
  CreateLoggedModel: { verb: "POST", path: "/2.0/mlflow/logged-models", writes: true } as Route<CreateLoggedModel, LoggedModelFound>,
  CreateModelVersion: { verb: "POST", path: "/2.0/mlflow/model-versions/create", writes: true } as Route<CreateModelVersion, ModelVersionFound>,
  CreateRegisteredModel: { verb: "POST", path: "/2.0/mlflow/registered-models/create", writes: true } as Route<CreateRegisteredModel, RegisteredModelFound>,
  CreateRun: { verb: "POST", path: "/2.0/mlflow/runs/create", writes: true } as Route<CreateRun, RunFound>,
  DeleteExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/delete", writes: true } as Route<DeleteExperiment, Empty>,
  DeleteExperimentTag: { verb: "POST", path: "/2.0/mlflow/experiments/delete-experiment-tag", writes: true } as Route<DeleteExperimentTag, Empty>,
  DeleteLoggedModel: { verb: "DELETE", path: "/2.0/mlflow/logged-models/{model_id}", writes: true } as Route<DeleteLoggedModel, Empty>,
  DeleteLoggedModelTag: { verb: "DELETE", path: "/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}", writes: true } as Route<DeleteLoggedModelTag, Empty>,
  DeleteModelVersion: { verb: "DELETE", path: "/2.0/mlflow/model-versions/delete", writes: true } as Route<DeleteModelVersion, Empty>,
  DeleteModelVersionTag: { verb: "DELETE", path: "/2.0/mlflow/model-versions/delete-tag", writes: true } as Route<DeleteModelVersionTag, Empty>,
  DeleteRegisteredModel: { verb: "DELETE", path: "/2.0/mlflow/registered-models/delete", writes: true } as Route<DeleteRegisteredModel, Empty>,
  DeleteRegisteredModelAlias: { verb: "DELETE", path: "/2.0/mlflow/registered-models/alias", writes: true } as Route<DeleteRegisteredModelAlias, Empty>,
  DeleteRegisteredModelTag: { verb: "DELETE", path: "/2.0/mlflow/registered-models/delete-tag", writes: true } as Route<DeleteRegisteredModelTag, Empty>,
  DeleteRun: { verb: "POST", path: "/2.0/mlflow/runs/delete", writes: true } as Route<DeleteRun, Empty>,
  DeleteTag: { verb: "POST", path: "/2.0/mlflow/runs/delete-tag", writes: true } as Route<DeleteTag, Empty>,
  FinalizeLoggedModel: { verb: "PATCH", path: "/2.0/mlflow/logged-models/{model_id}", writes: true } as Route<FinalizeLoggedModel, LoggedModelFound>,
  GetExperiment: { verb: "GET", path: "/2.0/mlflow/experiments/get", writes: false } as Route<GetExperiment, ExperimentFound>,
  GetExperimentByName: { verb: "GET", path: "/2.0/mlflow/experiments/get-by-name", writes: false } as Route<GetExperimentByName, ExperimentFound>,
  GetLatestVersions: { verb: "POST", path: "/2.0/mlflow/registered-models/get-latest-versions", writes: false } as Route<GetLatestVersions, ModelVersionsFound>,
  GetLoggedModel: { verb: "GET", path: "/2.0/mlflow/logged-models/{model_id}", writes: false } as Route<GetLoggedModel, LoggedModelFound>,
  GetMetricHistory: { verb: "GET", path: "/2.0/mlflow/metrics/get-history", writes: false } as Route<GetMetricHistory, MetricHistory>,
  GetMetricHistoryBulkInterval: { verb: "GET", path: "/2.0/mlflow/metrics/get-history-bulk-interval", writes: false } as Route<GetMetricHistoryBulkInterval, MetricsOfRuns>,
  GetModelVersion: { verb: "GET", path: "/2.0/mlflow/model-versions/get", writes: false } as Route<GetModelVersion, ModelVersionFound>,
  GetModelVersionByAlias: { verb: "GET", path: "/2.0/mlflow/registered-models/alias", writes: false } as Route<GetModelVersionByAlias, ModelVersionFound>,
  GetModelVersionDownloadUri: { verb: "GET", path: "/2.0/mlflow/model-versions/get-download-uri", writes: false } as Route<GetModelVersionDownloadUri, DownloadUri>,
  GetRegisteredModel: { verb: "GET", path: "/2.0/mlflow/registered-models/get", writes: false } as Route<GetRegisteredModel, RegisteredModelFound>,
  GetRun: { verb: "GET", path: "/2.0/mlflow/runs/get", writes: false } as Route<GetRun, RunFound>,
  GetServerInfo: { verb: "GET", path: "/3.0/mlflow/server-info", writes: false } as Route<GetServerInfo, ServerInfo>,
  ListArtifacts: { verb: "GET", path: "/2.0/mlflow/artifacts/list", writes: false } as Route<ListArtifacts, ArtifactsFound>,
  ListLoggedModelArtifacts: { verb: "GET", path: "/2.0/mlflow/logged-models/{model_id}/artifacts/directories", writes: false } as Route<ListLoggedModelArtifacts, ArtifactsFound>,
  LogBatch: { verb: "POST", path: "/2.0/mlflow/runs/log-batch", writes: true } as Route<LogBatch, Empty>,
  LogInputs: { verb: "POST", path: "/2.0/mlflow/runs/log-inputs", writes: true } as Route<LogInputs, Empty>,
  LogLoggedModelParams: { verb: "POST", path: "/2.0/mlflow/logged-models/{model_id}/params", writes: true } as Route<LogLoggedModelParams, Empty>,
  LogMetric: { verb: "POST", path: "/2.0/mlflow/runs/log-metric", writes: true } as Route<LogMetric, Empty>,
  LogModel: { verb: "POST", path: "/2.0/mlflow/runs/log-model", writes: true } as Route<LogModel, Empty>,
  LogOutputs: { verb: "POST", path: "/2.0/mlflow/runs/outputs", writes: true } as Route<LogOutputs, Empty>,
  LogParam: { verb: "POST", path: "/2.0/mlflow/runs/log-parameter", writes: true } as Route<LogParam, Empty>,
  RenameRegisteredModel: { verb: "POST", path: "/2.0/mlflow/registered-models/rename", writes: true } as Route<RenameRegisteredModel, RegisteredModelFound>,
  RestoreExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/restore", writes: true } as Route<RestoreExperiment, Empty>,
  RestoreRun: { verb: "POST", path: "/2.0/mlflow/runs/restore", writes: true } as Route<RestoreRun, Empty>,
  SearchExperiments: { verb: "POST", path: "/2.0/mlflow/experiments/search", writes: false } as Route<SearchExperiments, ExperimentsFound>,
  SearchLoggedModels: { verb: "POST", path: "/2.0/mlflow/logged-models/search", writes: false } as Route<SearchLoggedModels, LoggedModelsFound>,
  SearchModelVersions: { verb: "GET", path: "/2.0/mlflow/model-versions/search", writes: false } as Route<SearchModelVersions, ModelVersionsFound>,
  SearchRegisteredModels: { verb: "GET", path: "/2.0/mlflow/registered-models/search", writes: false } as Route<SearchRegisteredModels, RegisteredModelsFound>,
  SearchRuns: { verb: "POST", path: "/2.0/mlflow/runs/search", writes: false } as Route<SearchRuns, RunsFound>,
  SetExperimentTag: { verb: "POST", path: "/2.0/mlflow/experiments/set-experiment-tag", writes: true } as Route<SetExperimentTag, Empty>,
  SetLoggedModelTags: { verb: "PATCH", path: "/2.0/mlflow/logged-models/{model_id}/tags", writes: true } as Route<SetLoggedModelTags, Empty>,
  SetModelVersionTag: { verb: "POST", path: "/2.0/mlflow/model-versions/set-tag", writes: true } as Route<SetModelVersionTag, Empty>,
  SetRegisteredModelAlias: { verb: "POST", path: "/2.0/mlflow/registered-models/alias", writes: true } as Route<SetRegisteredModelAlias, Empty>,
  SetRegisteredModelTag: { verb: "POST", path: "/2.0/mlflow/registered-models/set-tag", writes: true } as Route<SetRegisteredModelTag, Empty>,
  SetTag: { verb: "POST", path: "/2.0/mlflow/runs/set-tag", writes: true } as Route<SetTag, Empty>,
  TransitionModelVersionStage: { verb: "POST", path: "/2.0/mlflow/model-versions/transition-stage", writes: true } as Route<TransitionModelVersionStage, ModelVersionFound>,
  UpdateExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/update", writes: true } as Route<UpdateExperiment, Empty>,
  UpdateModelVersion: { verb: "PATCH", path: "/2.0/mlflow/model-versions/update", writes: true } as Route<UpdateModelVersion, ModelVersionFound>,
  UpdateRegisteredModel: { verb: "PATCH", path: "/2.0/mlflow/registered-models/update", writes: true } as Route<UpdateRegisteredModel, RegisteredModelFound>,
  UpdateRun: { verb: "POST", path: "/2.0/mlflow/runs/update", writes: true } as Route<UpdateRun, RunUpdated>,
};
