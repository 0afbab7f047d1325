"""What somebody who helps wants to know of this process: ``mlflow.doctor()``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys

from headrace import __version__
from headrace.base.connection import without_credentials
from headrace.tracking.uri import get_registry_uri, get_tracking_uri

#: Libraries whose versions matter to what is logged and saved.
_LIBRARIES = "numpy pandas polars pyarrow scikit-learn skops cloudpickle psycopg pymysql msgspec urllib3".split()
_SECRET = re.compile("PASSWORD|TOKEN|SECRET|KEY|CREDENTIAL|AUTH", re.IGNORECASE)


def doctor(mask_envs: bool = False) -> None:
    """Print versions, places and settings. Secrets are never printed; with ``mask_envs`` no setting's value is."""
    for name, said in _facts(mask_envs).items():
        print(f"{name}: {said}")


def _facts(mask_envs: bool) -> dict[str, str]:
    found = {
        "headrace": __version__,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "tracking URI": without_credentials(get_tracking_uri()),
        "registry URI": without_credentials(get_registry_uri()),
    }
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    for name, value in sorted(os.environ.items()):
        if name.startswith(("HEADRACE_", "MLFLOW_")):
            found[name] = "***" if mask_envs or _SECRET.search(name) else without_credentials(value)
    return found
