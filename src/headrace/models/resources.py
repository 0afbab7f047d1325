"""What a model asks for when it is served, as its MLmodel file names it: endpoints, tables, functions of Databricks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from headrace.base.errors import BadRequest

#: The version of this part of the format.
DEFAULT_API_VERSION = "1"


class ResourceType(Enum):
    """The kinds of resources."""

    UC_CONNECTION = "uc_connection"
    VECTOR_SEARCH_INDEX = "vector_search_index"
    SERVING_ENDPOINT = "serving_endpoint"
    SQL_WAREHOUSE = "sql_warehouse"
    FUNCTION = "function"
    GENIE_SPACE = "genie_space"
    TABLE = "table"
    APP = "app"
    LAKEBASE = "lakebase"
    UC_MODEL_SERVICE = "uc_model_service"


class Resource:
    """Something that a model uses where it is served; ``target_uri`` says whose it is."""

    @property
    def type(self) -> ResourceType:
        """Its kind."""
        raise NotImplementedError

    @property
    def target_uri(self) -> str:
        """Whose it is."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file: its kind, and a list of it alone."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Resource:
        """The resource that one entry of such a list says."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


class DatabricksResource(Resource):
    """A resource of Databricks, by its name; ``on_behalf_of_user`` says with whose rights it is used."""

    #: The kind of each class below this one.
    _kind: ClassVar[ResourceType]

    def __init__(self, name: str, on_behalf_of_user: bool | None = None) -> None:
        self.name, self.on_behalf_of_user = name, on_behalf_of_user

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def type(self) -> ResourceType:
        """Its kind."""
        return self._kind

    @property
    def target_uri(self) -> str:
        """Whose it is."""
        return "databricks"

    def to_dict(self) -> dict[str, Any]:
        """As in the MLmodel file: its kind, and a list of it alone."""
        said: dict[str, Any] = {"name": self.name}
        if self.on_behalf_of_user is not None:
            said["on_behalf_of_user"] = self.on_behalf_of_user
        return {self.type.value: [said]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DatabricksResource:
        """The resource that one entry of such a list says."""
        return cls(data["name"], data.get("on_behalf_of_user"))


class DatabricksUCConnection(DatabricksResource):
    """A connection of Unity Catalog."""

    _kind = ResourceType.UC_CONNECTION

    def __init__(self, connection_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(connection_name, on_behalf_of_user)


class DatabricksServingEndpoint(DatabricksResource):
    """An endpoint that serves a model."""

    _kind = ResourceType.SERVING_ENDPOINT

    def __init__(self, endpoint_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(endpoint_name, on_behalf_of_user)


class DatabricksVectorSearchIndex(DatabricksResource):
    """An index of vectors."""

    _kind = ResourceType.VECTOR_SEARCH_INDEX

    def __init__(self, index_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(index_name, on_behalf_of_user)


class DatabricksSQLWarehouse(DatabricksResource):
    """A warehouse that answers SQL."""

    _kind = ResourceType.SQL_WAREHOUSE

    def __init__(self, warehouse_id: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(warehouse_id, on_behalf_of_user)


class DatabricksFunction(DatabricksResource):
    """A function of Unity Catalog."""

    _kind = ResourceType.FUNCTION

    def __init__(self, function_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(function_name, on_behalf_of_user)


class DatabricksGenieSpace(DatabricksResource):
    """A space of Genie."""

    _kind = ResourceType.GENIE_SPACE

    def __init__(self, genie_space_id: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(genie_space_id, on_behalf_of_user)


class DatabricksTable(DatabricksResource):
    """A table of Unity Catalog."""

    _kind = ResourceType.TABLE

    def __init__(self, table_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(table_name, on_behalf_of_user)


class DatabricksApp(DatabricksResource):
    """An app."""

    _kind = ResourceType.APP

    def __init__(self, app_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(app_name, on_behalf_of_user)


class DatabricksLakebase(DatabricksResource):
    """An instance of a database."""

    _kind = ResourceType.LAKEBASE

    def __init__(self, database_instance_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(database_instance_name, on_behalf_of_user)


class DatabricksUCModelService(DatabricksResource):
    """A service of a model of Unity Catalog."""

    _kind = ResourceType.UC_MODEL_SERVICE

    def __init__(self, model_service_name: str, on_behalf_of_user: bool | None = None) -> None:
        super().__init__(model_service_name, on_behalf_of_user)


def described(resources: Sequence[Resource] | Mapping[str, Any] | str | Path) -> dict[str, Any]:
    """Resources as the MLmodel file has them, given as objects, as a dict of that form, or as a YAML file of it.

    Raises ``BadRequest`` for another version of the form, and for a kind of Databricks' that there is not.
    """
    if isinstance(resources, str | Path | Mapping):
        from headrace.models.code import read_config

        said = dict(read_config(resources if not isinstance(resources, Mapping) else dict(resources)) or {})
        return _checked(said)
    listed: dict[str, Any] = {}
    for each in resources:
        if not isinstance(each, Resource):
            raise BadRequest(
                f"resources must be a list of Resource, a dict or the path of a YAML file, not of {each!r}"
            )
        for kind, entries in each.to_dict().items():
            listed.setdefault(each.target_uri, {}).setdefault(kind, []).extend(entries)
    return {"api_version": DEFAULT_API_VERSION, **listed}


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    if str(said.get("api_version")) != DEFAULT_API_VERSION:
        raise BadRequest(f"resources must say api_version: '{DEFAULT_API_VERSION}', not {said.get('api_version')!r}")
    kinds = [kind.value for kind in ResourceType]
    for target, listed in said.items():
        if target == "api_version":
            continue
        if not isinstance(listed, Mapping) or not all(isinstance(each, list) for each in listed.values()):
            raise BadRequest(f"resources of {target!r} must be lists by their kind, such as {kinds[0]}: [{{name: …}}]")
        unknown = sorted(set(listed) - set(kinds)) if target == "databricks" else []
        if unknown:
            raise BadRequest(f"There are no resources of the kind {unknown}; there are {kinds}")
        if not all(isinstance(each, Mapping) and "name" in each for entries in listed.values() for each in entries):
            raise BadRequest(f"Each of the resources of {target!r} must have a name")
    return {**said, "api_version": DEFAULT_API_VERSION}
