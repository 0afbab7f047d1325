"""Points that are equal to the last digit, each kept; and who wrote what, so that nothing sent twice is kept twice.

``copy`` tells equal points apart: 0 for the first. ``special`` 4 is -0.0, which SQLite would keep as 0.0. Points no
longer refer to their run by a foreign key: whoever adds one holds the run, and a look-up for every point costs more
than the rest. ``sequence`` is the number of the last write of a writer, ``seen`` when it was made.
"""

_WRITERS = """
CREATE TABLE writers (
    writer {string:64} NOT NULL,
    sequence {int} NOT NULL,
    seen {int} NOT NULL,
    PRIMARY KEY (writer)
) {clustered};
"""
_KEY = "PRIMARY KEY (run, name, step, timestamp, value, special, copy)"

UP = {
    "sqlite": f"""
CREATE TABLE points_with_copies (
    run {{int}} NOT NULL,
    name {{int}} NOT NULL,
    step {{int}} NOT NULL,
    timestamp {{int}} NOT NULL,
    value {{real}} NOT NULL,
    special {{int}} NOT NULL,
    copy {{int}} NOT NULL,
    {_KEY}
) {{clustered}};
INSERT INTO points_with_copies SELECT run, name, step, timestamp, value, special, 0 FROM points;
DROP TABLE points;
ALTER TABLE points_with_copies RENAME TO points;
{_WRITERS}""",
    "postgresql": f"""
ALTER TABLE points
    ADD COLUMN copy {{int}} NOT NULL DEFAULT 0,
    DROP CONSTRAINT points_pkey,
    DROP CONSTRAINT points_run_fkey,
    ADD {_KEY};
{_WRITERS}""",
    "mysql": f"""
ALTER TABLE points DROP FOREIGN KEY points_ibfk_1;
ALTER TABLE points ADD COLUMN copy {{int}} NOT NULL DEFAULT 0, DROP PRIMARY KEY, ADD {_KEY};
{_WRITERS}""",
}
