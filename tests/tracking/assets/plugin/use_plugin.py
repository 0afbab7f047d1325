"""A script that works where the plugin is installed, with MLflow or with headrace; prints what came of it."""

import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading
import warnings
from urllib.parse import urlparse

import mlflow
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

warnings.simplefilter("ignore")
folder = tempfile.mkdtemp()
facts = {}

mlflow.set_tracking_uri(f"sqlite:///{folder}/x.db")
number = mlflow.create_experiment("bench", artifact_location=f"shelf://{folder}/shelf")
os.environ["LAB_BENCH"] = number
with mlflow.start_run() as run:
    mlflow.log_text("hello", "a/b.txt")
    mlflow.log_dict({"a": 1}, "d.json")
read = mlflow.get_run(run.info.run_id)
facts["experiment"] = read.info.experiment_id == number
facts["tag"] = read.data.tags["lab.room"]
where = urlparse(read.info.artifact_uri).path.lstrip("/")
facts["file"] = pathlib.Path(f"/{where}/a/b.txt").read_text()
facts["listed"] = [each.path for each in mlflow.MlflowClient().list_artifacts(run.info.run_id)]
facts["loaded"] = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/d.json")
got = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/a", dst_path=tempfile.mkdtemp())
facts["downloaded"] = os.listdir(got)
repository = get_artifact_repository(f"shelf://{folder}/shelf")
facts["repository"] = [type(repository).__name__, len(repository.list_artifacts())]
plain = get_artifact_repository(folder)
plain.log_artifact(f"/{where}/d.json", "kept")
facts["plain repository"] = [each.path for each in plain.list_artifacts("kept")]

mlflow.set_tracking_uri(f"memo://{folder}/memo")
experiment = mlflow.set_experiment("in memory")
with mlflow.start_run(run_name="r") as run:
    mlflow.log_metric("m", 1, step=1)
    mlflow.log_metrics({"m": 2, "n": 3}, step=2)
    mlflow.log_params({"p": 1})
    mlflow.set_tag("t", "x")
    mlflow.log_text("kept", "k.txt")
read = mlflow.get_run(run.info.run_id)
facts["memo"] = [read.data.metrics, read.data.params, read.data.tags["t"], read.info.status, read.info.run_name]
history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")
facts["history"] = [[point.step, point.value] for point in history]
facts["found"] = [each.info.run_name for each in mlflow.search_runs(output_format="list")]
facts["text"] = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/k.txt")
try:
    mlflow.get_run("none")
except mlflow.MlflowException as error:
    facts["unknown"] = error.error_code
client = mlflow.MlflowClient()
client.create_registered_model("model", {"a": "b"})
version = client.create_model_version("model", "memo://somewhere", run.info.run_id)
facts["registry"] = [
    client.get_registered_model("model").tags,
    str(version.version),
    client.get_model_version("model", "1").run_id == run.info.run_id,
    len(client.search_model_versions()),
]


class Ear(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_GET(self):
        self.heard.append({name: self.headers.get(name) for name in ("X-Lab", "Authorization", "User-Agent")})
        body = json.dumps({"experiment": {"experiment_id": "5", "name": "heard"}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Ear)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["MLFLOW_TRACKING_AUTH"] = "badge"
mlflow.set_tracking_uri(f"http://127.0.0.1:{server.server_port}")
facts["over HTTP"] = mlflow.get_experiment("5").name
heard = Ear.heard[-1]
facts["headers"] = [heard["X-Lab"], heard["Authorization"], heard["User-Agent"].endswith("lab/1")]
print(json.dumps(facts), file=sys.stdout)
