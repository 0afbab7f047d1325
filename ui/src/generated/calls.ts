// Made from the calls by `python -m headrace.wire`. Do not edit.

/** A float. What JSON cannot say travels as a string. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** Let an evaluation dataset belong to more experiments. */
export interface AddDatasetToExperiments {
  dataset_id: string;
  experiment_ids?: Array<string>;
}

/** The artifacts in one folder. */
export interface ArtifactsFound {
  root_uri: string;
  files?: Array<FileInfo>;
  next_page_token?: string;
}

/** One field before and after; what was not there is absent. */
export interface Change {
  field: string;
  before?: string;
  after?: string;
}

/** Make deleted things unrestorable, as their artifacts are about to go. */
export interface ClaimDeleted {
  kind: "experiment" | "logged_model" | "run";
  ids: Array<string>;
  needed_too?: boolean;
}

/** What can no longer be restored. */
export interface Claimed {
  ids?: Array<string>;
}

/** Open a new evaluation dataset. Several may have the same name. */
export interface CreateDataset {
  name: string;
  experiment_ids?: Array<string>;
  tags?: string;
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

/** An address where one artifact of a run may be fetched for a while. */
export interface CreatePresignedDownloadUrl {
  run_id: string;
  path: string;
  expiration?: number;
}

/** An address where one artifact of a run or a logged model may be PUT for a while. Give one of the two ids. */
export interface CreatePresignedUploadUrl {
  path: string;
  run_id?: string;
  model_id?: string;
  expiration?: number;
}

/** Keep a prompt that was tried out, and what a model said to it, as a run that is finished. */
export interface CreatePromptlabRun {
  experiment_id: string;
  prompt_template: string;
  prompt_parameters: Array<PromptlabParameter>;
  model_route: string;
  model_input: string;
  mlflow_version: string;
  run_name?: string;
  tags?: Array<RunTag>;
  model_parameters?: Array<PromptlabParameter>;
  model_output?: string;
  model_output_parameters?: Array<PromptlabParameter>;
  user_id?: string;
  start_time?: number;
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

/** Tell a URL of some kinds of change from now on. */
export interface CreateWebhook {
  name: string;
  url: string;
  events: Array<WebhookEvent>;
  description?: string;
  secret?: string;
  status?: "ACTIVE" | "DISABLED";
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

/** The experiments that a dataset belongs to. */
export interface DatasetExperimentIds {
  experiment_ids?: Array<string>;
}

/** A dataset that a run read, and how. */
export interface DatasetInput {
  dataset: Dataset;
  tags?: Array<InputTag>;
}

/** How many records were removed. */
export interface DatasetRecordsDeleted {
  deleted_count?: number;
}

/** A page of records, as the JSON of a list. */
export interface DatasetRecordsFound {
  records?: string;
  next_page_token?: string;
}

/** How many records were new and how many were there already. */
export interface DatasetRecordsMerged {
  inserted_count?: number;
  updated_count?: number;
}

/** The datasets of some experiments. */
export interface DatasetSummaries {
  dataset_summaries?: Array<DatasetSummary>;
}

/** A dataset that runs of an experiment read, and as what. */
export interface DatasetSummary {
  experiment_id: string;
  name: string;
  digest: string;
  context?: string;
}

/** Remove an evaluation dataset and its records. It is no error if there is none. */
export interface DeleteDataset {
  dataset_id: string;
}

/** Remove records from an evaluation dataset; ids that it does not have are passed over. */
export interface DeleteDatasetRecords {
  dataset_id: string;
  dataset_record_ids?: Array<string>;
}

/** Remove a tag of an evaluation dataset. It is no error if there is none. */
export interface DeleteDatasetTag {
  dataset_id: string;
  key: string;
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

/** Delete a webhook, and what was still to be sent to it. */
export interface DeleteWebhook {
  webhook_id: string;
}

/** A deleted run, logged model or experiment. */
export interface Deleted {
  id: string;
  experiment_id: string;
  artifact_uri: string;
  experiment_location: string;
  deleted_time?: number;
  needed_by?: string;
  members?: number;
  alive?: number;
}

/** A page of what is deleted. */
export interface DeletedFound {
  items?: Array<Deleted>;
  next_page_token?: string;
}

/** Where the files of a model version are. */
export interface DownloadUri {
  artifact_uri: string;
}

/** The reply of a call that has nothing to say. */
export type Empty = Record<string, never>;

/** A named set of records. ``tags``, ``schema`` and ``profile`` are JSON. */
export interface EvaluationDataset {
  dataset_id: string;
  name: string;
  tags?: string;
  schema?: string;
  profile?: string;
  digest?: string;
  created_time?: number;
  last_update_time?: number;
  created_by?: string;
  last_updated_by?: string;
  experiment_ids?: Array<string>;
}

/** One evaluation dataset. */
export interface EvaluationDatasetFound {
  dataset: EvaluationDataset;
}

/** A page of evaluation datasets. */
export interface EvaluationDatasetsExported {
  datasets?: Array<ImportedEvaluationDataset>;
  next_page_token?: string;
}

/** A page of evaluation datasets. */
export interface EvaluationDatasetsFound {
  datasets?: Array<EvaluationDataset>;
  next_page_token?: string;
}

/** A page of records of one evaluation dataset. */
export interface EvaluationRecordsExported {
  records?: Array<ImportedEvaluationRecord>;
  next_page_token?: string;
}

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
export interface ExperimentsExported {
  experiments?: Array<ImportedExperiment>;
  next_page_token?: string;
}

/** A page of experiments. */
export interface ExperimentsFound {
  experiments?: Array<Experiment>;
  next_page_token?: string;
}

/** Tell evaluation datasets in the order of their ids, without their records. */
export interface ExportEvaluationDatasets {
  max_results?: number;
  page_token?: string;
}

/** Tell the records of an evaluation dataset in the order in which they were added. */
export interface ExportEvaluationRecords {
  dataset_id: string;
  max_results?: number;
  page_token?: string;
}

/** Tell experiments, deleted ones too, in the order of their ids. */
export interface ExportExperiments {
  max_results?: number;
  page_token?: string;
}

/** Tell logged models, deleted ones too, in the order of their ids: those named, those of some runs, or others. */
export interface ExportLoggedModels {
  model_ids?: Array<string>;
  source_run_ids?: Array<string>;
  experiment_ids?: Array<string>;
  max_results?: number;
  page_token?: string;
}

/** Tell the versions of a registered model, and the aliases that point at them. */
export interface ExportModelVersions {
  name: string;
  max_results?: number;
  page_token?: string;
}

/** Tell every point of some runs: run after run as named, then by name, step, time and value. */
export interface ExportPoints {
  run_ids: Array<string>;
  max_results?: number;
  page_token?: string;
}

/** Tell registered models in the order of their names. */
export interface ExportRegisteredModels {
  names?: Array<string>;
  max_results?: number;
  page_token?: string;
}

/** Tell the history of the registry, of deleted models too, or of the models that have some names. */
export interface ExportRegistryEvents {
  names?: Array<string>;
  max_results?: number;
  page_token?: string;
}

/** Tell runs, deleted ones too, in the order of their ids: those named, or all of some experiments, or all. */
export interface ExportRuns {
  run_ids?: Array<string>;
  experiment_ids?: Array<string>;
  max_results?: number;
  page_token?: string;
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

/** What is deleted, those whose purge was begun first. Logged models are deleted with their experiment. */
export interface FindDeleted {
  kind: "experiment" | "logged_model" | "run";
  deleted_before?: number;
  ids?: Array<string>;
  experiment_ids?: Array<string>;
  max_results?: number;
  page_token?: string;
}

/** Which of some folders no record has as, or above, the location of its artifacts. */
export interface FindUnnamed {
  folders: Array<string>;
}

/** One evaluation dataset, without its records. */
export interface GetDataset {
  dataset_id: string;
}

/** The experiments that an evaluation dataset belongs to, in the order in which they were added. */
export interface GetDatasetExperimentIds {
  dataset_id: string;
}

/** Records of an evaluation dataset, oldest first. */
export interface GetDatasetRecords {
  dataset_id: string;
  max_results?: number;
  page_token?: string;
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

/** The first points of one metric of several runs, run after run in the order of their ids. */
export interface GetMetricHistoryBulk {
  run_id: Array<string>;
  metric_key: string;
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

/** The version an alias pointed at, or the newest one in a stage, at some time. */
export interface GetModelVersionAt {
  name: string;
  at: number;
  alias?: string;
  stage?: string;
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

/** Whether pages tell of their users. They do not. */
export type GetUiTelemetry = Record<string, never>;

/** One webhook. */
export interface GetWebhook {
  webhook_id: string;
}

/** One message to a webhook. */
export interface GetWebhookDelivery {
  webhook_id: string;
  delivery_id: string;
}

/** Take over evaluation datasets and their records. */
export interface ImportEvaluationDatasets {
  datasets: Array<ImportedEvaluationDataset>;
}

/** Take over experiments. */
export interface ImportExperiments {
  experiments: Array<ImportedExperiment>;
}

/** Take over logged models with their params, tags and metrics. */
export interface ImportLoggedModels {
  models: Array<ImportedLoggedModel>;
}

/** Take over versions of registered models, and the aliases that point at them. */
export interface ImportModelVersions {
  versions: Array<ImportedModelVersion>;
}

/** What became of one record. */
export interface ImportOutcome {
  id: string;
  became: "added" | "new" | "refused" | "there";
  now?: string;
  artifact_uri?: string;
  why?: string;
}

/** Take over points of metrics: all of them, or none where one of the runs is not here. */
export interface ImportPoints {
  series: Array<ImportedSeries>;
}

/** Take over registered models. */
export interface ImportRegisteredModels {
  models: Array<ImportedRegisteredModel>;
}

/** Take over the history of registered models: each from its first event on, and before the model itself. */
export interface ImportRegistryEvents {
  events: Array<ImportedRegistryEvent>;
}

/** Take over runs with their params, tags, inputs and outputs. */
export interface ImportRuns {
  runs: Array<ImportedRun>;
}

/** What became of every record of an import. */
export interface Imported {
  outcomes?: Array<ImportOutcome>;
}

/** An evaluation dataset as another store tells it, with all or some of its records. */
export interface ImportedEvaluationDataset {
  dataset_id: string;
  name: string;
  experiment_ids?: Array<string>;
  schema?: string;
  profile?: string;
  digest?: string;
  created_time?: number;
  last_update_time?: number;
  created_by?: string;
  last_updated_by?: string;
  tags?: Array<ExperimentTag>;
  records?: Array<ImportedEvaluationRecord>;
}

/** One record of an evaluation dataset. ``inputs`` to ``outputs`` are JSON. */
export interface ImportedEvaluationRecord {
  dataset_record_id: string;
  inputs: string;
  expectations?: string;
  tags?: string;
  source?: string;
  outputs?: string;
  source_id?: string;
  source_type?: string;
  created_time?: number;
  last_update_time?: number;
  created_by?: string;
  last_updated_by?: string;
}

/** An experiment as another store tells it. */
export interface ImportedExperiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  creation_time?: number;
  last_update_time?: number;
  deleted_time?: number;
  tags?: Array<ExperimentTag>;
}

/** A logged model as another store tells it. The runs of its metrics must be here. */
export interface ImportedLoggedModel {
  model_id: string;
  experiment_id: string;
  name: string;
  artifact_uri?: string;
  creation_timestamp_ms?: number;
  last_updated_timestamp_ms?: number;
  deleted_time?: number;
  status?: "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_STATUS_UNSPECIFIED" | "LOGGED_MODEL_UPLOAD_FAILED";
  status_message?: string;
  model_type?: string;
  source_run_id?: string;
  params?: Array<LoggedModelParameter>;
  tags?: Array<LoggedModelTag>;
  metrics?: Array<Metric>;
}

/** A version of a registered model as another store tells it, and the aliases that point at it. */
export interface ImportedModelVersion {
  name: string;
  version: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  user_id?: string;
  current_stage?: string;
  description?: string;
  source?: string;
  storage_location?: string;
  run_id?: string;
  run_link?: string;
  model_id?: string;
  status?: "FAILED_REGISTRATION" | "PENDING_REGISTRATION" | "READY";
  status_message?: string;
  tags?: Array<ModelVersionTag>;
  aliases?: Array<string>;
}

/** One point of a series. ``copy`` counts the points before it that are equal to it to the last digit. */
export interface ImportedPoint {
  value: Real;
  timestamp: number;
  step?: number;
  copy?: number;
}

/** A registered model as another store tells it, without its versions. */
export interface ImportedRegisteredModel {
  name: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  description?: string;
  deployment_job_id?: string;
  last_version?: number;
  tags?: Array<RegisteredModelTag>;
  history_id?: string;
}

/** One change of the registry as another store tells it, known by its history and its number there. */
export interface ImportedRegistryEvent {
  history_id: string;
  number: number;
  event: "model_version.created" | "model_version.deleted" | "model_version.transitioned" | "model_version.updated" | "model_version_alias.deleted" | "model_version_alias.rolled_back" | "model_version_alias.set" | "model_version_tag.deleted" | "model_version_tag.set" | "registered_model.created" | "registered_model.deleted" | "registered_model.renamed" | "registered_model.updated" | "registered_model_tag.deleted" | "registered_model_tag.set";
  timestamp: number;
  user_id: string;
  name: string;
  name_now?: string;
  version?: number;
  alias?: string;
  changes?: Array<Change>;
  restores?: number;
}

/** A run as another store tells it, without its points. */
export interface ImportedRun {
  run_id: string;
  experiment_id: string;
  run_name?: string;
  user_id?: string;
  status?: "FAILED" | "FINISHED" | "KILLED" | "RUNNING" | "SCHEDULED";
  start_time?: number;
  end_time?: number;
  deleted_time?: number;
  artifact_uri?: string;
  params?: Array<Param>;
  tags?: Array<RunTag>;
  datasets?: Array<DatasetInput>;
  model_inputs?: Array<ModelInput>;
  model_outputs?: Array<ModelOutput>;
}

/** Points of one metric of a run: all of them, or some. */
export interface ImportedSeries {
  run_id: string;
  key: string;
  points: Array<ImportedPoint>;
}

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

/** The messages to a webhook, the newest first. */
export interface ListWebhookDeliveries {
  webhook_id: string;
  status?: "DEAD" | "DELIVERED" | "PENDING";
  max_results?: number;
  page_token?: string;
}

/** All webhooks, the newest first. */
export interface ListWebhooks {
  max_results?: number;
  page_token?: string;
}

/** Log metrics, params and tags of a run at once: all of them, or none. */
export interface LogBatch {
  run_id: string;
  metrics?: Array<Metric>;
  params?: Array<Param>;
  tags?: Array<RunTag>;
  writer?: string;
  sequence?: number;
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
  writer?: string;
  sequence?: number;
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
export interface LoggedModelsExported {
  models?: Array<ImportedLoggedModel>;
  next_page_token?: string;
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

/** A page of versions of a registered model. */
export interface ModelVersionsExported {
  versions?: Array<ImportedModelVersion>;
  next_page_token?: string;
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

/** Some points of some series. */
export interface PointsExported {
  series?: Array<ImportedSeries>;
  next_page_token?: string;
}

/** How many points were new; the others were there. */
export interface PointsImported {
  new?: number;
}

/** What a page would tell of its user. It is not read. */
export type PostUiTelemetry = Record<string, never>;

/** Where to fetch one artifact from, and its size in bytes. */
export interface PresignedDownload {
  presigned_url: string;
  headers?: { [key: string]: string };
  file_size?: number;
}

/** Where to PUT one artifact, and the headers to send with it. */
export interface PresignedUpload {
  presigned_url: string;
  headers?: { [key: string]: string };
}

/** One key and its value, which may be a number. */
export interface PromptlabParameter {
  key: string;
  value?: string | number | Real;
}

/** Remove the records of claimed things, as many as fit a short transaction; ask again for the others. */
export interface PurgeClaimed {
  kind: "experiment" | "logged_model" | "run";
  ids: Array<string>;
}

/** What is gone for good. */
export interface Purged {
  ids?: Array<string>;
  points?: number;
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
export interface RegisteredModelsExported {
  models?: Array<ImportedRegisteredModel>;
  next_page_token?: string;
}

/** A page of registered models. */
export interface RegisteredModelsFound {
  registered_models?: Array<RegisteredModel>;
  next_page_token?: string;
}

/** One change of the registry. */
export interface RegistryEvent {
  event_id: number;
  event: "model_version.created" | "model_version.deleted" | "model_version.transitioned" | "model_version.updated" | "model_version_alias.deleted" | "model_version_alias.rolled_back" | "model_version_alias.set" | "model_version_tag.deleted" | "model_version_tag.set" | "registered_model.created" | "registered_model.deleted" | "registered_model.renamed" | "registered_model.updated" | "registered_model_tag.deleted" | "registered_model_tag.set";
  timestamp: number;
  user_id: string;
  name: string;
  version?: string;
  alias?: string;
  changes?: Array<Change>;
}

/** A page of events of the registry. */
export interface RegistryEventsExported {
  events?: Array<ImportedRegistryEvent>;
  next_page_token?: string;
}

/** A page of events. */
export interface RegistryEventsFound {
  events?: Array<RegistryEvent>;
  next_page_token?: string;
}

/** Let an evaluation dataset no longer belong to some experiments. */
export interface RemoveDatasetFromExperiments {
  dataset_id: string;
  experiment_ids?: Array<string>;
}

/** Give a registered model another name. */
export interface RenameRegisteredModel {
  name: string;
  new_name: string;
}

/** Send every message again that was given up. */
export interface ReplayWebhookDeliveries {
  webhook_id: string;
}

/** Send a message again, under the same delivery id, whatever became of it before. */
export interface ReplayWebhookDelivery {
  webhook_id: string;
  delivery_id: string;
}

/** Take back the deletion of an experiment, and of the runs deleted with it. */
export interface RestoreExperiment {
  experiment_id: string;
}

/** Take back the deletion of a run. */
export interface RestoreRun {
  run_id: string;
}

/** Point an alias at the version it pointed at before. */
export interface RollBackRegisteredModelAlias {
  name: string;
  alias: string;
  to?: number;
  steps?: number;
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
export interface RunsExported {
  runs?: Array<ImportedRun>;
  next_page_token?: string;
}

/** A page of runs. */
export interface RunsFound {
  runs?: Array<Run>;
  next_page_token?: string;
}

/** The datasets that runs of some experiments read, each once for every context; a thousand at most. */
export interface SearchDatasets {
  experiment_ids: Array<string>;
}

/** Find evaluation datasets by a filter, newest first unless told; of all experiments unless some are named. */
export interface SearchEvaluationDatasets {
  experiment_ids?: Array<string>;
  filter_string?: string;
  max_results?: number;
  order_by?: Array<string>;
  page_token?: string;
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

/** The changes of the registry or of one model, the newest first. A renamed model keeps its events. */
export interface SearchRegistryEvents {
  name?: string;
  version?: string;
  alias?: string;
  user_id?: string;
  events?: Array<"model_version.created" | "model_version.deleted" | "model_version.transitioned" | "model_version.updated" | "model_version_alias.deleted" | "model_version_alias.rolled_back" | "model_version_alias.set" | "model_version_tag.deleted" | "model_version_tag.set" | "registered_model.created" | "registered_model.deleted" | "registered_model.renamed" | "registered_model.updated" | "registered_model_tag.deleted" | "registered_model_tag.set">;
  start_time?: number;
  end_time?: number;
  max_results?: number;
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

/** Set tags of an evaluation dataset. */
export interface SetDatasetTags {
  dataset_id: string;
  tags: string;
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

/** Send one made-up message now, and say how it went. */
export interface TestWebhook {
  webhook_id: string;
  event?: WebhookEvent;
}

/** Move a model version to another stage. */
export interface TransitionModelVersionStage {
  name: string;
  version: string;
  stage: string;
  archive_existing_versions?: boolean;
}

/** What a page may tell of its user; here, nothing. */
export interface UiTelemetry {
  disable_ui_telemetry?: boolean;
  disable_ui_events?: Array<string>;
  ui_rollout_percentage?: number;
}

/** What became of what a page told of its user: nothing. */
export interface UiTelemetryTaken {
  status?: string;
}

/** Folders that no record names. */
export interface Unnamed {
  folders?: Array<string>;
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

/** Change a webhook. What is absent or empty stays as it is, but for an empty description, which removes it. */
export interface UpdateWebhook {
  webhook_id: string;
  name?: string;
  description?: string;
  url?: string;
  events?: Array<WebhookEvent>;
  secret?: string;
  status?: "ACTIVE" | "DISABLED";
}

/** Add records to an evaluation dataset; a record with the inputs of one that is there is merged into it. */
export interface UpsertDatasetRecords {
  dataset_id: string;
  records: string;
}

/** A URL that is told of some kinds of change. */
export interface Webhook {
  webhook_id: string;
  name: string;
  url: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  description?: string;
  events?: Array<WebhookEvent>;
  status?: "ACTIVE" | "DISABLED";
}

/** A page of deliveries. */
export interface WebhookDeliveriesFound {
  deliveries?: Array<WebhookDelivery>;
  next_page_token?: string;
}

/** How many deliveries are sent again. */
export interface WebhookDeliveriesReplayed {
  replayed?: number;
}

/** One message to one webhook, and what became of it. */
export interface WebhookDelivery {
  delivery_id: string;
  webhook_id: string;
  event: string;
  status: "DEAD" | "DELIVERED" | "PENDING";
  creation_timestamp: number;
  attempts?: number;
  next_attempt_timestamp?: number;
  last_attempt_timestamp?: number;
  response_status?: number;
  error_message?: string;
  payload?: string;
}

/** One delivery. */
export interface WebhookDeliveryFound {
  delivery: WebhookDelivery;
}

/** A kind of change. */
export interface WebhookEvent {
  entity: "BUDGET_POLICY" | "MODEL_VERSION" | "MODEL_VERSION_ALIAS" | "MODEL_VERSION_TAG" | "PROMPT" | "PROMPT_ALIAS" | "PROMPT_TAG" | "PROMPT_VERSION" | "PROMPT_VERSION_TAG" | "REGISTERED_MODEL";
  action: "CREATED" | "DELETED" | "EXCEEDED" | "SET" | "UPDATED";
}

/** One webhook. */
export interface WebhookFound {
  webhook: Webhook;
}

/** What became of a message that was sent for a test. */
export interface WebhookTestResult {
  success: boolean;
  response_status?: number;
  response_body?: string;
  error_message?: string;
}

/** How a test went. */
export interface WebhookTested {
  result: WebhookTestResult;
}

/** A page of webhooks. */
export interface WebhooksFound {
  webhooks?: Array<Webhook>;
  next_page_token?: string;
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
  AddDatasetToExperiments: { verb: "POST", path: "/3.0/mlflow/datasets/{dataset_id}/add-experiments", writes: true } as Route<AddDatasetToExperiments, EvaluationDatasetFound>,
  ClaimDeleted: { verb: "POST", path: "/3.0/mlflow/purge/claim", writes: true } as Route<ClaimDeleted, Claimed>,
  CreateDataset: { verb: "POST", path: "/3.0/mlflow/datasets/create", writes: true } as Route<CreateDataset, EvaluationDatasetFound>,
  CreateExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/create", writes: true } as Route<CreateExperiment, ExperimentCreated>,
  CreateLoggedModel: { verb: "POST", path: "/2.0/mlflow/logged-models", writes: true } as Route<CreateLoggedModel, LoggedModelFound>,
  CreateModelVersion: { verb: "POST", path: "/2.0/mlflow/model-versions/create", writes: true } as Route<CreateModelVersion, ModelVersionFound>,
  CreatePresignedDownloadUrl: { verb: "POST", path: "/2.0/mlflow/artifacts/presigned-download-url", writes: false } as Route<CreatePresignedDownloadUrl, PresignedDownload>,
  CreatePresignedUploadUrl: { verb: "POST", path: "/2.0/mlflow/artifacts/presigned-upload-url", writes: false } as Route<CreatePresignedUploadUrl, PresignedUpload>,
  CreatePromptlabRun: { verb: "POST", path: "/2.0/mlflow/runs/create-promptlab-run", writes: true } as Route<CreatePromptlabRun, RunFound>,
  CreateRegisteredModel: { verb: "POST", path: "/2.0/mlflow/registered-models/create", writes: true } as Route<CreateRegisteredModel, RegisteredModelFound>,
  CreateRun: { verb: "POST", path: "/2.0/mlflow/runs/create", writes: true } as Route<CreateRun, RunFound>,
  CreateWebhook: { verb: "POST", path: "/2.0/mlflow/webhooks", writes: true } as Route<CreateWebhook, WebhookFound>,
  DeleteDataset: { verb: "DELETE", path: "/3.0/mlflow/datasets/{dataset_id}", writes: true } as Route<DeleteDataset, Empty>,
  DeleteDatasetRecords: { verb: "DELETE", path: "/3.0/mlflow/datasets/{dataset_id}/records", writes: true } as Route<DeleteDatasetRecords, DatasetRecordsDeleted>,
  DeleteDatasetTag: { verb: "DELETE", path: "/3.0/mlflow/datasets/{dataset_id}/tags/{key}", writes: true } as Route<DeleteDatasetTag, Empty>,
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
  DeleteWebhook: { verb: "DELETE", path: "/2.0/mlflow/webhooks/{webhook_id}", writes: true } as Route<DeleteWebhook, Empty>,
  ExportEvaluationDatasets: { verb: "POST", path: "/3.0/mlflow/exports/evaluation-datasets", writes: false } as Route<ExportEvaluationDatasets, EvaluationDatasetsExported>,
  ExportEvaluationRecords: { verb: "POST", path: "/3.0/mlflow/exports/evaluation-records", writes: false } as Route<ExportEvaluationRecords, EvaluationRecordsExported>,
  ExportExperiments: { verb: "POST", path: "/3.0/mlflow/exports/experiments", writes: false } as Route<ExportExperiments, ExperimentsExported>,
  ExportLoggedModels: { verb: "POST", path: "/3.0/mlflow/exports/logged-models", writes: false } as Route<ExportLoggedModels, LoggedModelsExported>,
  ExportModelVersions: { verb: "POST", path: "/3.0/mlflow/exports/model-versions", writes: false } as Route<ExportModelVersions, ModelVersionsExported>,
  ExportPoints: { verb: "POST", path: "/3.0/mlflow/exports/points", writes: false } as Route<ExportPoints, PointsExported>,
  ExportRegisteredModels: { verb: "POST", path: "/3.0/mlflow/exports/registered-models", writes: false } as Route<ExportRegisteredModels, RegisteredModelsExported>,
  ExportRegistryEvents: { verb: "POST", path: "/3.0/mlflow/exports/registry-events", writes: false } as Route<ExportRegistryEvents, RegistryEventsExported>,
  ExportRuns: { verb: "POST", path: "/3.0/mlflow/exports/runs", writes: false } as Route<ExportRuns, RunsExported>,
  FinalizeLoggedModel: { verb: "PATCH", path: "/2.0/mlflow/logged-models/{model_id}", writes: true } as Route<FinalizeLoggedModel, LoggedModelFound>,
  FindDeleted: { verb: "POST", path: "/3.0/mlflow/purge/find", writes: false } as Route<FindDeleted, DeletedFound>,
  FindUnnamed: { verb: "POST", path: "/3.0/mlflow/purge/find-unnamed", writes: false } as Route<FindUnnamed, Unnamed>,
  GetDataset: { verb: "GET", path: "/3.0/mlflow/datasets/{dataset_id}", writes: false } as Route<GetDataset, EvaluationDatasetFound>,
  GetDatasetExperimentIds: { verb: "GET", path: "/3.0/mlflow/datasets/{dataset_id}/experiment-ids", writes: false } as Route<GetDatasetExperimentIds, DatasetExperimentIds>,
  GetDatasetRecords: { verb: "GET", path: "/3.0/mlflow/datasets/{dataset_id}/records", writes: false } as Route<GetDatasetRecords, DatasetRecordsFound>,
  GetExperiment: { verb: "GET", path: "/2.0/mlflow/experiments/get", writes: false } as Route<GetExperiment, ExperimentFound>,
  GetExperimentByName: { verb: "GET", path: "/2.0/mlflow/experiments/get-by-name", writes: false } as Route<GetExperimentByName, ExperimentFound>,
  GetLatestVersions: { verb: "POST", path: "/2.0/mlflow/registered-models/get-latest-versions", writes: false } as Route<GetLatestVersions, ModelVersionsFound>,
  GetLoggedModel: { verb: "GET", path: "/2.0/mlflow/logged-models/{model_id}", writes: false } as Route<GetLoggedModel, LoggedModelFound>,
  GetMetricHistory: { verb: "GET", path: "/2.0/mlflow/metrics/get-history", writes: false } as Route<GetMetricHistory, MetricHistory>,
  GetMetricHistoryBulk: { verb: "GET", path: "/2.0/mlflow/metrics/get-history-bulk", writes: false } as Route<GetMetricHistoryBulk, MetricsOfRuns>,
  GetMetricHistoryBulkInterval: { verb: "GET", path: "/2.0/mlflow/metrics/get-history-bulk-interval", writes: false } as Route<GetMetricHistoryBulkInterval, MetricsOfRuns>,
  GetModelVersion: { verb: "GET", path: "/2.0/mlflow/model-versions/get", writes: false } as Route<GetModelVersion, ModelVersionFound>,
  GetModelVersionAt: { verb: "GET", path: "/2.0/mlflow/registered-models/version-at", writes: false } as Route<GetModelVersionAt, ModelVersionFound>,
  GetModelVersionByAlias: { verb: "GET", path: "/2.0/mlflow/registered-models/alias", writes: false } as Route<GetModelVersionByAlias, ModelVersionFound>,
  GetModelVersionDownloadUri: { verb: "GET", path: "/2.0/mlflow/model-versions/get-download-uri", writes: false } as Route<GetModelVersionDownloadUri, DownloadUri>,
  GetRegisteredModel: { verb: "GET", path: "/2.0/mlflow/registered-models/get", writes: false } as Route<GetRegisteredModel, RegisteredModelFound>,
  GetRun: { verb: "GET", path: "/2.0/mlflow/runs/get", writes: false } as Route<GetRun, RunFound>,
  GetServerInfo: { verb: "GET", path: "/3.0/mlflow/server-info", writes: false } as Route<GetServerInfo, ServerInfo>,
  GetUiTelemetry: { verb: "GET", path: "/3.0/mlflow/ui-telemetry", writes: false } as Route<GetUiTelemetry, UiTelemetry>,
  GetWebhook: { verb: "GET", path: "/2.0/mlflow/webhooks/{webhook_id}", writes: false } as Route<GetWebhook, WebhookFound>,
  GetWebhookDelivery: { verb: "GET", path: "/2.0/mlflow/webhooks/{webhook_id}/deliveries/{delivery_id}", writes: false } as Route<GetWebhookDelivery, WebhookDeliveryFound>,
  ImportEvaluationDatasets: { verb: "POST", path: "/3.0/mlflow/imports/evaluation-datasets", writes: true } as Route<ImportEvaluationDatasets, Imported>,
  ImportExperiments: { verb: "POST", path: "/3.0/mlflow/imports/experiments", writes: true } as Route<ImportExperiments, Imported>,
  ImportLoggedModels: { verb: "POST", path: "/3.0/mlflow/imports/logged-models", writes: true } as Route<ImportLoggedModels, Imported>,
  ImportModelVersions: { verb: "POST", path: "/3.0/mlflow/imports/model-versions", writes: true } as Route<ImportModelVersions, Imported>,
  ImportPoints: { verb: "POST", path: "/3.0/mlflow/imports/points", writes: true } as Route<ImportPoints, PointsImported>,
  ImportRegisteredModels: { verb: "POST", path: "/3.0/mlflow/imports/registered-models", writes: true } as Route<ImportRegisteredModels, Imported>,
  ImportRegistryEvents: { verb: "POST", path: "/3.0/mlflow/imports/registry-events", writes: true } as Route<ImportRegistryEvents, Imported>,
  ImportRuns: { verb: "POST", path: "/3.0/mlflow/imports/runs", writes: true } as Route<ImportRuns, Imported>,
  ListArtifacts: { verb: "GET", path: "/2.0/mlflow/artifacts/list", writes: false } as Route<ListArtifacts, ArtifactsFound>,
  ListLoggedModelArtifacts: { verb: "GET", path: "/2.0/mlflow/logged-models/{model_id}/artifacts/directories", writes: false } as Route<ListLoggedModelArtifacts, ArtifactsFound>,
  ListWebhookDeliveries: { verb: "GET", path: "/2.0/mlflow/webhooks/{webhook_id}/deliveries", writes: false } as Route<ListWebhookDeliveries, WebhookDeliveriesFound>,
  ListWebhooks: { verb: "GET", path: "/2.0/mlflow/webhooks", writes: false } as Route<ListWebhooks, WebhooksFound>,
  LogBatch: { verb: "POST", path: "/2.0/mlflow/runs/log-batch", writes: true } as Route<LogBatch, Empty>,
  LogInputs: { verb: "POST", path: "/2.0/mlflow/runs/log-inputs", writes: true } as Route<LogInputs, Empty>,
  LogLoggedModelParams: { verb: "POST", path: "/2.0/mlflow/logged-models/{model_id}/params", writes: true } as Route<LogLoggedModelParams, Empty>,
  LogMetric: { verb: "POST", path: "/2.0/mlflow/runs/log-metric", writes: true } as Route<LogMetric, Empty>,
  LogModel: { verb: "POST", path: "/2.0/mlflow/runs/log-model", writes: true } as Route<LogModel, Empty>,
  LogOutputs: { verb: "POST", path: "/2.0/mlflow/runs/outputs", writes: true } as Route<LogOutputs, Empty>,
  LogParam: { verb: "POST", path: "/2.0/mlflow/runs/log-parameter", writes: true } as Route<LogParam, Empty>,
  PostUiTelemetry: { verb: "POST", path: "/3.0/mlflow/ui-telemetry", writes: false } as Route<PostUiTelemetry, UiTelemetryTaken>,
  PurgeClaimed: { verb: "POST", path: "/3.0/mlflow/purge/records", writes: true } as Route<PurgeClaimed, Purged>,
  RemoveDatasetFromExperiments: { verb: "POST", path: "/3.0/mlflow/datasets/{dataset_id}/remove-experiments", writes: true } as Route<RemoveDatasetFromExperiments, EvaluationDatasetFound>,
  RenameRegisteredModel: { verb: "POST", path: "/2.0/mlflow/registered-models/rename", writes: true } as Route<RenameRegisteredModel, RegisteredModelFound>,
  ReplayWebhookDeliveries: { verb: "POST", path: "/2.0/mlflow/webhooks/{webhook_id}/deliveries/replay", writes: true } as Route<ReplayWebhookDeliveries, WebhookDeliveriesReplayed>,
  ReplayWebhookDelivery: { verb: "POST", path: "/2.0/mlflow/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", writes: true } as Route<ReplayWebhookDelivery, WebhookDeliveryFound>,
  RestoreExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/restore", writes: true } as Route<RestoreExperiment, Empty>,
  RestoreRun: { verb: "POST", path: "/2.0/mlflow/runs/restore", writes: true } as Route<RestoreRun, Empty>,
  RollBackRegisteredModelAlias: { verb: "POST", path: "/2.0/mlflow/registered-models/roll-back-alias", writes: true } as Route<RollBackRegisteredModelAlias, ModelVersionFound>,
  SearchDatasets: { verb: "POST", path: "/2.0/mlflow/experiments/search-datasets", writes: false } as Route<SearchDatasets, DatasetSummaries>,
  SearchEvaluationDatasets: { verb: "POST", path: "/3.0/mlflow/datasets/search", writes: false } as Route<SearchEvaluationDatasets, EvaluationDatasetsFound>,
  SearchExperiments: { verb: "POST", path: "/2.0/mlflow/experiments/search", writes: false } as Route<SearchExperiments, ExperimentsFound>,
  SearchLoggedModels: { verb: "POST", path: "/2.0/mlflow/logged-models/search", writes: false } as Route<SearchLoggedModels, LoggedModelsFound>,
  SearchModelVersions: { verb: "GET", path: "/2.0/mlflow/model-versions/search", writes: false } as Route<SearchModelVersions, ModelVersionsFound>,
  SearchRegisteredModels: { verb: "GET", path: "/2.0/mlflow/registered-models/search", writes: false } as Route<SearchRegisteredModels, RegisteredModelsFound>,
  SearchRegistryEvents: { verb: "GET", path: "/2.0/mlflow/registered-models/events", writes: false } as Route<SearchRegistryEvents, RegistryEventsFound>,
  SearchRuns: { verb: "POST", path: "/2.0/mlflow/runs/search", writes: false } as Route<SearchRuns, RunsFound>,
  SetDatasetTags: { verb: "PATCH", path: "/3.0/mlflow/datasets/{dataset_id}/tags", writes: true } as Route<SetDatasetTags, Empty>,
  SetExperimentTag: { verb: "POST", path: "/2.0/mlflow/experiments/set-experiment-tag", writes: true } as Route<SetExperimentTag, Empty>,
  SetLoggedModelTags: { verb: "PATCH", path: "/2.0/mlflow/logged-models/{model_id}/tags", writes: true } as Route<SetLoggedModelTags, Empty>,
  SetModelVersionTag: { verb: "POST", path: "/2.0/mlflow/model-versions/set-tag", writes: true } as Route<SetModelVersionTag, Empty>,
  SetRegisteredModelAlias: { verb: "POST", path: "/2.0/mlflow/registered-models/alias", writes: true } as Route<SetRegisteredModelAlias, Empty>,
  SetRegisteredModelTag: { verb: "POST", path: "/2.0/mlflow/registered-models/set-tag", writes: true } as Route<SetRegisteredModelTag, Empty>,
  SetTag: { verb: "POST", path: "/2.0/mlflow/runs/set-tag", writes: true } as Route<SetTag, Empty>,
  TestWebhook: { verb: "POST", path: "/2.0/mlflow/webhooks/{webhook_id}/test", writes: true } as Route<TestWebhook, WebhookTested>,
  TransitionModelVersionStage: { verb: "POST", path: "/2.0/mlflow/model-versions/transition-stage", writes: true } as Route<TransitionModelVersionStage, ModelVersionFound>,
  UpdateExperiment: { verb: "POST", path: "/2.0/mlflow/experiments/update", writes: true } as Route<UpdateExperiment, Empty>,
  UpdateModelVersion: { verb: "PATCH", path: "/2.0/mlflow/model-versions/update", writes: true } as Route<UpdateModelVersion, ModelVersionFound>,
  UpdateRegisteredModel: { verb: "PATCH", path: "/2.0/mlflow/registered-models/update", writes: true } as Route<UpdateRegisteredModel, RegisteredModelFound>,
  UpdateRun: { verb: "POST", path: "/2.0/mlflow/runs/update", writes: true } as Route<UpdateRun, RunUpdated>,
  UpdateWebhook: { verb: "PATCH", path: "/2.0/mlflow/webhooks/{webhook_id}", writes: true } as Route<UpdateWebhook, WebhookFound>,
  UpsertDatasetRecords: { verb: "POST", path: "/3.0/mlflow/datasets/{dataset_id}/records", writes: true } as Route<UpsertDatasetRecords, DatasetRecordsMerged>,
};
