"""``manifest.sha256``: the digest of every file of a saved model, by which a file that changed since is noticed.

The file is what ``sha256sum --binary`` of GNU coreutils writes, sorted by path, so ``sha256sum -c manifest.sha256``
checks it as well. MLflow does not know it and leaves it alone; what MLflow's own calls change in a saved model, its
description and its environment, is told and not refused (docs/decisions/0012).
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from headrace.base import settings
from headrace.base.errors import BadRequest

_log = logging.getLogger(__name__)

MANIFEST = "manifest.sha256"
#: The signature of a model, which comes after its manifest and covers it.
SIGNATURE = "model.sig"
#: Bytes of a manifest, at most: about half a million files.
_MOST = 64 << 20
#: What others put into a model's folder when they load or download it, and nobody here reads.
NOT_OURS = ("registered_model_meta",)
#: What MLflow's set_signature, update_model_requirements and add_libraries_to_model change; none of it is run.
_CHANGEABLE = {"MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"}
_WHEELS = "wheels/"
_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)")
#: Files that a message names of each kind, at most.
_SHOWN = 5


def write(folder: Path) -> None:
    """Take down the digest of every file of the model in ``folder`` as it is now."""
    _write(folder, {name: _digest(folder / name) for name in files_of(folder)})


def renew(folder: Path, names: Iterable[str]) -> None:
    """Take down the new digests of the files ``names``, which were changed on purpose; nothing without a manifest."""
    if (folder / MANIFEST).is_file():
        _write(folder, _read(folder / MANIFEST) | {name: _digest(folder / name) for name in names})


def check(folder: Path, strangers: Iterable[str] = ()) -> None:
    """Raise ``BadRequest`` when a file of the model in ``folder`` was changed, taken away or added since it was saved.

    Changes of its description and of its environment are told in a warning. A model without a manifest is not checked.
    ``strangers`` are files that lay there before the model came.
    """
    file = folder / MANIFEST
    if not settings.flag("CHECK_MODEL_FILES", default=True) or not file.is_file():
        return
    saved, here = _read(file), set(files_of(folder))
    found = {
        "missing": sorted(saved.keys() - here),
        "added": sorted(here - saved.keys() - set(strangers)),
        "changed": sorted(name for name in here & saved.keys() if _digest(folder / name) != saved[name]),
    }
    if told := _faults(found, changeable=True):
        _log.warning("The description of the model in %r is not as it was saved (%s)", str(folder), told)
    if faults := _faults(found, changeable=False):
        raise BadRequest(
            f"The model in {str(folder)!r} is not as it was saved ({faults}). Fetch or save it again; if that was done "
            f"on purpose, delete its {MANIFEST}, or set HEADRACE_CHECK_MODEL_FILES=false to load it all the same"
        )


def _faults(found: Mapping[str, Sequence[str]], *, changeable: bool) -> str:
    """What is wrong with files that may be changed, or with the others; empty when nothing is."""
    chosen = {fault: [name for name in names if _is_changeable(name) is changeable] for fault, names in found.items()}
    return "; ".join(f"{fault}: {_shown(names)}" for fault, names in chosen.items() if names)


def _is_changeable(name: str) -> bool:
    return name in _CHANGEABLE or name.startswith(_WHEELS)


def files_of(folder: Path) -> Iterator[str]:
    """The paths of the files of the model in ``folder``, without the manifest and what loading leaves behind."""
    for home, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        within = Path(home).relative_to(folder).as_posix()
        start = "" if within == "." else f"{within}/"
        # A link to a folder is not followed: what is behind it is no file of the model.
        for name in [*files, *(name for name in folders if os.path.islink(os.path.join(home, name)))]:
            if start or name not in (MANIFEST, SIGNATURE, *NOT_OURS):
                yield start + name


def _digest(file: Path) -> str:
    if not file.is_file():
        # A pipe would never end.
        raise BadRequest(f"{str(file)!r} is no file that a model can have")
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(folder: Path, digests: dict[str, str]) -> None:
    lines = []
    for name in sorted(digests):
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        lines.append(f"{'' if escaped == name else chr(92)}{digests[name]} *{escaped}\n")
    (folder / MANIFEST).write_bytes("".join(lines).encode("utf-8", "surrogateescape"))


def _read(file: Path) -> dict[str, str]:
    """The digests in a manifest, by path. Raises ``BadRequest`` when it is malformed."""
    if file.stat().st_size > _MOST:
        raise BadRequest(f"The manifest {str(file)!r} is larger than {_MOST} bytes")
    said: dict[str, str] = {}
    for number, line in enumerate(file.read_bytes().decode("utf-8", "surrogateescape").split("\n"), 1):
        found = _LINE.fullmatch(line)
        if found:
            said[_unescaped(found[3]) if found[1] else found[3]] = found[2]
        elif line:
            raise BadRequest(f"Line {number} of the manifest {str(file)!r} is no digest and path")
    return said


def _unescaped(name: str) -> str:
    meant = {"n": "\n", "r": "\r", "\\": "\\"}
    return re.sub(r"\\(.)", lambda escape: meant.get(escape[1], escape[0]), name)


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
