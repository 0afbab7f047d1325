"""Dictionaries and figures as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest


def write_dict(dictionary: dict[str, Any], path: Path) -> None:
    """A dictionary as YAML where the name ends so, else as JSON. What JSON does not know is written as its text."""
    with open(path, "w", encoding="utf-8") as file:
        if path.suffix in (".yaml", ".yml"):
            import yaml

            yaml.dump(dictionary, file, indent=2, default_flow_style=False)
        else:
            json.dump(dictionary, file, indent=2, default=str)


def write_figure(figure: Any, path: Path, save_kwargs: dict[str, Any] | None) -> None:
    """A matplotlib or plotly figure, in the format that the name of ``path`` ends in."""
    options = save_kwargs or {}
    if _is_a(figure, "matplotlib.figure", "Figure"):
        figure.savefig(path, **options)
    elif _is_a(figure, "plotly.graph_objects", "Figure"):
        _write_plotly(figure, path, options)
    else:
        raise TypeError(f"A figure is one of matplotlib or plotly, not a {type(figure).__name__}")


def _is_a(thing: Any, module: str, name: str) -> bool:
    # A thing of that class exists only where the module was imported.
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(thing, kind)


def _write_plotly(figure: Any, path: Path, options: dict[str, Any]) -> None:
    if path.suffix == ".html":
        figure.write_html(str(path), **{"include_plotlyjs": "cdn", "auto_open": False, **options})
    elif path.suffix in (".png", ".jpeg", ".webp", ".svg", ".pdf"):
        figure.write_image(str(path), **options)
    else:
        raise BadRequest(
            f"{path.name!r} is not a name for a plotly figure; end it in .html, .png, .jpeg, .webp, .svg or .pdf"
        )
