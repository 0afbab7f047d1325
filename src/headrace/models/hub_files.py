"""What the JSON files of Hugging Face's libraries would have imported when a model is loaded.

Weights are safetensors, which are data. But a sentence transformer names the classes of its modules, and of the
functions in them, in JSON, and whatever they name is imported and called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MODULE = re.compile(r"sentence_transformers(\.[a-z_]\w*)*\.[A-Z]\w*")
_FUNCTION = re.compile(r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*|sentence_transformers(\.[a-z_]\w*)*\.[A-Z]\w*")
#: Keys whose values are imported, and the names that are harmless.
_IMPORTED = {"type": _MODULE, "activation_function": _FUNCTION, "activation_fn": _FUNCTION, "loss_fct": _FUNCTION}


def demands(folder: Path) -> Iterator[str]:
    """What loading a sentence transformer in ``folder`` would import, each as the end of "it would …"."""
    for modules in sorted(folder.rglob("modules.json")):
        for file in sorted(modules.parent.rglob("*.json")):
            if file == modules or file.name in ("config.json", "config_sentence_transformers.json"):
                said = _read(file)
                for name in sorted(set(_imported(said, top=file == modules))):
                    yield f"import {name}, which {file.relative_to(folder)} names"


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None  # No JSON is nothing that a library would follow.


def _imported(said: Any, top: bool) -> Iterator[str]:
    if isinstance(said, list):
        for each in said:
            yield from _imported(each, top)
    elif isinstance(said, dict):
        for key, value in said.items():
            known = _IMPORTED.get(key) if top or key != "type" else None
            if known and isinstance(value, str) and not known.fullmatch(value):
                yield value
            else:
                yield from _imported(value, top)
