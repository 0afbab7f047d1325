"""What reading much at once looks up: outlines of long series.

Whoever reads a series leaves its outline behind (see ``headrace.stores.sql.outlines``): ``blocks`` stand for the points
up to ``end_step`` and ``end_timestamp``.
"""

UP = """
CREATE TABLE outlines (
    run {int} NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name {int} NOT NULL,
    end_step {int} NOT NULL,
    end_timestamp {int} NOT NULL,
    blocks {blob} NOT NULL,
    PRIMARY KEY (run, name)
) {table};
"""
