"""What a server says of itself."""

from __future__ import annotations

import msgspec

from headrace.schema.call import Anyone, Call, Record, call


class Features(Record, frozen=True, kw_only=True, omit_defaults=False):
    """Parts of the platform that this server has switched on."""

    gateway: bool = False


class ServerInfo(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What clients ask before they choose how to move artifacts."""

    store_type: str = "SqlStore"
    workspaces_enabled: bool = False
    trace_archival_enabled: bool = False
    multipart_uploads_enabled: bool = False
    multipart_downloads_enabled: bool = False
    presigned_upload_run_id_supported: bool = True
    presigned_upload_model_id_supported: bool = True
    features_enabled: Features = msgspec.field(default_factory=Features)


@call("GET", "server-info", since=3, needs=Anyone)
class GetServerInfo(Call[ServerInfo], frozen=True, kw_only=True):
    """What this server is and can do."""


class UiTelemetry(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What a page may tell of its user; here, nothing."""

    disable_ui_telemetry: bool = True
    disable_ui_events: list[str] = []
    ui_rollout_percentage: int = 0


class UiTelemetryTaken(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What became of what a page told of its user: nothing."""

    status: str = "disabled"


@call("GET", "ui-telemetry", since=3, needs=Anyone)
class GetUiTelemetry(Call[UiTelemetry], frozen=True, kw_only=True):
    """Whether pages tell of their users. They do not."""


@call("POST", "ui-telemetry", since=3, needs=Anyone)
class PostUiTelemetry(Call[UiTelemetryTaken], frozen=True, kw_only=True):
    """What a page would tell of its user. It is not read."""
