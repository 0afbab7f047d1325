"""Stores: everything that answers calls, and the one place that opens them."""

from __future__ import annotations

from headrace.stores.port import Store

__all__ = ["Store", "open_store"]


def open_store(uri: str, *, artifact_root: str | None = None, checked: bool = True) -> Store:
    """The store at ``uri``: a directory, ``sqlite:///…``, ``postgresql://…``, ``mysql://…`` or ``http(s)://…``.

    ``artifact_root`` is where a database's new experiments keep their artifacts. ``checked=False`` is for a caller that
    has decoded every call from the wire, which checks it. Libraries of a database are imported now, not before. A
    folder of MLflow's file store is imported when it is opened for the first time.
    """
    if uri.startswith(("http://", "https://")):
        from headrace.stores.remote import RemoteStore

        return RemoteStore(uri)
    from headrace.stores.sql import open_sql
    from headrace.stores.sql.opening import written_by_mlflow

    if folder := written_by_mlflow(uri):
        # What imports such a folder stands upstairs of this room.
        from headrace import _doors

        _doors.take_over(folder)
    store = open_sql(uri, artifact_root=artifact_root)
    if not checked:
        return store
    from headrace.stores.checked import CheckedStore

    return CheckedStore(store)
