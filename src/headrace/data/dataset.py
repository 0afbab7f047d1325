"""What every dataset is: a name, a digest, a source, and perhaps a schema and a profile."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any

from headrace.base.errors import NotSupported
from headrace.data.dataset_source import DatasetSource
from headrace.schema.datasets import Dataset as DatasetEntity


class Dataset:
    """Data by its name, its digest and its source.

    A kind of dataset is a subclass that computes the digest, of at most 36 characters, and knows schema and profile.
    """

    def __init__(self, source: DatasetSource, name: str | None = None, digest: str | None = None) -> None:
        self._name = name
        self._source = source
        # Once the subclass has set its fields, which it does before it comes here.
        self._digest = digest or self._compute_digest()
        self._content: list[str | None] = []

    @abstractmethod
    def _compute_digest(self) -> str:
        """A digest of the data."""

    @property
    def name(self) -> str:
        """The name; ``dataset`` when none was given."""
        return "dataset" if self._name is None else self._name

    @property
    def digest(self) -> str:
        """The digest that MLflow has for this data. It may look at a part of it only."""
        return self._digest

    @property
    def content_digest(self) -> str | None:
        """A digest of everything the data holds; None when it cannot be told, as for data of a cluster.

        Computed when it is first asked for, and kept.
        """
        if not self._content:
            try:
                self._content.append(self._compute_content_digest())
            except (NotSupported, ModuleNotFoundError):
                # Values without an order of bytes, or no pyarrow: data is logged without this digest as well.
                self._content.append(None)
        return self._content[0]

    def _compute_content_digest(self) -> str | None:
        return None

    @property
    def source(self) -> DatasetSource:
        """Where the data came from."""
        return self._source

    @property
    @abstractmethod
    def profile(self) -> Any | None:
        """Figures about the data, as JSON has them; None when there are none."""

    @property
    @abstractmethod
    def schema(self) -> Any | None:
        """The columns or tensors of the data; None when they are not known."""

    def to_dict(self) -> dict[str, str]:
        """Name, digest, source and its type, and schema and profile as JSON, as records have them."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source._get_source_type(),
        }

    def to_json(self) -> str:
        """``to_dict`` as JSON."""
        return json.dumps(self.to_dict())

    def _to_mlflow_entity(self) -> DatasetEntity:
        """The record that a run has of this dataset."""
        said: dict[str, Any] = self.to_dict()
        return DatasetEntity(
            name=said["name"],
            digest=said["digest"],
            source_type=said["source_type"],
            source=said["source"],
            schema=said.get("schema"),
            profile=said.get("profile"),
        )

    def _with_shape(self, schema: dict[str, Any] | None) -> dict[str, Any]:
        """``to_dict`` with the schema and the profile."""
        return {
            **Dataset.to_dict(self),
            "schema": None if schema is None else json.dumps(schema),
            "profile": json.dumps(self.profile),
        }
