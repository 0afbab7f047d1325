"""Where this process tracks, and the open stores behind those places."""

from __future__ import annotations

import atexit
import logging
import os
import re
import threading
from pathlib import Path

from headrace.base import settings
from headrace.base.errors import BadRequest, NotSupported
from headrace.stores import open_store
from headrace.stores.port import Store
from headrace.tracking import plugins

#: The folder that serves when nobody says where.
DEFAULT_FOLDER = "mlruns"

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")

#: Schemes of the stores of this house.
_OWN = ("file", "http", "https", "mysql", "postgres", "postgresql", "sqlite")

#: Words that mean a service, and would otherwise be taken for folders.
_ELSEWHERE = {"databricks", "databricks-uc", "uc"}

_tracking: str | None = None
_registry: str | None = None
#: The default is fixed when it is first asked for, so that a later chdir does not move it.
_default: str | None = None
_stores: dict[str, Store] = {}
_lock = threading.Lock()
#: Stores of the process this one was forked from, kept so that nothing here closes what is the parent's.
_parents: list[Store] = []


def set_tracking_uri(uri: str | Path) -> None:
    """Track at ``uri`` from now on: a folder, a database URL, or the address of a server.

    The empty string goes back to the environment's word or the default. Child processes inherit the choice.
    """
    global _tracking, _default
    _tracking = local_path(str(uri.resolve()) if isinstance(uri, Path) else uri) if uri else None
    if _tracking:
        os.environ["MLFLOW_TRACKING_URI"] = _tracking
        if "HEADRACE_TRACKING_URI" in os.environ:
            os.environ["HEADRACE_TRACKING_URI"] = _tracking
    else:
        _default = None
        for name in ("HEADRACE_TRACKING_URI", "MLFLOW_TRACKING_URI"):
            os.environ.pop(name, None)


def get_tracking_uri() -> str:
    """Where this process tracks."""
    global _default
    if _tracking:
        return _tracking
    if said := settings.text("TRACKING_URI"):
        return local_path(said)
    if _default is None:
        _default = os.path.abspath(DEFAULT_FOLDER)
    return _default


def is_tracking_uri_set() -> bool:
    """Whether anybody said where to track."""
    return bool(_tracking or settings.text("TRACKING_URI"))


def set_registry_uri(uri: str | Path) -> None:
    """Keep registered models at ``uri`` from now on; the empty string means where tracking is."""
    global _registry
    _registry = local_path(str(uri)) if uri else None


def get_registry_uri() -> str:
    """Where registered models are kept; the tracking URI unless told otherwise."""
    return registry_beside(get_tracking_uri())


def registry_beside(tracking_uri: str) -> str:
    """Where registered models are kept for somebody who tracks at ``tracking_uri``: there, unless told otherwise."""
    said = _registry or settings.text("REGISTRY_URI")
    return local_path(said) if said else tracking_uri


def local_path(uri: str) -> str:
    """``uri``, made absolute when it is a path of this machine. What is neither a path nor a URI is refused."""
    scheme, _, rest = uri.partition(":")
    if scheme in _ELSEWHERE:
        raise NotSupported(
            f"{uri!r} means a Databricks workspace, which headrace does not speak to; give an http(s):// URL"
        )
    if not _HAS_SCHEME.match(uri):
        return os.path.abspath(os.path.expanduser(uri))
    if not rest.startswith("//") and scheme != "file":
        meant = f"http://{uri}" if rest.partition("/")[0].isdigit() else f"{scheme}://{rest.lstrip('/')}"
        raise BadRequest(f"{uri!r} is neither a path nor a URI; write {meant}, or ./{uri} for a folder of that name")
    return uri


def store_at(uri: str) -> Store:
    """The store at ``uri``: opened once in this process, shared, and closed when the process ends."""
    with _lock:
        if uri not in _stores:
            _stores[uri] = _opened(uri)
        return _stores[uri]


def registry_at(uri: str) -> Store:
    """The store of registered models at ``uri``: that of a plugin which serves its scheme, or the one of runs."""
    if not _of_a_plugin(uri):
        return store_at(uri)
    from headrace.tracking.plugin_stores import calls, schemes

    key = f"registry {uri}"
    with _lock:
        if key not in _stores:
            if not calls.served(uri, calls.REGISTRY):
                known = sorted({*_OWN, *plugins.entry_points(calls.REGISTRY)})
                raise schemes.UnsupportedModelRegistryStoreURIException(uri, known)
            _stores[key] = calls.open_store(uri, calls.REGISTRY, get_tracking_uri())
        return _stores[key]


def _opened(uri: str) -> Store:
    if uri.startswith(("http:", "https:")):
        from headrace.tracking import providers

        providers.install()
    elif _of_a_plugin(uri):
        from headrace.tracking.plugin_stores import calls

        if calls.served(uri, calls.TRACKING):
            return calls.open_store(uri, calls.TRACKING)
    return open_store(uri)


def _of_a_plugin(uri: str) -> bool:
    """Whether ``uri`` has a scheme that no store of this house has."""
    return bool(_HAS_SCHEME.match(uri)) and uri.partition(":")[0].partition("+")[0] not in _OWN


def close_stores() -> None:
    """Let go of every open store."""
    with _lock:
        open_now = list(_stores.values())
        _stores.clear()
    for store in open_now:
        store.close()


def _forget_stores() -> None:
    # Connections and locks of the parent are not the child's to use.
    global _lock
    _lock = threading.Lock()
    _parents.extend(_stores.values())
    _stores.clear()


if _level := settings.text("LOGGING_LEVEL"):
    logging.getLogger("headrace").setLevel(_level.upper())
atexit.register(close_stores)
os.register_at_fork(after_in_child=_forget_stores)
