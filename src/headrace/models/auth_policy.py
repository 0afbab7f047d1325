"""With whose rights a served model uses its resources: its own, and those of whoever asks."""

from __future__ import annotations

from typing import Any

from headrace.models.resources import Resource, described


class UserAuthPolicy:
    """What a model may do with the rights of whoever asks it."""

    def __init__(self, api_scopes: list[str]) -> None:
        self.api_scopes = api_scopes

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file."""
        return {"api_scopes": self.api_scopes}


class SystemAuthPolicy:
    """What a model uses with rights of its own."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = resources

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file."""
        return {"resources": described(self.resources)}


class AuthPolicy:
    """Both policies."""

    def __init__(
        self, user_auth_policy: UserAuthPolicy | None = None, system_auth_policy: SystemAuthPolicy | None = None
    ) -> None:
        self.user_auth_policy, self.system_auth_policy = user_auth_policy, system_auth_policy

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file."""
        return {
            "system_auth_policy": self.system_auth_policy.to_dict() if self.system_auth_policy else {},
            "user_auth_policy": self.user_auth_policy.to_dict() if self.user_auth_policy else {},
        }
