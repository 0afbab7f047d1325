CREATE TABLE names (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    live_name TEXT,
    artifact_location TEXT NOT NULL,
    creation_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    deleted_time INTEGER,
    UNIQUE (workspace, live_name)
);
CREATE TABLE experiment_tags (
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    tag TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment, tag)
) WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER,
    deleted_time INTEGER,
    artifact_uri TEXT NOT NULL
);
CREATE INDEX runs_by_start ON runs (experiment, start_time, run_id);
CREATE TABLE points (
    run INTEGER NOT NULL REFERENCES runs (id),
    name INTEGER NOT NULL,
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL NOT NULL,
    special INTEGER NOT NULL,
    PRIMARY KEY (run, name, step, timestamp, value, special)
) WITHOUT ROWID;
CREATE TABLE summaries (
    run INTEGER NOT NULL REFERENCES runs (id),
    name INTEGER NOT NULL,
    last_val REAL NOT NULL,
    last_special INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    last_timestamp INTEGER NOT NULL,
    first_val REAL NOT NULL,
    first_special INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    first_timestamp INTEGER NOT NULL,
    min_val REAL,
    min_step INTEGER,
    max_val REAL,
    max_step INTEGER,
    total REAL NOT NULL,
    numbers INTEGER NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE params (
    run INTEGER NOT NULL REFERENCES runs (id),
    name INTEGER NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE tags (
    run INTEGER NOT NULL REFERENCES runs (id),
    name INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema_json TEXT,
    profile TEXT,
    UNIQUE (experiment, name, digest)
);
CREATE TABLE run_datasets (
    run INTEGER NOT NULL REFERENCES runs (id),
    dataset INTEGER NOT NULL REFERENCES datasets (id),
    tags TEXT NOT NULL,
    context TEXT,
    PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE TABLE run_models (
    run INTEGER NOT NULL REFERENCES runs (id),
    direction TEXT NOT NULL,
    model_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run, direction, model_id, step)
) WITHOUT ROWID;
CREATE TABLE logged_models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    artifact_uri TEXT NOT NULL,
    creation_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    status TEXT NOT NULL,
    status_message TEXT,
    model_type TEXT,
    source_run_id TEXT,
    deleted_time INTEGER
);
CREATE INDEX logged_models_by_time ON logged_models (experiment, creation_time);
CREATE INDEX logged_models_by_run ON logged_models (source_run_id);
CREATE TABLE logged_model_params (
    model INTEGER NOT NULL REFERENCES logged_models (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, name)
) WITHOUT ROWID;
CREATE TABLE logged_model_tags (
    model INTEGER NOT NULL REFERENCES logged_models (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, name)
) WITHOUT ROWID;
CREATE TABLE logged_model_points (
    model INTEGER NOT NULL REFERENCES logged_models (id),
    name INTEGER NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (id),
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL NOT NULL,
    special INTEGER NOT NULL,
    dataset_name TEXT,
    dataset_digest TEXT,
    PRIMARY KEY (model, name, run, step, timestamp)
) WITHOUT ROWID;
CREATE TABLE registered_models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    deployment_job_id TEXT,
    creation_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    UNIQUE (workspace, name)
);
CREATE TABLE registered_model_tags (
    model INTEGER NOT NULL REFERENCES registered_models (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, name)
) WITHOUT ROWID;
CREATE TABLE model_versions (
    model INTEGER NOT NULL REFERENCES registered_models (id),
    version INTEGER NOT NULL,
    creation_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    user_id TEXT,
    stage TEXT NOT NULL,
    description TEXT,
    source TEXT NOT NULL,
    storage TEXT NOT NULL,
    run_id TEXT,
    run_link TEXT,
    model_id TEXT,
    status TEXT NOT NULL,
    status_message TEXT,
    PRIMARY KEY (model, version)
) WITHOUT ROWID;
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_model_id ON model_versions (model_id);
CREATE TABLE model_version_tags (
    model INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, version, name),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) WITHOUT ROWID;
CREATE TABLE aliases (
    model INTEGER NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) WITHOUT ROWID;
CREATE TABLE points_with_copies (
    run INTEGER NOT NULL,
    name INTEGER NOT NULL,
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL NOT NULL,
    special INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    PRIMARY KEY (run, name, step, timestamp, value, special, copy)
) WITHOUT ROWID;
INSERT INTO points_with_copies SELECT run, name, step, timestamp, value, special, 0 FROM points;
DROP TABLE points;
ALTER TABLE points_with_copies RENAME TO points;
CREATE TABLE writers (
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (writer)
) WITHOUT ROWID;
CREATE TABLE registry_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    model INTEGER NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL,
    version INTEGER,
    alias TEXT,
    user_id TEXT NOT NULL,
    happened INTEGER NOT NULL,
    changes TEXT NOT NULL,
    restores INTEGER
);
CREATE INDEX registry_events_by_model ON registry_events (model, id);
CREATE INDEX registry_events_by_alias ON registry_events (model, alias, id);
CREATE INDEX registry_events_by_name ON registry_events (workspace, name, id);
INSERT INTO registry_events (workspace, model, name, event, user_id, happened, changes)
    SELECT workspace, id, name, 'registered_model.created', 'unknown', creation_time, '[]'
    FROM registered_models ORDER BY id;
INSERT INTO registry_events (workspace, model, name, event, version, user_id, happened, changes)
    SELECT m.workspace, m.id, m.name, 'model_version.created', v.version, 'unknown', v.creation_time, '[]'
    FROM model_versions v JOIN registered_models m ON m.id = v.model ORDER BY v.model, v.version;
INSERT INTO registry_events (workspace, model, name, event, version, user_id, happened, changes)
    SELECT m.workspace, m.id, m.name, 'model_version.transitioned', v.version, 'unknown', v.last_update_time,
        '[{"field":"stage","after":"' || v.stage || '"}]'
    FROM model_versions v JOIN registered_models m ON m.id = v.model
    WHERE v.stage <> 'None' ORDER BY v.model, v.version;
INSERT INTO registry_events (workspace, model, name, event, version, alias, user_id, happened, changes)
    SELECT m.workspace, m.id, m.name, 'model_version_alias.set', a.version, a.alias, 'unknown', m.last_update_time, '[]'
    FROM aliases a JOIN registered_models m ON m.id = a.model ORDER BY a.model, a.alias;
CREATE TRIGGER registry_events_stay BEFORE UPDATE ON registry_events BEGIN
    SELECT RAISE(ABORT, 'registry events are never changed'); END;
CREATE TRIGGER registry_events_remain BEFORE DELETE ON registry_events BEGIN
    SELECT RAISE(ABORT, 'registry events are never deleted'); END;
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    url TEXT NOT NULL,
    status TEXT NOT NULL,
    secret TEXT,
    creation_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL
);
CREATE TABLE webhook_events (
    webhook INTEGER NOT NULL REFERENCES webhooks (id),
    entity TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (webhook, entity, action)
) WITHOUT ROWID;
CREATE INDEX webhook_events_by_kind ON webhook_events (entity, action);
CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT NOT NULL UNIQUE,
    webhook INTEGER NOT NULL REFERENCES webhooks (id),
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL,
    creation_time INTEGER NOT NULL,
    due INTEGER,
    attempts INTEGER NOT NULL,
    last_attempt_time INTEGER,
    response_status INTEGER,
    error_message TEXT
);
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (due);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, status, id);
CREATE TABLE evaluation_datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    schema_json TEXT,
    profile TEXT,
    digest TEXT NOT NULL,
    created_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    created_by TEXT,
    last_updated_by TEXT
);
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (workspace, created_time);
CREATE TABLE evaluation_dataset_tags (
    dataset INTEGER NOT NULL REFERENCES evaluation_datasets (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (dataset, name)
) WITHOUT ROWID;
CREATE TABLE evaluation_dataset_experiments (
    dataset INTEGER NOT NULL REFERENCES evaluation_datasets (id),
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (dataset, experiment)
) WITHOUT ROWID;
CREATE INDEX evaluation_datasets_by_experiment ON evaluation_dataset_experiments (experiment);
CREATE TABLE evaluation_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset INTEGER NOT NULL REFERENCES evaluation_datasets (id),
    record_id TEXT NOT NULL UNIQUE,
    inputs_hash TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outputs TEXT,
    expectations TEXT,
    tags TEXT NOT NULL,
    source TEXT,
    source_id TEXT,
    source_type TEXT,
    created_time INTEGER NOT NULL,
    last_update_time INTEGER NOT NULL,
    created_by TEXT,
    last_updated_by TEXT,
    UNIQUE (dataset, inputs_hash)
);
CREATE INDEX logged_model_points_by_run ON logged_model_points (run);
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset);
CREATE INDEX runs_by_newest ON runs (experiment, start_time DESC, run_id, deleted_time);
DROP INDEX runs_by_start;
CREATE INDEX summaries_by_value ON summaries (name, last_val, last_special);
CREATE INDEX params_by_value ON params (name, SUBSTR(value, 1, 64));
CREATE INDEX tags_by_value ON tags (name, SUBSTR(value, 1, 64));
CREATE TABLE outlines (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name INTEGER NOT NULL,
    end_step INTEGER NOT NULL,
    end_timestamp INTEGER NOT NULL,
    blocks BLOB NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE TABLE registry_histories (
    model INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    history_id TEXT NOT NULL,
    PRIMARY KEY (model)
);
CREATE UNIQUE INDEX registry_histories_by_id ON registry_histories (workspace, history_id);
CREATE INDEX registry_events_by_time ON registry_events (workspace, happened, id);
INSERT INTO registry_histories (model, workspace, history_id)
    SELECT d.model, d.workspace, lower(hex(randomblob(16))) FROM (SELECT DISTINCT model, workspace FROM registry_events) d;
