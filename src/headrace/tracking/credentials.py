"""Who this process is to a tracking server: ``mlflow.utils.credentials`` is this module."""

from __future__ import annotations

from typing import NamedTuple

from headrace.base import connection


class MlflowCreds(NamedTuple):
    """A name and a password."""

    username: str | None
    password: str | None


def read_mlflow_creds() -> MlflowCreds:
    """The name and password of the settings, or else of the user's file ``~/.mlflow/credentials``."""
    name, password = connection.name_and_password()
    return MlflowCreds(name or None, password or None)
