"""What reading much at once looks up: runs from the newest on, metrics by their last values, outlines of long series.

Whoever reads a series leaves its outline behind (see ``headrace.stores.sql.outlines``): ``blocks`` stand for the points
up to ``end_step`` and ``end_timestamp``.
"""

_BY_START = """
CREATE INDEX runs_by_newest ON runs (experiment, start_time DESC, run_id, deleted_time);
DROP INDEX runs_by_start"""
_REST = """
CREATE INDEX summaries_by_value ON summaries (name, last_val, last_special);
CREATE TABLE outlines (
    run {int} NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name {int} NOT NULL,
    end_step {int} NOT NULL,
    end_timestamp {int} NOT NULL,
    blocks {blob} NOT NULL,
    PRIMARY KEY (run, name)
) {table};
"""

UP = {
    "sqlite": f"{_BY_START};{_REST}",
    "postgresql": f"{_BY_START};{_REST}",
    "mysql": f"{_BY_START} ON runs;{_REST}",
}
