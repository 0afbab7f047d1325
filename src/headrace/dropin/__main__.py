"""``python -m headrace.dropin script.py …`` runs a script, ``-m module …`` a module, whose ``mlflow`` is headrace."""

from __future__ import annotations

import os
import runpy
import sys

from headrace.dropin import STAND_IN, install

_USAGE = """\
usage: python -m headrace.dropin script.py [argument ...]
       python -m headrace.dropin -m module [argument ...]"""


def main(arguments: list[str]) -> None:
    """Run what the arguments name. The processes it starts find the same ``mlflow``."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        sys.exit(0 if arguments else 2)
    named = arguments[0] == "-m"
    if named and len(arguments) < 2:
        sys.exit(_USAGE)
    stand_in = str(STAND_IN)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [stand_in, os.environ.get("PYTHONPATH")]))
    # The folder of the script, or the current one, stands first as ever.
    sys.path.insert(1, stand_in)
    install(os.path.join(stand_in, "mlflow"))
    if named:
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        if not os.path.exists(arguments[0]):
            sys.exit(f"There is no script {arguments[0]}\n{_USAGE}")
        sys.argv = arguments
        sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
