CREATE TABLE names (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(250) NOT NULL UNIQUE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE experiments (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    workspace VARCHAR(63) NOT NULL,
    name VARCHAR(500) NOT NULL,
    live_name VARCHAR(500),
    artifact_location VARCHAR(2000) NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    deleted_time BIGINT,
    UNIQUE (workspace, live_name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE experiment_tags (
    experiment BIGINT NOT NULL REFERENCES experiments (id),
    tag VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (experiment, tag)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE runs (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    run_id VARCHAR(64) NOT NULL UNIQUE,
    experiment BIGINT NOT NULL REFERENCES experiments (id),
    name VARCHAR(500) NOT NULL,
    user_id VARCHAR(500) NOT NULL,
    status VARCHAR(16) NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT,
    deleted_time BIGINT,
    artifact_uri VARCHAR(2100) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX runs_by_start ON runs (experiment, start_time, run_id);
CREATE TABLE points (
    run BIGINT NOT NULL REFERENCES runs (id),
    name BIGINT NOT NULL,
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE NOT NULL,
    special BIGINT NOT NULL,
    PRIMARY KEY (run, name, step, timestamp, value, special)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE summaries (
    run BIGINT NOT NULL REFERENCES runs (id),
    name BIGINT NOT NULL,
    last_val DOUBLE NOT NULL,
    last_special BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    last_timestamp BIGINT NOT NULL,
    first_val DOUBLE NOT NULL,
    first_special BIGINT NOT NULL,
    first_step BIGINT NOT NULL,
    first_timestamp BIGINT NOT NULL,
    min_val DOUBLE,
    min_step BIGINT,
    max_val DOUBLE,
    max_step BIGINT,
    total DOUBLE NOT NULL,
    numbers BIGINT NOT NULL,
    points BIGINT NOT NULL,
    PRIMARY KEY (run, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE params (
    run BIGINT NOT NULL REFERENCES runs (id),
    name BIGINT NOT NULL,
    value LONGTEXT NOT NULL,
    number DOUBLE,
    PRIMARY KEY (run, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE tags (
    run BIGINT NOT NULL REFERENCES runs (id),
    name BIGINT NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (run, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE datasets (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment BIGINT NOT NULL REFERENCES experiments (id),
    name VARCHAR(500) NOT NULL,
    digest VARCHAR(36) NOT NULL,
    source_type VARCHAR(36) NOT NULL,
    source LONGTEXT NOT NULL,
    schema_json LONGTEXT,
    profile LONGTEXT,
    UNIQUE (experiment, name, digest)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE run_datasets (
    run BIGINT NOT NULL REFERENCES runs (id),
    dataset BIGINT NOT NULL REFERENCES datasets (id),
    tags LONGTEXT NOT NULL,
    context VARCHAR(500),
    PRIMARY KEY (run, dataset)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE run_models (
    run BIGINT NOT NULL REFERENCES runs (id),
    direction VARCHAR(8) NOT NULL,
    model_id VARCHAR(64) NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run, direction, model_id, step)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE logged_models (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    model_id VARCHAR(64) NOT NULL UNIQUE,
    experiment BIGINT NOT NULL REFERENCES experiments (id),
    name VARCHAR(500) NOT NULL,
    artifact_uri VARCHAR(2100) NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    status VARCHAR(40) NOT NULL,
    status_message LONGTEXT,
    model_type VARCHAR(500),
    source_run_id VARCHAR(64),
    deleted_time BIGINT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX logged_models_by_time ON logged_models (experiment, creation_time);
CREATE INDEX logged_models_by_run ON logged_models (source_run_id);
CREATE TABLE logged_model_params (
    model BIGINT NOT NULL REFERENCES logged_models (id),
    name VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (model, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE logged_model_tags (
    model BIGINT NOT NULL REFERENCES logged_models (id),
    name VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (model, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE logged_model_points (
    model BIGINT NOT NULL REFERENCES logged_models (id),
    name BIGINT NOT NULL,
    run BIGINT NOT NULL REFERENCES runs (id),
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE NOT NULL,
    special BIGINT NOT NULL,
    dataset_name VARCHAR(500),
    dataset_digest VARCHAR(36),
    PRIMARY KEY (model, name, run, step, timestamp)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE registered_models (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    workspace VARCHAR(63) NOT NULL,
    name VARCHAR(256) NOT NULL,
    description LONGTEXT,
    deployment_job_id VARCHAR(500),
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    UNIQUE (workspace, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE registered_model_tags (
    model BIGINT NOT NULL REFERENCES registered_models (id),
    name VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (model, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE model_versions (
    model BIGINT NOT NULL REFERENCES registered_models (id),
    version BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    user_id VARCHAR(500),
    stage VARCHAR(16) NOT NULL,
    description LONGTEXT,
    source VARCHAR(2000) NOT NULL,
    storage VARCHAR(2100) NOT NULL,
    run_id VARCHAR(64),
    run_link VARCHAR(2000),
    model_id VARCHAR(64),
    status VARCHAR(24) NOT NULL,
    status_message LONGTEXT,
    PRIMARY KEY (model, version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_model_id ON model_versions (model_id);
CREATE TABLE model_version_tags (
    model BIGINT NOT NULL,
    version BIGINT NOT NULL,
    name VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (model, version, name),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE aliases (
    model BIGINT NOT NULL,
    alias VARCHAR(255) NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
ALTER TABLE points DROP FOREIGN KEY points_ibfk_1;
ALTER TABLE points ADD COLUMN copy BIGINT NOT NULL DEFAULT 0, DROP PRIMARY KEY, ADD PRIMARY KEY (run, name, step, timestamp, value, special, copy);
CREATE TABLE writers (
    writer VARCHAR(64) NOT NULL,
    sequence BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (writer)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE registry_events (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    workspace VARCHAR(63) NOT NULL,
    model BIGINT NOT NULL,
    name VARCHAR(256) NOT NULL,
    event VARCHAR(40) NOT NULL,
    version BIGINT,
    alias VARCHAR(255),
    user_id VARCHAR(500) NOT NULL,
    happened BIGINT NOT NULL,
    changes LONGTEXT NOT NULL,
    restores BIGINT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
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
        CONCAT('[{"field":"stage","after":"', v.stage, '"}]')
    FROM model_versions v JOIN registered_models m ON m.id = v.model
    WHERE v.stage <> 'None' ORDER BY v.model, v.version;
INSERT INTO registry_events (workspace, model, name, event, version, alias, user_id, happened, changes)
    SELECT m.workspace, m.id, m.name, 'model_version_alias.set', a.version, a.alias, 'unknown', m.last_update_time, '[]'
    FROM aliases a JOIN registered_models m ON m.id = a.model ORDER BY a.model, a.alias;
CREATE TABLE webhooks (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    webhook_id VARCHAR(64) NOT NULL UNIQUE,
    workspace VARCHAR(63) NOT NULL,
    name VARCHAR(63) NOT NULL,
    description LONGTEXT,
    url VARCHAR(2000) NOT NULL,
    status VARCHAR(16) NOT NULL,
    secret LONGTEXT,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE webhook_events (
    webhook BIGINT NOT NULL REFERENCES webhooks (id),
    entity VARCHAR(32) NOT NULL,
    action VARCHAR(16) NOT NULL,
    PRIMARY KEY (webhook, entity, action)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX webhook_events_by_kind ON webhook_events (entity, action);
CREATE TABLE webhook_deliveries (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    delivery_id VARCHAR(64) NOT NULL UNIQUE,
    webhook BIGINT NOT NULL REFERENCES webhooks (id),
    event VARCHAR(48) NOT NULL,
    payload LONGTEXT NOT NULL,
    status VARCHAR(16) NOT NULL,
    creation_time BIGINT NOT NULL,
    due BIGINT,
    attempts BIGINT NOT NULL,
    last_attempt_time BIGINT,
    response_status BIGINT,
    error_message LONGTEXT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (due);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, status, id);
CREATE TABLE evaluation_datasets (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    dataset_id VARCHAR(64) NOT NULL UNIQUE,
    workspace VARCHAR(63) NOT NULL,
    name VARCHAR(500) NOT NULL,
    schema_json LONGTEXT,
    profile LONGTEXT,
    digest VARCHAR(64) NOT NULL,
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by VARCHAR(500),
    last_updated_by VARCHAR(500)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (workspace, created_time);
CREATE TABLE evaluation_dataset_tags (
    dataset BIGINT NOT NULL REFERENCES evaluation_datasets (id),
    name VARCHAR(250) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (dataset, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE evaluation_dataset_experiments (
    dataset BIGINT NOT NULL REFERENCES evaluation_datasets (id),
    experiment BIGINT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    PRIMARY KEY (dataset, experiment)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX evaluation_datasets_by_experiment ON evaluation_dataset_experiments (experiment);
CREATE TABLE evaluation_records (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    dataset BIGINT NOT NULL REFERENCES evaluation_datasets (id),
    record_id VARCHAR(64) NOT NULL UNIQUE,
    inputs_hash VARCHAR(64) NOT NULL,
    inputs LONGTEXT NOT NULL,
    outputs LONGTEXT,
    expectations LONGTEXT,
    tags LONGTEXT NOT NULL,
    source LONGTEXT,
    source_id VARCHAR(500),
    source_type VARCHAR(36),
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by VARCHAR(500),
    last_updated_by VARCHAR(500),
    UNIQUE (dataset, inputs_hash)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE INDEX logged_model_points_by_run ON logged_model_points (run);
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset);
CREATE INDEX runs_by_newest ON runs (experiment, start_time DESC, run_id, deleted_time);
DROP INDEX runs_by_start ON runs;
CREATE INDEX summaries_by_value ON summaries (name, last_val, last_special);
CREATE INDEX params_by_value ON params (name, value(64));
CREATE INDEX tags_by_value ON tags (name, value(64));
CREATE TABLE outlines (
    run BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name BIGINT NOT NULL,
    end_step BIGINT NOT NULL,
    end_timestamp BIGINT NOT NULL,
    blocks LONGBLOB NOT NULL,
    PRIMARY KEY (run, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE TABLE registry_histories (
    model BIGINT NOT NULL,
    workspace VARCHAR(63) NOT NULL,
    history_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (model)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
CREATE UNIQUE INDEX registry_histories_by_id ON registry_histories (workspace, history_id);
CREATE INDEX registry_events_by_time ON registry_events (workspace, happened, id);
INSERT INTO registry_histories (model, workspace, history_id)
    SELECT d.model, d.workspace, MD5(CONCAT(UUID(), '-', d.model)) FROM (SELECT DISTINCT model, workspace FROM registry_events) d;
