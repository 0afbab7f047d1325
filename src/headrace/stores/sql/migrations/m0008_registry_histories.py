"""What makes the history of a registered model the same one in every store that has it.

Every model has one from its creation to its deletion. Whatever name it gets, its events are known by this id and by how
many came before them; so nothing is written with an event, and a copy of a history is recognised as one.
"""

_UP = """
CREATE TABLE registry_histories (
    model {int} NOT NULL,
    workspace {string:63} NOT NULL,
    history_id {string:64} NOT NULL,
    PRIMARY KEY (model)
) {table};
CREATE UNIQUE INDEX registry_histories_by_id ON registry_histories (workspace, history_id);
CREATE INDEX registry_events_by_time ON registry_events (workspace, happened, id);
INSERT INTO registry_histories (model, workspace, history_id)
    SELECT d.model, d.workspace, RANDOM_ID FROM (SELECT DISTINCT model, workspace FROM registry_events) d;
"""

UP = {
    "sqlite": _UP.replace("RANDOM_ID", "lower(hex(randomblob(16)))"),
    "postgresql": _UP.replace("RANDOM_ID", "md5(random()::text || clock_timestamp()::text || d.model::text)"),
    # The model is in it because MySQL may make up one UUID for all rows.
    "mysql": _UP.replace("RANDOM_ID", "MD5(CONCAT(UUID(), '-', d.model))"),
}
