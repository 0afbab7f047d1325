"""What an operator can say about a server."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from headrace.base import settings

_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]+:")
#: The scheme of artifacts that go through the server.
PROXIED = "mlflow-artifacts:/"


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The choices of one server. It can be pickled, for every worker process is started with it."""

    #: Where records are kept: a directory or a database.
    backend_store_uri: str = "./mlruns"
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    #: Names this server is called by besides localhost and its own addresses.
    allowed_hosts: tuple[str, ...] = ()
    #: Origins whose pages may call this server besides its own.
    cors_allowed_origins: tuple[str, ...] = ()
    static_prefix: str = ""
    #: Whether artifacts go through this server, and where it keeps them.
    serve_artifacts: bool = True
    artifacts_destination: str = "./mlartifacts"
    #: Where new experiments keep their artifacts; by default this server, or the directory of the store.
    default_artifact_root: str | None = None
    #: Local folders that callers may name as a location of artifacts.
    allowed_artifact_roots: tuple[str, ...] = ()

    #: Whether large artifacts may come in parts, and be fetched from signed addresses.
    multipart_uploads: bool = field(default_factory=lambda: settings.flag("ENABLE_PROXY_MULTIPART_UPLOAD"))
    multipart_downloads: bool = field(default_factory=lambda: settings.flag("ENABLE_PROXY_MULTIPART_DOWNLOAD"))
    #: The address callers know this server by, where it is not the one they name as Host; signed addresses begin so.
    public_url: str = field(default_factory=lambda: (settings.text("PUBLIC_URL") or "").rstrip("/"))

    @property
    def artifact_root(self) -> str | None:
        """Where new experiments keep their artifacts. A relative folder is one of this process's own."""
        if self.default_artifact_root:
            has_scheme = _SCHEME.match(self.default_artifact_root)
            return self.default_artifact_root if has_scheme else os.path.abspath(self.default_artifact_root)
        return PROXIED if self.serve_artifacts else None

    @property
    def static_folder(self) -> Path:
        """Where the built UI is."""
        return Path(__file__).parent / "static"
