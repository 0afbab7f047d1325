"""Every change of the registry, as it happened. Rows are added and never changed.

``model`` is the key of the registered model, which a new one of the same name does not get; ``restores`` is the event
whose state a roll-back brought back. What was there before this step gets an event with the oldest time it is known to
be true for, and no changes.
"""

_TABLE = """
CREATE TABLE registry_events (
    id {id},
    workspace {string:63} NOT NULL,
    model {int} NOT NULL,
    name {string:256} NOT NULL,
    event {string:40} NOT NULL,
    version {int},
    alias {string:255},
    user_id {string:500} NOT NULL,
    happened {int} NOT NULL,
    changes {text} NOT NULL,
    restores {int}
) {table};
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
        STAGED
    FROM model_versions v JOIN registered_models m ON m.id = v.model
    WHERE v.stage <> 'None' ORDER BY v.model, v.version;
INSERT INTO registry_events (workspace, model, name, event, version, alias, user_id, happened, changes)
    SELECT m.workspace, m.id, m.name, 'model_version_alias.set', a.version, a.alias, 'unknown', m.last_update_time, '[]'
    FROM aliases a JOIN registered_models m ON m.id = a.model ORDER BY a.model, a.alias;
"""

#: Whoever can write to the database through this house cannot change what was noted.
_SQLITE = """
CREATE TRIGGER registry_events_stay BEFORE UPDATE ON registry_events BEGIN
    SELECT RAISE(ABORT, 'registry events are never changed'); END;
CREATE TRIGGER registry_events_remain BEFORE DELETE ON registry_events BEGIN
    SELECT RAISE(ABORT, 'registry events are never deleted'); END;
"""
_POSTGRESQL = """
CREATE FUNCTION headrace_registry_events_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'registry events are never changed or deleted'; END $$;
CREATE TRIGGER registry_events_stay BEFORE UPDATE OR DELETE ON registry_events
    FOR EACH ROW EXECUTE FUNCTION headrace_registry_events_stay();
"""
_STAGE = ('\'[{"field":"stage","after":"\'', "v.stage", "'\"}]'")
_OTHERS = _TABLE.replace("STAGED", " || ".join(_STAGE))
#: MySQL lets only administrators make triggers where it keeps a binary log, which is nearly everywhere.
UP = {
    "sqlite": _OTHERS + _SQLITE,
    "postgresql": _OTHERS + _POSTGRESQL,
    "mysql": _TABLE.replace("STAGED", f"CONCAT({', '.join(_STAGE)})"),
}
