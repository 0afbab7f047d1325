"""What reading much at once looks up: runs from the newest on, values of metrics, params and tags, long series.

Of the value of a param or tag the index has the beginning: no database takes texts of any length into one. Whoever
reads a series leaves its outline behind (see ``headrace.stores.sql.outlines``): ``blocks`` stand for the points up to
``end_step`` and ``end_timestamp``.
"""

_UP = """
CREATE INDEX runs_by_newest ON runs (experiment, start_time DESC, run_id, deleted_time);
DROP INDEX OLD;
CREATE INDEX summaries_by_value ON summaries (name, last_val, last_special);
CREATE INDEX params_by_value ON params (name, BEGINNING);
CREATE INDEX tags_by_value ON tags (name, BEGINNING);
CREATE TABLE outlines (
    run {int} NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name {int} NOT NULL,
    end_step {int} NOT NULL,
    end_timestamp {int} NOT NULL,
    blocks {blob} NOT NULL,
    PRIMARY KEY (run, name)
) {table};
"""
_PLAIN = _UP.replace("OLD", "runs_by_start").replace("BEGINNING", "SUBSTR(value, 1, 64)")

UP = {
    "sqlite": _PLAIN,
    "postgresql": _PLAIN,
    "mysql": _UP.replace("OLD", "runs_by_start ON runs").replace("BEGINNING", "value(64)"),
}
