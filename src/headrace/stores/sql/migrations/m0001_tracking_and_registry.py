"""Everything the tracking store and the model registry keep.

Names of metrics, params and tags are numbers from ``names``. A metric's points lie together in the order of its steps,
and ``summaries`` has one row for each metric of a run, so that tables, filters and ordering never read the points.
``value`` of a point is finite; ``special`` says what it stands for: 0 itself, 1 NaN, 2 +Infinity, 3 -Infinity.
``live_name`` is the name of what is not deleted, so that a deleted thing's name is free again at once.
"""

UP = """
CREATE TABLE names (
    id {id},
    name {string:250} NOT NULL UNIQUE
) {table};
CREATE TABLE experiments (
    id {id},
    workspace {string:63} NOT NULL,
    name {string:500} NOT NULL,
    live_name {string:500},
    artifact_location {string:2000} NOT NULL,
    creation_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    deleted_time {int},
    UNIQUE (workspace, live_name)
) {table};
CREATE TABLE experiment_tags (
    experiment {int} NOT NULL REFERENCES experiments (id),
    tag {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (experiment, tag)
) {clustered};
CREATE TABLE runs (
    id {id},
    run_id {string:64} NOT NULL UNIQUE,
    experiment {int} NOT NULL REFERENCES experiments (id),
    name {string:500} NOT NULL,
    user_id {string:500} NOT NULL,
    status {string:16} NOT NULL,
    start_time {int} NOT NULL,
    end_time {int},
    deleted_time {int},
    artifact_uri {string:2100} NOT NULL
) {table};
CREATE INDEX runs_by_start ON runs (experiment, start_time, run_id);
CREATE TABLE points (
    run {int} NOT NULL REFERENCES runs (id),
    name {int} NOT NULL,
    step {int} NOT NULL,
    timestamp {int} NOT NULL,
    value {real} NOT NULL,
    special {int} NOT NULL,
    PRIMARY KEY (run, name, step, timestamp, value, special)
) {clustered};
CREATE TABLE summaries (
    run {int} NOT NULL REFERENCES runs (id),
    name {int} NOT NULL,
    last_val {real} NOT NULL,
    last_special {int} NOT NULL,
    last_step {int} NOT NULL,
    last_timestamp {int} NOT NULL,
    first_val {real} NOT NULL,
    first_special {int} NOT NULL,
    first_step {int} NOT NULL,
    first_timestamp {int} NOT NULL,
    min_val {real},
    min_step {int},
    max_val {real},
    max_step {int},
    total {real} NOT NULL,
    numbers {int} NOT NULL,
    points {int} NOT NULL,
    PRIMARY KEY (run, name)
) {clustered};
CREATE TABLE params (
    run {int} NOT NULL REFERENCES runs (id),
    name {int} NOT NULL,
    value {text} NOT NULL,
    number {real},
    PRIMARY KEY (run, name)
) {clustered};
CREATE TABLE tags (
    run {int} NOT NULL REFERENCES runs (id),
    name {int} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (run, name)
) {clustered};
CREATE TABLE datasets (
    id {id},
    experiment {int} NOT NULL REFERENCES experiments (id),
    name {string:500} NOT NULL,
    digest {string:36} NOT NULL,
    source_type {string:36} NOT NULL,
    source {text} NOT NULL,
    schema_json {text},
    profile {text},
    UNIQUE (experiment, name, digest)
) {table};
CREATE TABLE run_datasets (
    run {int} NOT NULL REFERENCES runs (id),
    dataset {int} NOT NULL REFERENCES datasets (id),
    tags {text} NOT NULL,
    context {string:500},
    PRIMARY KEY (run, dataset)
) {clustered};
CREATE TABLE run_models (
    run {int} NOT NULL REFERENCES runs (id),
    direction {string:8} NOT NULL,
    model_id {string:64} NOT NULL,
    step {int} NOT NULL,
    PRIMARY KEY (run, direction, model_id, step)
) {clustered};
CREATE TABLE logged_models (
    id {id},
    model_id {string:64} NOT NULL UNIQUE,
    experiment {int} NOT NULL REFERENCES experiments (id),
    name {string:500} NOT NULL,
    artifact_uri {string:2100} NOT NULL,
    creation_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    status {string:40} NOT NULL,
    status_message {text},
    model_type {string:500},
    source_run_id {string:64},
    deleted_time {int}
) {table};
CREATE INDEX logged_models_by_time ON logged_models (experiment, creation_time);
CREATE INDEX logged_models_by_run ON logged_models (source_run_id);
CREATE TABLE logged_model_params (
    model {int} NOT NULL REFERENCES logged_models (id),
    name {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (model, name)
) {clustered};
CREATE TABLE logged_model_tags (
    model {int} NOT NULL REFERENCES logged_models (id),
    name {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (model, name)
) {clustered};
CREATE TABLE logged_model_points (
    model {int} NOT NULL REFERENCES logged_models (id),
    name {int} NOT NULL,
    run {int} NOT NULL REFERENCES runs (id),
    step {int} NOT NULL,
    timestamp {int} NOT NULL,
    value {real} NOT NULL,
    special {int} NOT NULL,
    dataset_name {string:500},
    dataset_digest {string:36},
    PRIMARY KEY (model, name, run, step, timestamp)
) {clustered};
CREATE TABLE registered_models (
    id {id},
    workspace {string:63} NOT NULL,
    name {string:256} NOT NULL,
    description {text},
    deployment_job_id {string:500},
    creation_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    last_version {int} NOT NULL,
    UNIQUE (workspace, name)
) {table};
CREATE TABLE registered_model_tags (
    model {int} NOT NULL REFERENCES registered_models (id),
    name {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (model, name)
) {clustered};
CREATE TABLE model_versions (
    model {int} NOT NULL REFERENCES registered_models (id),
    version {int} NOT NULL,
    creation_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    user_id {string:500},
    stage {string:16} NOT NULL,
    description {text},
    source {string:2000} NOT NULL,
    storage {string:2100} NOT NULL,
    run_id {string:64},
    run_link {string:2000},
    model_id {string:64},
    status {string:24} NOT NULL,
    status_message {text},
    PRIMARY KEY (model, version)
) {clustered};
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_model_id ON model_versions (model_id);
CREATE TABLE model_version_tags (
    model {int} NOT NULL,
    version {int} NOT NULL,
    name {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (model, version, name),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) {clustered};
CREATE TABLE aliases (
    model {int} NOT NULL,
    alias {string:255} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) {clustered};
"""
