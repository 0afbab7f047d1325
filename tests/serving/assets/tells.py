"""A model that tells its answer part by part, and keeps account of it in a folder."""

import time
from pathlib import Path

import headrace as mlflow


class Tells(mlflow.pyfunc.PythonModel):
    """Asked with a folder and what to do there."""

    def predict(self, context, model_input, params=None):
        """Everything at once."""
        return ["whole"]

    def predict_stream(self, context, model_input, params=None):
        """``endless`` parts of 64 KB; or words around a wait for the file ``go``; ``silent`` waits first."""
        home, what = Path(str(model_input[0])), str(model_input[1])
        count = 0
        try:
            while what == "endless":
                count += 1
                (home / "count").write_text(str(count))
                yield "x" * 65536
            if what == "words":
                yield "first"
            while not (home / "go").exists():
                time.sleep(0.01)
            if what == "fails":
                raise ValueError("no more")
            yield "last"
        finally:
            (home / "closed").touch()


mlflow.models.set_model(Tells())
