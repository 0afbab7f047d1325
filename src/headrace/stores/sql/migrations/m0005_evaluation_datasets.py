"""Evaluation datasets and their records.

``inputs_hash`` is what makes a record one of its own: SHA-256 over its inputs as JSON with sorted keys. What users
wrote is kept as JSON in ASCII. ``place`` counts the experiments of a dataset in the order in which they were added.
"""

UP = """
CREATE TABLE evaluation_datasets (
    id {id},
    dataset_id {string:64} NOT NULL UNIQUE,
    workspace {string:63} NOT NULL,
    name {string:500} NOT NULL,
    schema_json {text},
    profile {text},
    digest {string:64} NOT NULL,
    created_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    created_by {string:500},
    last_updated_by {string:500}
) {table};
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (workspace, created_time);
CREATE TABLE evaluation_dataset_tags (
    dataset {int} NOT NULL REFERENCES evaluation_datasets (id),
    name {string:250} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (dataset, name)
) {clustered};
CREATE TABLE evaluation_dataset_experiments (
    dataset {int} NOT NULL REFERENCES evaluation_datasets (id),
    experiment {int} NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    place {int} NOT NULL,
    PRIMARY KEY (dataset, experiment)
) {clustered};
CREATE INDEX evaluation_datasets_by_experiment ON evaluation_dataset_experiments (experiment);
CREATE TABLE evaluation_records (
    id {id},
    dataset {int} NOT NULL REFERENCES evaluation_datasets (id),
    record_id {string:64} NOT NULL UNIQUE,
    inputs_hash {string:64} NOT NULL,
    inputs {text} NOT NULL,
    outputs {text},
    expectations {text},
    tags {text} NOT NULL,
    source {text},
    source_id {string:500},
    source_type {string:36},
    created_time {int} NOT NULL,
    last_update_time {int} NOT NULL,
    created_by {string:500},
    last_updated_by {string:500},
    UNIQUE (dataset, inputs_hash)
) {table};
"""
