"""A model from code that imports a module of ours: ``code_paths`` says what travels with the script.

python examples/models_from_code/code_paths.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

try:
    import headrace as mlflow
except ModuleNotFoundError:
    import mlflow  # the same program, with MLflow itself

HERE = Path(__file__).parent
#: Loads the model where calculator.py is nowhere to be found, but in the model.
ELSEWHERE = """
import sys
import pandas as pd
try:
    import headrace as mlflow
except ModuleNotFoundError:
    import mlflow
rows = pd.DataFrame({"operation": ["divide"], "left": [1.0], "right": [8.0]})
print(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows))
"""


def main() -> None:
    rows = pd.DataFrame({"operation": ["add", "multiply"], "left": [2.0, 3.0], "right": [5.0, 7.0]})
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="calculations",
            python_model=str(HERE / "calculations.py"),
            code_paths=[str(HERE / "calculator.py")],
            input_example=rows,
        )
    results = list(mlflow.pyfunc.load_model(info.model_uri).predict(rows))
    print(results)
    assert results == [7.0, 21.0]
    with tempfile.TemporaryDirectory() as folder:
        mlflow.artifacts.download_artifacts(artifact_uri=info.model_uri, dst_path=folder)
        told = subprocess.run(
            [sys.executable, "-c", ELSEWHERE, folder], cwd=folder, capture_output=True, text=True, check=True
        )
    print("Elsewhere:", told.stdout.strip())
    assert told.stdout.strip() == "[0.125]"


if __name__ == "__main__":
    main()
