"""Models that are scripts are saved by a clean process: what this one imported and defined, others do not have.

The process is this Python with this ``sys.path``, environment, working directory and tracking URI, and nothing else.
It runs the script once, and all that is found out about the model is found out there; this process imports none of what
the script imports.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from headrace.base import settings
from headrace.base.errors import BadRequest, HeadraceError

if TYPE_CHECKING:
    from headrace.models.flavor import Flavor, Saving

_ASKED, _ANSWER = "asked.pkl", "answer.pkl"
#: Set in the clean process, so that it does not start another.
_INSIDE = "_HEADRACE_SAVES_APART"
_PROGRAM = "import pickle, sys; sys.path[:] = pickle.loads(bytes.fromhex(sys.argv[2])); " + (
    "from headrace.models.apart import answer; answer(sys.argv[1])"
)


def wanted(script: Path | None) -> bool:
    """Whether a model is to be saved by a clean process: it is a script, nobody said otherwise, and this is none."""
    if script is None or not script.is_file() or _INSIDE in os.environ or not sys.executable:
        return False
    return settings.flag("RUN_SCRIPTS_APART", default=True)


def save(flavor: Flavor[Any], model: Any, path: Path, saving: Saving, options: Any) -> None:
    """Have a clean process save a model; what it prints is printed here. Raises the error that was raised there."""
    import cloudpickle

    asked = (type(flavor).__module__, model, str(path.absolute()), saving, options)
    with TemporaryDirectory(prefix="headrace-apart-") as made:
        try:
            (Path(made) / _ASKED).write_bytes(cloudpickle.dumps(asked))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise BadRequest(
                "A script is run by a process of its own, which cannot be given what was said beside it: "
                f"{error}. Give other things, or set HEADRACE_RUN_SCRIPTS_APART=false"
            ) from error
        code = _run(Path(made))
        file = Path(made) / _ANSWER
        if not file.is_file():
            raise HeadraceError(f"The process that ran the script ended with code {code} before the model was saved")
        raised, where, told = pickle.loads(file.read_bytes())  # noqa: S301  (what the process wrote that was started above)
    for name, level, text in told:
        logging.getLogger(name).log(level, "%s", text)
    if raised is not None:
        raised.add_note(f"Where it was raised, in the process that ran the script:\n{where}")
        raise raised


def _run(folder: Path) -> int:
    from headrace.tracking import get_tracking_uri

    command = [sys.executable, "-c", _PROGRAM, str(folder), pickle.dumps(sys.path).hex()]
    environment = {**os.environ, _INSIDE: "1", "HEADRACE_TRACKING_URI": get_tracking_uri()}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # In a notebook what is written to the terminal is seen by nobody: sys.stdout is not the process's own.
        reader = threading.Thread(target=_pass_on, args=(process.stderr, sys.stderr), daemon=True)
        reader.start()
        try:
            _pass_on(process.stdout, sys.stdout)
            reader.join()
        except BaseException:
            process.kill()
            raise
    return process.returncode


def _pass_on(said: IO[str], to: IO[str]) -> None:
    for line in said:
        to.write(line)
        to.flush()


def answer(folder: str) -> None:
    """In the clean process: save what was asked for, and leave the error that came up, or that there was none."""
    import importlib

    from headrace.models import saving as here

    asked = (Path(folder) / _ASKED).read_bytes()
    module, model, path, saving, options = pickle.loads(asked)  # noqa: S301  (what the process wrote that started this)
    # What travels with the model is found wherever it lies now, as it will be when the model is loaded.
    sys.path += [str(Path(each).resolve().parent) for each in saving.code_paths or []]
    error: BaseException | None = None
    where = ""
    listening = _Listening()
    try:
        here.save(importlib.import_module(module).FLAVOR, model, path, saving, options)
    except Exception as raised:  # whatever it is, the process that waits must be told
        where = "".join(traceback.format_exception(raised))
        error = raised if isinstance(raised, HeadraceError) else HeadraceError(f"{type(raised).__name__}: {raised}")
    try:
        said = pickle.dumps((error, where, listening.told))
    except (pickle.PicklingError, TypeError, AttributeError):
        said = pickle.dumps((BadRequest(str(error)), where, listening.told))
    (Path(folder) / _ANSWER).write_bytes(said)


class _Listening(logging.Handler):
    """Keeps what headrace logs, to be logged where the user set up how: name, level and text."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int, str]] = []
        logger = logging.getLogger("headrace")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append((record.name, record.levelno, record.getMessage()))
