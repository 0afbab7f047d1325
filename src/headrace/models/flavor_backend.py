"""``FlavorBackend``: what serves and packs the models of a flavor that is not asked as a Python function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class FlavorBackend(ABC):
    """Subclass this for a flavor; ``config`` is what its MLmodel files say of it."""

    def __init__(self, config: dict[str, Any], **kwargs: Any) -> None:
        self._config = config

    @abstractmethod
    def predict(self, model_uri: str, input_path: str | None, output_path: str | None, content_type: str) -> None:
        """Score a file."""

    @abstractmethod
    def serve(
        self,
        model_uri: str,
        port: int,
        host: str,
        timeout: int,
        synchronous: bool = True,
        stdout: Any = None,
        stderr: Any = None,
    ) -> Any:
        """Serve a model over HTTP; the process, unless ``synchronous``."""

    def prepare_env(self, model_uri: str, capture_output: bool = False) -> Any:
        """Make the environment that a model needs; a backend that needs none does nothing."""
        return None

    @abstractmethod
    def build_image(
        self,
        model_uri: str,
        image_name: str,
        install_java: bool = False,
        install_mlflow: bool = False,
        mlflow_home: str | None = None,
        base_image: str | None = None,
    ) -> Any:
        """Build the image of a served model."""

    @abstractmethod
    def generate_dockerfile(
        self,
        model_uri: str,
        output_dir: str,
        install_java: bool = False,
        install_mlflow: bool = False,
        mlflow_home: str | None = None,
        base_image: str | None = None,
    ) -> Any:
        """Write the folder that the image is built from."""

    @abstractmethod
    def can_score_model(self) -> bool:
        """Whether what it needs is here."""

    def can_build_image(self) -> bool:
        """Whether it builds images at all."""
        return callable(getattr(self.__class__, "build_image", None))
