"""How large the image of a scikit-learn model is: as it travels, compressed, and unpacked. Needs buildah.

    python -m benchmarks.shipping [--base-image IMAGE]

The base image is Docker's of this Python unless another is named. Where no namespaces can be made, set
``BUILDAH_ISOLATION=chroot`` and ``STORAGE_DRIVER=vfs``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

#: MB, compressed, as a registry keeps it and a machine fetches it.
BUDGET = 250
_NAME = "headrace-benchmark/model"


def main() -> int:
    """Build, measure, print; 1 when it is too large."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--base-image")
    base = asked.parse_args().base_image
    os.environ["HEADRACE_IMAGE_BUILDER"] = "buildah"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _save(folder / "model")
        _build(folder / "model", base)
        subprocess.run(["buildah", "push", "--quiet", _NAME, f"dir:{folder / 'image'}"], check=True)
        compressed = sum(file.stat().st_size for file in (folder / "image").iterdir()) / 1e6
    said = json.loads(
        subprocess.run(["buildah", "inspect", "--type", "image", _NAME], capture_output=True, check=True).stdout
    )
    layers = len(said["OCIv1"]["rootfs"]["diff_ids"])
    listed = json.loads(subprocess.run(["buildah", "images", "--json", _NAME], capture_output=True, check=True).stdout)
    subprocess.run(["buildah", "rmi", _NAME], capture_output=True, check=True)
    verdict = "kept" if compressed <= BUDGET else "BROKEN"
    print(f"image of a scikit-learn model  {compressed:.0f} MB in {layers} layers, budget {BUDGET} {verdict}")
    print(f"unpacked                       {listed[0]['size']}")
    return verdict != "kept"


def _save(folder: Path) -> None:
    import pandas
    from sklearn.linear_model import LogisticRegression

    import headrace as mlflow

    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1, 2, 3, 4]})
    model = LogisticRegression().fit(table, [0, 0, 1, 1])
    mlflow.sklearn.save_model(model, str(folder), input_example=table[:2])


def _build(model: Path, base: str | None) -> None:
    words = [sys.executable, "-m", "headrace", "models", "build-docker", "-m", str(model), "-n", _NAME]
    words += ["--headrace-home", str(Path(__file__).parents[1]), "--network", "host"]
    words += ["--base-image", base] if base else []
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])


if __name__ == "__main__":
    sys.exit(main())
