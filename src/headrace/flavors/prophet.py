"""Prophet forecasters, in Prophet's JSON, which runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.flavor import NoOptions, Saved, Saving, public
from headrace.models.native import LibraryFlavor, accepted, broken, check_class, defaults, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "prophet"
_FILE = "model.pr"


class Prophet(LibraryFlavor[NoOptions]):
    """A fitted Prophet."""

    name = FLAVOR_NAME
    loader_module = "mlflow.prophet"
    save_order = (
        "pr_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "pr_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags "
        "model_type step model_id"
    )

    def check(self, model: Any, saving: Saving, options: NoOptions) -> None:
        import prophet

        check_class(model, self.name, (prophet.Prophet,))

    def save(self, model: Any, folder: Path, options: NoOptions) -> Saved:
        import prophet
        from prophet.serialize import model_to_json

        try:
            text = model_to_json(model)
        except ValueError as error:  # not fitted
            raise BadRequest(f"Prophet cannot save this model: {error}") from error
        (folder / _FILE).write_text(text, encoding="utf-8")
        own = {"prophet_version": prophet.__version__, "data": _FILE, "model_type": type(model).__name__}
        return Saved(own=own, pyfunc={"data": _FILE}, needs=providers("prophet", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        from prophet.serialize import model_from_json

        file = file_in(folder, own, "data")
        try:
            return model_from_json(file.read_text(encoding="utf-8"))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise broken(file.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        return model.predict(data, **accepted(model.predict, params))


FLAVOR = Prophet()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("prophet")
