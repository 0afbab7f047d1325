"""``python -m headrace.stores.sql FOLDER`` writes the schema of each database there."""

from __future__ import annotations

import sys
from pathlib import Path

from headrace.stores.sql.dialects import MYSQL, POSTGRESQL, SQLITE
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import script

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "schemas/ddl")
folder.mkdir(parents=True, exist_ok=True)
for dialect in (SQLITE, POSTGRESQL, MYSQL):
    statements = [each for step in STEPS for each in script(dialect, step.UP)]
    (folder / f"{dialect.name}.sql").write_text(";\n".join(statements) + ";\n")
