"""Where the versions of registered models may come from, when a caller of this server says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from headrace.base.errors import BadRequest
from headrace.base.paths import ArtifactKey, ArtifactUri
from headrace.schema.logged_models import GetLoggedModel
from headrace.schema.registry import CreateModelVersion
from headrace.schema.runs import GetRun
from headrace.stores.port import Store
from headrace.stores.sql.webhook_outbox import is_marked

#: Schemes by which a caller could have this server, or whoever loads the model, ask any host for anything.
_HOSTS = frozenset(("http", "https", "ftp", "sftp", "hdfs", "viewfs", "gopher", "dict"))
#: Schemes that are no places.
_NOWHERE = frozenset(("data", "javascript", "jar"))


def check_source(call: CreateModelVersion, store: Store, is_allowed: Callable[[ArtifactUri], bool]) -> None:
    """Raise ``BadRequest`` unless the source of a new version is the caller's to name.

    What a run or logged model made is named together with that run or model. ``is_allowed`` says whether the operator
    lets callers point at a local folder.
    """
    if is_marked({tag.key: tag.value for tag in call.tags}):
        return  # The version of a prompt has no files.
    uri = ArtifactUri.parse(call.source)
    match uri.scheme:
        case "runs":
            _check_run(uri, call)
        case "models":
            _check_model(uri, call)
        case "file" | "mlflow-artifacts":
            if not is_allowed(uri) and not any(_is_below(uri, root) for root in _own_roots(call, store)):
                what = "a folder of the server's machine" if uri.is_local else "a folder among this server's artifacts"
                raise _refusal(
                    f"{what} may be registered only from the artifacts of the run_id or model_id given beside it"
                    + (", or below --allowed-artifact-roots" if uri.is_local else "")
                )
        case scheme if scheme in _NOWHERE or scheme in _HOSTS or len(scheme) == 1:  # One letter is a drive.
            raise _refusal(f"models cannot be registered from {scheme}: locations")
        case _ if not uri.path.strip("/"):
            raise _refusal("it names no folder")


def _check_run(uri: ArtifactUri, call: CreateModelVersion) -> None:
    run_id, _, path = uri.path.lstrip("/").partition("/")
    if path:
        ArtifactKey.parse(path, folder=True)
    if uri.authority or not run_id:
        raise _refusal("it must be of the form runs:/<run id>/<path>")
    if call.run_id != run_id:
        raise _refusal(f"it is of the run {run_id}; give that as run_id too")


def _check_model(uri: ArtifactUri, call: CreateModelVersion) -> None:
    path = uri.path.lstrip("/")
    if uri.authority or not path:
        raise _refusal("it must be models:/<model id> or models:/<name>/<version>")
    ArtifactKey.parse(path, folder=True)
    if "/" not in path and "@" not in path and call.model_id != path:
        raise _refusal(f"it is the logged model {path}; give that as model_id too")


def _own_roots(call: CreateModelVersion, store: Store) -> Iterator[ArtifactUri]:
    """Where the run or logged model that a version comes from keeps its artifacts."""
    if call.run_id:
        yield ArtifactUri.parse(store.send(GetRun(run_id=call.run_id)).run.info.artifact_uri or "/")
    if call.model_id:
        yield ArtifactUri.parse(store.send(GetLoggedModel(model_id=call.model_id)).model.info.artifact_uri)


def _is_below(uri: ArtifactUri, root: ArtifactUri) -> bool:
    """Whether a location is, by its spelling, that of ``root`` or in it."""
    same = uri.scheme == root.scheme and uri.authority in ("", "localhost" if uri.is_local else root.authority)
    return (
        same
        and PurePosixPath(root.path) != PurePosixPath("/")
        and (PurePosixPath(uri.path).is_relative_to(PurePosixPath(root.path)))
    )


def _refusal(why: str) -> BadRequest:
    return BadRequest(f"Invalid value for 'source': {why}")
