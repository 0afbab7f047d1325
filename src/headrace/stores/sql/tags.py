"""Tags of runs."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.schema.runs import RunTag
from headrace.stores.sql import names
from headrace.stores.sql.tx import Tx

#: The tag that is also the name of a run.
NAME_TAG = "mlflow.runName"


def put_tags(tx: Tx, run: int, tags: Sequence[RunTag]) -> None:
    """Set tags of a run; its name is one of them."""
    if not tags:
        return
    wanted = {tag.key: tag.value for tag in tags}
    ids = names.numbers(tx, wanted.keys())
    tx.put("tags", "run, name", "value", [(run, ids[key], value) for key, value in wanted.items()])
    if NAME_TAG in wanted:
        tx.run("UPDATE runs SET name = ? WHERE id = ?", wanted[NAME_TAG][:500], run)
