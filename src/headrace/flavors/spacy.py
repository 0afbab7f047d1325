"""spaCy pipelines, in spaCy's own folder, which runs nothing but what is registered by installed packages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.flavor import NoOptions, Saved, Saving, public
from headrace.models.native import LibraryFlavor, broken, check_class, defaults, providers
from headrace.models.trust import place_in

FLAVOR_NAME = "spacy"
_FOLDER = "model.spacy"


class Spacy(LibraryFlavor[NoOptions]):
    """A pipeline; one that sorts texts into categories can be asked as a ``python_function``."""

    name = FLAVOR_NAME
    loader_module = "mlflow.spacy"
    save_order = (
        "spacy_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "spacy_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "pip_requirements extra_pip_requirements metadata extra_files name params tags model_type step model_id"
    )

    def check(self, model: Any, saving: Saving, options: NoOptions) -> None:
        import spacy

        check_class(model, self.name, (spacy.language.Language,))

    def save(self, model: Any, folder: Path, options: NoOptions) -> Saved:
        import spacy

        model.to_disk(folder / _FOLDER)
        own = {"spacy_version": spacy.__version__, "data": _FOLDER}
        return Saved(own=own, pyfunc={"data": _FOLDER} if _sorts(model) else None, needs=providers("spacy", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import spacy

        found = place_in(folder, own, "data")
        try:
            return spacy.load(found)
        except (ValueError, OSError, LookupError, ImportError, TypeError) as error:
            raise broken(found.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """A frame with the column ``predictions``: for each text, how well each category fits."""
        import pandas

        if len(getattr(data, "columns", ())) != 1:
            raise BadRequest("A spaCy model is asked with a frame of one column, the texts")
        texts = data.iloc[:, 0].astype(str)
        return pandas.DataFrame({"predictions": [each.cats for each in model.pipe(texts)]})


def _sorts(model: Any) -> bool:
    from spacy.pipeline import TextCategorizer

    return any(isinstance(part, TextCategorizer) for _, part in model.pipeline)


FLAVOR = Spacy()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("spacy")
