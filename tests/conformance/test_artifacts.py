"""Our artifact store in front of a genuine MLflow server."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from headrace.artifacts import open_store
from headrace.artifacts.port import ArtifactStore
from headrace.base.errors import HeadraceError
from headrace.testing.artifacts import ArtifactContract
from tests.conformance.conftest import Pair


class TestArtifactsBehindGenuineMlflow(ArtifactContract):
    @pytest.fixture
    def store(self, servers: Pair) -> ArtifactStore:
        return open_store(f"mlflow-artifacts:/{uuid.uuid4().hex}/artifacts", tracking_uri=servers.genuine)

    def test_a_name_is_a_file_or_a_folder_never_both(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.write("folder/readme", [b"x"])
        with pytest.raises(HeadraceError, match="500"):  # It fails there too, but as an error of the server's own.
            store.write("folder", [b"y"])
