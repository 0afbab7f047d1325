"""Steps from one schema to the next, oldest first. Each is a module ``mNNNN_what`` with a neutral script ``UP``,
or with one for each database.

In a script ``{id}`` is a self-counting key, ``{string:N}`` text of at most N characters that can be a key, ``{text}``
any text, ``{blob}`` bytes, ``{int}`` 64 bits, ``{real}`` a double, and ``{clustered}`` / ``{table}`` what ends a table.
Statements end in a semicolon at the end of a line.
"""

from headrace.stores.sql.migrations import (
    m0001_tracking_and_registry,
    m0002_points,
    m0003_registry_events,
    m0004_webhooks,
    m0005_evaluation_datasets,
    m0006_purging,
    m0007_reading,
    m0008_registry_histories,
)

STEPS = [
    m0001_tracking_and_registry,
    m0002_points,
    m0003_registry_events,
    m0004_webhooks,
    m0005_evaluation_datasets,
    m0006_purging,
    m0007_reading,
    m0008_registry_histories,
]
