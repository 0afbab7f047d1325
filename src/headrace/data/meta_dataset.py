"""What is known of data that is not here."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from headrace.data.dataset import Dataset
from headrace.data.dataset_source import DatasetSource
from headrace.models.types import Schema


class MetaDataset(Dataset):
    """A dataset by its source, and its schema if that is known; the data is not looked at."""

    def __init__(
        self,
        source: DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        schema: Schema | None = None,
    ) -> None:
        self._schema = schema
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        """Eight digits of SHA-256 of what is known."""
        said = {
            "name": self.name,
            "source": self.source.to_json(),
            "source_type": self.source._get_source_type(),
            "schema": "" if self._schema is None else self._schema.to_dict(),
        }
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:8]

    @property
    def schema(self) -> Any | None:
        """The schema that was given."""
        return self._schema

    @property
    def profile(self) -> Any | None:
        """None: the data is not looked at."""
        return None

    def to_dict(self) -> dict[str, str]:
        """Name, digest, source and its type, and the schema if there is one."""
        said = super().to_dict()
        if self._schema is not None:
            said["schema"] = json.dumps({"mlflow_colspec": self._schema.to_dict()})
        return said
