"""Small things that scripts do without thinking, each by itself: what comes back, or which error is raised.

``python idioms.py CLIENT FOLDER URI`` does them all against one server and writes ``FOLDER/idioms.json``.
"""

from __future__ import annotations

import datetime
import importlib
import io
import json
import math
import os
import re
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

Idiom = Callable[[Any], Any]
IDIOMS: dict[str, Idiom] = {}


def idiom(function: Idiom) -> Idiom:
    """Note an idiom by its name."""
    IDIOMS[function.__name__.replace("_", " ").strip()] = function
    return function


def main(client: str, folder: str, uri: str) -> None:
    """Do every idiom, in an experiment of its own, and write what came of it."""
    mlflow = importlib.import_module(client)
    mlflow.set_tracking_uri(uri)
    facts = {}
    for name, function in IDIOMS.items():
        mlflow.set_experiment(f"{name} {uuid.uuid4().hex[:8]}")
        try:
            facts[name] = _plain(function(mlflow))
        except Exception as error:
            facts[name] = _error(mlflow, error)
        while mlflow.active_run():
            mlflow.end_run()
    Path(folder, "idioms.json").write_text(json.dumps(facts, indent=1))


def _error(mlflow: Any, error: Exception) -> list[str]:
    if isinstance(error, mlflow.exceptions.MlflowException):
        return ["MlflowException", error.error_code]
    return [next(each.__name__ for each in type(error).__mro__ if each.__module__ == "builtins")]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _run(mlflow: Any) -> Any:
    return mlflow.get_run(mlflow.active_run().info.run_id)


@idiom
def _numbers_of_libraries_are_metrics(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run() as run:
        for key, value in {
            "float32": numpy.float32(0.5),
            "int64": numpy.int64(7),
            "array": numpy.array([2.5]),
            "bool": True,
            "text": "3.5",
            "nan": float("nan"),
            "scalar array": numpy.array(4),
        }.items():
            mlflow.log_metric(key, value)
    return mlflow.get_run(run.info.run_id).data.metrics


@idiom
def _text_is_no_metric(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_metric("m", "high")


@idiom
def _nothing_is_no_metric(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_metric("m", None)


@idiom
def _two_numbers_are_no_metric(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run():
        mlflow.log_metric("m", numpy.array([1, 2]))


@idiom
def _params_are_their_text(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        said = mlflow.log_param("returned", 5)
        nothing = mlflow.log_params({"none": None, "list": [1, "a"], "dict": {"a": 1}, "bool": True, "float": 0.1})
    return [said, nothing, mlflow.get_run(run.info.run_id).data.params]


@idiom
def _a_param_does_not_change(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_param("p", 1)
        mlflow.log_param("p", 1)
        mlflow.log_param("p", 2)


@idiom
def _params_of_one_call_do_not_contradict(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        same = [mlflow.entities.Param("p", "1"), mlflow.entities.Param("p", "2")]
        mlflow.MlflowClient().log_batch(run.info.run_id, params=same)


@idiom
def _many_metrics_and_params_go_in_one_call(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_metrics({f"m{n}": n for n in range(1500)})
        mlflow.log_params({f"p{n}": n for n in range(250)})
        mlflow.set_tags({f"t{n}": n for n in range(250)})
    data = mlflow.get_run(run.info.run_id).data
    return [len(data.metrics), len(data.params), len([key for key in data.tags if key[0] == "t"])]


@idiom
def _an_empty_call_is_fine(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        return [
            mlflow.log_metrics({}),
            mlflow.log_params({}),
            mlflow.set_tags({}),
            mlflow.MlflowClient().log_batch(run.info.run_id),
        ]


@idiom
def _logging_opens_a_run(mlflow: Any) -> Any:
    mlflow.log_metric("m", 1)
    return [mlflow.active_run() is not None, _run(mlflow).data.metrics]


@idiom
def _a_run_inside_of_a_run_must_be_nested(mlflow: Any) -> Any:
    mlflow.start_run()
    mlflow.start_run()


@idiom
def _nested_runs_know_their_parent(mlflow: Any) -> Any:
    with mlflow.start_run() as outer, mlflow.start_run(nested=True) as inner:
        parent = mlflow.get_parent_run(inner.info.run_id)
        return [parent.info.run_id == outer.info.run_id, mlflow.get_parent_run(outer.info.run_id)]


@idiom
def _a_parent_is_named(mlflow: Any) -> Any:
    with mlflow.start_run() as outer:
        pass
    with mlflow.start_run(parent_run_id=outer.info.run_id) as inner:
        pass
    return mlflow.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id


@idiom
def _a_run_is_taken_up_again(mlflow: Any) -> Any:
    with mlflow.start_run(run_name="first", tags={"a": "1"}) as run:
        mlflow.log_metric("m", 1)
    with mlflow.start_run(run_id=run.info.run_id, tags={"b": "2"}, description="again") as again:
        status = mlflow.get_run(run.info.run_id).info.status
        mlflow.log_metric("m", 2)
    tags = mlflow.get_run(run.info.run_id).data.tags
    return [
        again.info.run_id == run.info.run_id,
        status,
        mlflow.get_run(run.info.run_id).info.status,
        mlflow.get_run(run.info.run_id).info.run_name,
        {key: tags.get(key) for key in ("a", "b", "mlflow.note.content")},
    ]


@idiom
def _a_run_that_raises_has_failed(mlflow: Any) -> Any:
    try:
        with mlflow.start_run() as run:
            raise KeyError("x")
    except KeyError:
        return mlflow.get_run(run.info.run_id).info.status


@idiom
def _a_deleted_run_takes_nothing(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    mlflow.MlflowClient().log_metric(run.info.run_id, "m", 1)


@idiom
def _a_deleted_run_is_not_taken_up(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    mlflow.start_run(run_id=run.info.run_id)


@idiom
def _a_finished_run_still_takes_metrics(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        pass
    mlflow.MlflowClient().log_metric(run.info.run_id, "m", 1)
    return mlflow.get_run(run.info.run_id).data.metrics


@idiom
def _a_status_nobody_knows_ends_no_run(mlflow: Any) -> Any:
    mlflow.start_run()
    mlflow.end_run("DONE")


@idiom
def _what_is_logged_later_arrives(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        waiting = [mlflow.log_metric("m", n, step=n, synchronous=False) for n in range(50)]
        waiting.append(mlflow.log_param("p", "1", synchronous=False))
        waiting.append(mlflow.set_tag("t", "1", synchronous=False))
        waiting.append(mlflow.log_params({"q": 1}, synchronous=False))
        for each in waiting:
            each.wait()
    read = mlflow.get_run(run.info.run_id).data
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")
    return [read.metrics, read.params, read.tags["t"], sorted(point.step for point in history)]


@idiom
def _what_is_logged_later_may_be_refused(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_param("p", 1)
        mlflow.log_param("p", 2, synchronous=False).wait()


@idiom
def _async_logging_is_switched_on(mlflow: Any) -> Any:
    mlflow.config.enable_async_logging()
    try:
        with mlflow.start_run() as run:
            kind = type(mlflow.log_metric("m", 1)).__name__
            mlflow.flush_async_logging()
        return [kind, mlflow.get_run(run.info.run_id).data.metrics]
    finally:
        mlflow.config.enable_async_logging(False)


@idiom
def _pictures_in_a_series_have_names(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run() as run:
        for step in (0, 1):
            mlflow.log_image(numpy.zeros((300, 600, 3), dtype=numpy.uint8), key="a/b", step=step, timestamp=7)
        mlflow.flush_artifact_async_logging()
    listed = mlflow.MlflowClient().list_artifacts(run.info.run_id, "images")
    names = sorted(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", each.path).replace("%", "~") for each in listed)
    small = next(each.path for each in listed if each.path.endswith("webp"))
    picture = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/{small}")
    return [names, picture.size, picture.format, mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedImages"]]


@idiom
def _pictures_are_of_several_kinds(mlflow: Any) -> Any:
    import numpy
    import PIL.Image

    kinds = {
        "pillow": PIL.Image.new("RGB", (4, 3), (255, 0, 0)),
        "floats": numpy.linspace(0, 1, 12).reshape(3, 4),
        "bools": numpy.array([[True, False], [False, True]]),
        "channel": numpy.full((3, 4, 1), 7, dtype=numpy.uint8),
        "alpha": numpy.full((3, 4, 4), 9, dtype=numpy.uint8),
        "image": mlflow.Image(numpy.full((3, 4), 5, dtype=numpy.uint8)),
    }
    with mlflow.start_run() as run:
        for name, picture in kinds.items():
            mlflow.log_image(picture, f"{name}.png")
        mlflow.flush_artifact_async_logging()
    found = {}
    for name in kinds:
        read = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/{name}.png")
        found[name] = [read.mode, read.size, numpy.array(read).astype(int).ravel()[:12].tolist()]
    return found


@idiom
def _a_picture_needs_a_name(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run():
        mlflow.log_image(numpy.zeros((2, 2), dtype=numpy.uint8))


@idiom
def _a_picture_has_one_name(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run():
        mlflow.log_image(numpy.zeros((2, 2), dtype=numpy.uint8), "x.png", key="k")


@idiom
def _a_picture_has_two_or_three_dimensions(mlflow: Any) -> Any:
    import numpy

    with mlflow.start_run():
        mlflow.log_image(numpy.zeros((2, 2, 2, 2), dtype=numpy.uint8), "x.png")


@idiom
def _an_image_is_of_any_kind(mlflow: Any) -> Any:
    import numpy

    image = mlflow.Image([[0, 255], [255, 0]])
    smaller = mlflow.Image(numpy.zeros((8, 8, 3), dtype=numpy.uint8)).resize((2, 4))
    return [image.to_list(), image.to_array().tolist(), image.to_pil().size, smaller.to_array().shape]


@idiom
def _tables_grow_and_load(mlflow: Any) -> Any:
    import pandas

    with mlflow.start_run() as run:
        mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "t.json")
        mlflow.log_table(pandas.DataFrame({"q": ["c"], "more": [1.5]}), "t.json")
        mlflow.log_table({"q": "one", "n": 9}, "t.json")
    table = mlflow.load_table("t.json", extra_columns=["run_id"])
    tags = json.loads(mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"])
    return [
        list(table.columns),
        [
            [None if isinstance(x, float) and math.isnan(x) else x for x in row]
            for row in table[["q", "n", "more"]].values.tolist()
        ],
        set(table["run_id"]) == {run.info.run_id},
        tags,
    ]


@idiom
def _a_table_is_json_or_parquet(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_table({"a": [1]}, "t.csv")


@idiom
def _a_table_nobody_logged_is_not_there(mlflow: Any) -> Any:
    with mlflow.start_run():
        pass
    mlflow.load_table("t.json")


@idiom
def _a_frame_of_runs_has_columns(mlflow: Any) -> Any:
    for n in range(2):
        with mlflow.start_run(run_name=f"r{n}"):
            mlflow.log_metric("m", n)
            mlflow.log_param(f"p{n}", n)
    frame = mlflow.search_runs(order_by=["metrics.m ASC"])
    columns = list(frame.columns)
    fixed = columns[:6]
    rest = [each for each in columns[6:] if not each.startswith("tags.")]
    kinds = {each: str(frame[each].dtype) for each in (*fixed, *sorted(rest))}
    first = frame.iloc[0]
    return [
        fixed,
        sorted(rest),
        columns.index(sorted(rest)[0]) < min(n for n, each in enumerate(columns) if each.startswith("tags.")),
        kinds,
        [first["params.p0"], first["params.p1"], first["metrics.m"], first["tags.mlflow.runName"]],
    ]


@idiom
def _a_frame_of_no_runs_has_columns_too(mlflow: Any) -> Any:
    frame = mlflow.search_runs(filter_string="metrics.m > 5")
    return [list(frame.columns), frame.shape, {each: str(frame[each].dtype) for each in frame.columns}]


@idiom
def _an_unfinished_run_has_no_end(mlflow: Any) -> Any:
    with mlflow.start_run():
        frame = mlflow.search_runs()
    return [str(frame["end_time"][0]), str(frame["end_time"].dtype), type(frame["start_time"][0]).__name__]


@idiom
def _runs_are_found_as_a_list(mlflow: Any) -> Any:
    with mlflow.start_run():
        pass
    found = mlflow.search_runs(output_format="list")
    return [type(found).__name__, [type(each).__name__ for each in found]]


@idiom
def _an_output_format_is_known(mlflow: Any) -> Any:
    mlflow.search_runs(output_format="csv")


@idiom
def _experiments_are_named_once(mlflow: Any) -> Any:
    mlflow.search_runs(experiment_ids=["0"], experiment_names=["Default"])


@idiom
def _an_experiment_nobody_knows_has_no_runs(mlflow: Any) -> Any:
    return mlflow.search_runs(experiment_names=[f"none {uuid.uuid4().hex}"]).shape[0]


@idiom
def _a_frame_of_logged_models_has_columns(mlflow: Any) -> Any:
    mlflow.initialize_logged_model(name="m", params={"a": "1"}, tags={"x": "y"})
    frame = mlflow.search_logged_models()
    row = frame.iloc[0]
    return [
        sorted(frame.columns),
        row["name"],
        row["params"],
        row["tags"]["x"],
        frame["creation_timestamp"].dtype,
        row["metrics"] or None,
        row["source_run_id"] or None,
        type(row["status"]).__name__,
    ]


@idiom
def _logged_models_go_from_pending_to_ready(mlflow: Any) -> Any:
    model = mlflow.initialize_logged_model(name="m")
    states = [model.status.value]
    states.append(mlflow.finalize_logged_model(model.model_id, "READY").status.value)
    mlflow.set_logged_model_tags(model.model_id, {"a": 1})
    mlflow.log_model_params({"p": "1"}, model.model_id)
    read = mlflow.get_logged_model(model.model_id)
    mlflow.delete_logged_model_tag(model.model_id, "a")
    return [states, read.tags["a"], read.params, "a" in mlflow.get_logged_model(model.model_id).tags]


@idiom
def _a_model_is_active(mlflow: Any) -> Any:
    with mlflow.set_active_model(name="thing") as model:
        inside = mlflow.get_active_model_id() == model.model_id
        with mlflow.start_run():
            mlflow.log_metric("m", 1)
    outside = mlflow.get_active_model_id()
    read = mlflow.get_logged_model(model.model_id)
    return [
        inside,
        outside,
        [[each.key, each.value] for each in read.metrics],
        read.tags.get("mlflow.model.isExternal"),
    ]


@idiom
def _an_unknown_model_is_not_finalized(mlflow: Any) -> Any:
    mlflow.finalize_logged_model("m-" + "0" * 32, "READY")


@idiom
def _experiments_have_tags(mlflow: Any) -> Any:
    mlflow.set_experiment_tag("a", 1)
    mlflow.set_experiment_tags({"b": 2, "c": 3})
    mlflow.delete_experiment_tag("c")
    number = mlflow.start_run().info.experiment_id
    return {key: value for key, value in mlflow.get_experiment(number).tags.items() if len(key) == 1}


@idiom
def _a_deleted_experiment_is_not_worked_in(mlflow: Any) -> Any:
    name = uuid.uuid4().hex
    mlflow.delete_experiment(mlflow.create_experiment(name))
    mlflow.set_experiment(name)


@idiom
def _an_experiment_is_named_or_numbered(mlflow: Any) -> Any:
    mlflow.set_experiment()


@idiom
def _an_experiment_nobody_made_is_not_chosen(mlflow: Any) -> Any:
    mlflow.set_experiment(experiment_id="987654321")


@idiom
def _a_name_is_taken_once(mlflow: Any) -> Any:
    name = uuid.uuid4().hex
    mlflow.create_experiment(name)
    mlflow.create_experiment(name)


@idiom
def _an_unknown_experiment_is_none_by_name(mlflow: Any) -> Any:
    return mlflow.get_experiment_by_name(uuid.uuid4().hex)


@idiom
def _an_experiment_comes_back_from_its_deletion(mlflow: Any) -> Any:
    number = mlflow.create_experiment(uuid.uuid4().hex)
    stages = []
    for step in (mlflow.delete_experiment, mlflow.restore_experiment):
        step(number)
        stages.append(mlflow.get_experiment(number).lifecycle_stage)
    return stages


@idiom
def _dictionaries_and_texts_are_files(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_dict({"b": 1, "a": [1, None]}, "d.json")
        mlflow.log_dict({"b": 1, "a": [1]}, "d.yaml")
        mlflow.log_dict({"b": 1}, "plain")
        mlflow.log_text("<p>", "t.html")
        mlflow.log_stream(io.BytesIO(b"abc"), "s.bin")
    where = f"runs:/{run.info.run_id}"
    return [mlflow.artifacts.load_text(f"{where}/{name}") for name in ("d.json", "d.yaml", "plain", "t.html", "s.bin")]


@idiom
def _figures_are_files(mlflow: Any) -> Any:
    import matplotlib.figure

    figure = matplotlib.figure.Figure()
    figure.subplots().plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "a/f.png")
        mlflow.log_figure(figure, "f.svg", save_kwargs={"transparent": True})
    return [each.path for each in mlflow.MlflowClient().list_artifacts(run.info.run_id)]


@idiom
def _a_figure_is_a_figure(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_figure("figure", "f.png")


@idiom
def _an_artifact_does_not_leave_its_run(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_text("x", "../x.txt")


@idiom
def _an_artifact_nobody_logged_is_not_loaded(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_text("x", "x.txt")
    mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/y.txt")


@idiom
def _what_is_no_json_is_no_dictionary(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_text("{", "x.json")
    mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/x.json")


@idiom
def _files_are_listed_and_downloaded(mlflow: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        Path(folder, "deep").mkdir()
        Path(folder, "deep", "x.txt").write_text("x")
        Path(folder, "y.txt").write_text("why")
        mlflow.log_artifact(os.path.join(folder, "y.txt"), "docs")
        mlflow.log_artifacts(folder, "all")
        target = os.path.join(folder, "back")
        os.mkdir(target)
        got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all", dst_path=target)
        files = sorted(str(each.relative_to(target)) for each in Path(target).rglob("*") if each.is_file())
        listed = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="all")
        return [
            os.path.basename(got.rstrip("/")),
            files,
            [[each.path, each.is_dir, each.file_size] for each in listed],
            mlflow.get_artifact_uri("docs").rpartition("/")[2],
        ]


@idiom
def _nothing_is_not_logged(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_artifact("/nowhere/at/all")


@idiom
def _a_run_says_where_it_comes_from(mlflow: Any) -> Any:
    with mlflow.start_run(tags={"mlflow.user": "somebody"}, description="why") as run:
        pass
    tags = mlflow.get_run(run.info.run_id).data.tags
    return [
        sorted(tags),
        os.path.basename(tags["mlflow.source.name"]),
        tags["mlflow.source.type"],
        tags["mlflow.user"],
        tags["mlflow.note.content"],
        mlflow.get_run(run.info.run_id).info.run_name == tags["mlflow.runName"],
    ]


@idiom
def _a_description_is_given_once(mlflow: Any) -> Any:
    mlflow.start_run(tags={"mlflow.note.content": "a"}, description="b")


@idiom
def _steps_and_times_are_kept(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=5, timestamp=1000)
        mlflow.log_metric("m", 2, step=-3, timestamp=999)
        mlflow.log_metric("m", 3, step=5, timestamp=1000)
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")
    return [
        sorted([each.timestamp, each.step, each.value] for each in history),
        mlflow.get_run(run.info.run_id).data.metrics,
    ]


@idiom
def _tags_are_text_and_go_away(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.set_tag("a", None)
        mlflow.set_tag("b", datetime.date(2020, 1, 2))
        mlflow.set_tag("c", 1)
        mlflow.delete_tag("c")
        tags = mlflow.get_run(run.info.run_id).data.tags
        return {key: value for key, value in tags.items() if len(key) == 1}


@idiom
def _a_tag_nobody_set_does_not_go_away(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.delete_tag("none")


@idiom
def _a_key_has_no_strange_letters(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_metric("a#b", 1)


@idiom
def _a_key_has_a_length(mlflow: Any) -> Any:
    with mlflow.start_run():
        mlflow.log_param("k" * 251, 1)


@idiom
def _threads_have_runs_of_their_own(mlflow: Any) -> Any:
    seen: list[Any] = []
    with mlflow.start_run():
        thread = threading.Thread(target=lambda: seen.append(mlflow.active_run()))
        thread.start()
        thread.join()
    return seen


@idiom
def _the_last_run_is_known(mlflow: Any) -> Any:
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    last = mlflow.last_active_run()
    return [last.info.run_id == run.info.run_id, last.info.status, last.data.metrics]


@idiom
def _a_run_that_does_not_exist_is_not_found(mlflow: Any) -> Any:
    mlflow.get_run("0" * 32)


@idiom
def _pages_know_the_next(mlflow: Any) -> Any:
    for _ in range(3):
        with mlflow.start_run():
            pass
    client = mlflow.MlflowClient()
    where = [mlflow.start_run().info.experiment_id]
    first = client.search_runs(where, max_results=3)
    second = client.search_runs(where, max_results=3, page_token=first.token)
    return [len(first), bool(first.token), len(second), second.token, type(first).__name__]


@idiom
def _records_are_dictionaries(mlflow: Any) -> Any:
    with mlflow.start_run(run_name="r") as run:
        mlflow.log_metric("m", 1)
        mlflow.log_param("p", 1)
    read = mlflow.get_run(run.info.run_id)
    told = read.to_dictionary()
    return [
        sorted(told),
        sorted(told["info"]),
        sorted(told["data"]),
        told["data"]["metrics"],
        told["data"]["params"],
        sorted(dict(read.info)),
        sorted(dict(mlflow.get_experiment("0"))),
        sorted(told["inputs"]),
        sorted(told["outputs"]),
        dict(mlflow.entities.Metric("k", 1.0, 2, 3)),
    ]


@idiom
def _models_are_registered_and_found(mlflow: Any) -> Any:
    client, name = mlflow.MlflowClient(), uuid.uuid4().hex
    with mlflow.start_run() as run:
        mlflow.log_text("x", "model/MLmodel")
    client.create_registered_model(name, {"a": "b"}, "words")
    version = client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id, {"c": "d"})
    client.set_registered_model_alias(name, "best", version.version)
    client.transition_model_version_stage(name, version.version, "Staging")
    read = client.get_model_version(name, version.version)
    model = client.get_registered_model(name)
    found = mlflow.search_registered_models(filter_string=f"name = '{name}'")
    versions = mlflow.search_model_versions(filter_string=f"name = '{name}'")
    return [
        [str(version.version), read.status, read.current_stage, read.tags, list(read.aliases), read.description or ""],
        [model.description, model.tags, {key: str(each) for key, each in model.aliases.items()}],
        [len(found), type(found).__name__, len(versions), type(versions).__name__],
        [str(each.version) for each in client.get_latest_versions(name)],
        client.get_model_version_stages(name, version.version),
        [str(each.version) for each in model.latest_versions],
    ]


@idiom
def _a_version_nobody_made_is_not_found(mlflow: Any) -> Any:
    mlflow.MlflowClient().get_model_version(uuid.uuid4().hex, "1")


@idiom
def _a_stage_is_known(mlflow: Any) -> Any:
    client, name = mlflow.MlflowClient(), uuid.uuid4().hex
    client.create_registered_model(name)
    client.create_model_version(name, "/somewhere", None)
    client.transition_model_version_stage(name, "1", "Live")


@idiom
def _what_a_run_read_is_noted_and_found(mlflow: Any) -> Any:
    import numpy
    import pandas

    rows = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    table = mlflow.data.from_pandas(rows, "s3://bucket/rows.csv", "a", "rows")
    arrays = mlflow.data.from_numpy(numpy.arange(6).reshape(2, 3), "https://host/x.npy", numpy.arange(2), "arrays")
    with mlflow.start_run() as run:
        mlflow.log_input(table, "training", {"split": "half"})
        mlflow.log_inputs([arrays], ["eval"], [None])
        mlflow.log_input(table, "test", {"split": "other"})
    noted = sorted(mlflow.get_run(run.info.run_id).inputs.dataset_inputs, key=lambda each: each.dataset.name)
    asked = ("name = 'rows'", f"digest = '{arrays.digest}'", "context = 'eval'", "context = 'test'")
    return [
        [dict(each.dataset) for each in noted],
        [{tag.key: tag.value for tag in each.tags if not tag.key.startswith("headrace.")} for each in noted],
        [type(mlflow.data.get_source(each)).__name__ for each in noted],
        [len(mlflow.search_runs(filter_string=f"dataset.{each}")) for each in asked],
    ]


@idiom
def _a_column_that_is_not_there_is_no_target(mlflow: Any) -> Any:
    import pandas

    mlflow.data.from_pandas(pandas.DataFrame({"a": [1]}), targets="b")


@idiom
def _a_place_nobody_knows_is_no_source(mlflow: Any) -> Any:
    import pandas

    mlflow.data.from_pandas(pandas.DataFrame({"a": [1]}), source="nowhere://rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
