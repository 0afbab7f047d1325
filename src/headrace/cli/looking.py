"""Looking at runs in the terminal: ``headrace runs show``, ``diff``, ``tail`` and ``plot``."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from typing import Any

import click

from headrace.cli import output
from headrace.cli.drawing import chart, sparkline

#: Points that a sparkline and a chart are drawn of; none of the extremes is ever missing among them.
_POINTS = 1000
#: Metrics that are shown with a sparkline, at most.
_SPARKS = 100
_LAST_STEP = 2**63 - 1
_GOING = ("RUNNING", "SCHEDULED")


@click.command("show")
@click.argument("run_id")
@output.JSON
@output.TRACKING
def show(run_id: str, as_json: bool, tracking_uri: str | None) -> None:
    """Show a run: what it is, its params, its metrics with their course, its tags and inputs."""
    client = output.client(tracking_uri)
    run = client.get_run(run_id)
    if as_json:
        output.print_json(told(run))
        return
    info = run.info
    click.secho(f"{info.run_name or ''}  {info.run_id}", bold=True)
    facts = {
        "status": info.status + ("" if info.lifecycle_stage == "active" else " (deleted)"),
        "experiment": info.experiment_id,
        "user": info.user_id,
        "started": output.moment(info.start_time),
        "ended": output.moment(info.end_time),
        "took": _span(info),
        "artifacts": info.artifact_uri,
    }
    for key, value in facts.items():
        if value:
            click.echo(f"  {key:<11}{value}")
    _section("Params", ("param", "value"), sorted(run.data.params.items()))
    keys = sorted(run.data.metrics)
    rows = [
        (
            key,
            output.number(run.data.metrics[key]),
            sparkline([point.value for point in _course(client, [run_id], key)]),
        )
        for key in keys[:_SPARKS]
    ]
    rows += [(key, output.number(run.data.metrics[key]), "") for key in keys[_SPARKS:]]
    _section("Metrics", ("metric", "last", "course"), rows)
    _section("Tags", ("tag", "value"), sorted(run.data.tags.items()))
    inputs = run.inputs.dataset_inputs if run.inputs else []
    _section("Datasets", ("dataset", "digest"), [(each.dataset.name, each.dataset.digest) for each in inputs])


@click.command("diff")
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN_ID RUN_ID...")
@click.option("--all", "everything", is_flag=True, help="Show what is the same as well.")
@output.JSON
@output.TRACKING
def diff(run_ids: tuple[str, ...], everything: bool, as_json: bool, tracking_uri: str | None) -> None:
    """Show in what runs differ: status, params, metrics, tags and datasets."""
    if len(run_ids) < 2:
        raise click.UsageError("Give two runs or more.")
    client = output.client(tracking_uri)
    columns = [_fields(client.get_run(run_id)) for run_id in run_ids]
    keys = list(dict.fromkeys(key for column in columns for key in column))
    rows = [
        (key, [column.get(key) for column in columns]) for key in sorted(keys, key=lambda key: _ORDER.index(key[0]))
    ]
    shown = [(key, row) for key, row in rows if everything or len({repr(value) for value in row}) > 1]
    if as_json:
        output.print_json(
            [{"kind": kind, "key": key, "values": dict(zip(run_ids, row, strict=True))} for (kind, key), row in shown]
        )
    elif shown:
        text = ([kind, key, *(_text(value) for value in row)] for (kind, key), row in shown)
        output.print_table(("", "", *run_ids), text)
    else:
        click.echo("The runs do not differ.")


@click.command("tail")
@click.argument("run_id")
@click.option(
    "--metric", "-m", "metrics", multiple=True, metavar="NAME", help="Only this metric; several may be given."
)
@click.option("--interval", type=click.FloatRange(0.05), default=1.0, show_default=True, help="Seconds between looks.")
@output.JSON
@output.TRACKING
def tail(run_id: str, metrics: tuple[str, ...], interval: float, as_json: bool, tracking_uri: str | None) -> None:
    """Print the points of a run as they are logged, until it ends."""
    client = output.client(tracking_uri)
    seen: dict[str, tuple[int, set[Any]]] = {}
    first = True
    while True:
        run = client.get_run(run_id)
        for last in run.data.metric_list:
            if not metrics or last.key in metrics:
                for point in _new_points(client, run_id, last, seen, only_last=first):
                    _print_point(last.key, point, as_json)
        if run.info.status not in _GOING:
            ended = {"status": run.info.status, "run_id": run_id}
            output.print_line(ended) if as_json else click.echo(f"The run is {run.info.status}.")
            return
        first = False
        time.sleep(interval)


@click.command("plot")
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN_ID...")
@click.option(
    "--metric", "-m", "metrics", multiple=True, metavar="NAME", help="A metric. [default: all of the first run]"
)
@click.option("--x", "axis", type=click.Choice(["step", "time", "relative"]), default="step", show_default=True)
@click.option("--log", "logarithmic", is_flag=True, help="A logarithmic axis of values.")
@click.option("--width", type=click.IntRange(20, 1000), help="Characters. [default: the terminal's]")
@click.option("--height", type=click.IntRange(4, 200), default=16, show_default=True, help="Lines of a chart.")
@output.JSON
@output.TRACKING
def plot(
    run_ids: tuple[str, ...],
    metrics: tuple[str, ...],
    axis: str,
    logarithmic: bool,
    width: int | None,
    height: int,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Draw metrics of one or more runs. The extremes of every stretch are among the points that are drawn."""
    client = output.client(tracking_uri)
    runs = {run_id: client.get_run(run_id) for run_id in run_ids}
    wanted = metrics or tuple(sorted(runs[run_ids[0]].data.metrics))
    if not wanted:
        raise click.ClickException(f"The run {run_ids[0]} has no metrics")
    drawn = False
    for key in wanted:
        points = _course(client, list(runs), key)
        if as_json:
            for point in points:
                output.print_line(point)
            continue
        lines = {run_id: _line([p for p in points if p.run_id == run_id], runs[run_id], axis) for run_id in runs}
        lines = {run_id: line for run_id, line in lines.items() if line}
        if not lines:
            continue
        drawn = True
        click.secho(key, bold=True)
        columns = width or shutil.get_terminal_size((100, 24)).columns
        click.echo(chart(list(lines.values()), columns, height, logarithmic=logarithmic))
        if len(lines) > 1:
            names = (f"{number}: {runs[run_id].info.run_name} {run_id}" for number, run_id in enumerate(lines, 1))
            click.echo("  ".join(names))
    if not as_json and not drawn:
        raise click.ClickException(f"None of the runs has a point of {', '.join(wanted)} that can be drawn")


def told(run: Any) -> dict[str, Any]:
    """A run as dictionaries: its info, what was logged to it, what it read and made."""
    info = {key: value for key, value in sorted(output.plain(run.info).items()) if key != "run_uuid"}
    data = {kind: getattr(run.data, kind) for kind in ("metrics", "params", "tags")}
    inputs = output.plain(run.inputs) if run.inputs else {}
    outputs = output.plain(run.outputs) if run.outputs else {}
    return {
        "info": info,
        "data": data,
        "inputs": {kind: inputs.get(kind, []) for kind in ("model_inputs", "dataset_inputs")},
        "outputs": {"model_outputs": outputs.get("model_outputs", [])},
    }


_ORDER = ("run", "param", "metric", "tag", "dataset")


def _fields(run: Any) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {
        ("run", "name"): run.info.run_name,
        ("run", "status"): run.info.status,
        ("run", "took"): _span(run.info),
    }
    for kind, pairs in (("param", run.data.params), ("metric", run.data.metrics), ("tag", run.data.tags)):
        found |= {(kind, key): pairs[key] for key in sorted(pairs) if key != "mlflow.runName"}
    for each in run.inputs.dataset_inputs if run.inputs else ():
        found["dataset", each.dataset.name] = each.dataset.digest
    return found


def _text(value: Any) -> str:
    return output.number(value) if isinstance(value, float) else "" if value is None else str(value)


def _span(info: Any) -> str:
    if not info.end_time or not info.start_time:
        return ""
    seconds = (info.end_time - info.start_time) / 1000
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{seconds:.3g} s"


def _section(title: str, head: tuple[str, ...], rows: list[Any]) -> None:
    if rows:
        click.echo()
        click.secho(title, bold=True)
        output.print_table(head, rows)


def _course(client: Any, run_ids: list[str], key: str, start: int | None = None) -> list[Any]:
    """Points of a metric: all, or as many as can be drawn, each stretch with its extremes."""
    from headrace.schema.runs import GetMetricHistoryBulkInterval
    from headrace.tracking import uri

    return list(
        uri.store_at(client.tracking_uri)
        .send(
            GetMetricHistoryBulkInterval(
                run_ids=run_ids,
                metric_key=key,
                start_step=start,
                end_step=None if start is None else _LAST_STEP,
                max_results=_POINTS,
            )
        )
        .metrics
    )


def _new_points(
    client: Any, run_id: str, last: Any, seen: dict[str, tuple[int, set[Any]]], *, only_last: bool
) -> Iterator[Any]:
    """The points of one metric that were not printed yet, in the order of their steps."""
    here = (last.step, last.timestamp, repr(last.value))
    if last.key not in seen:
        seen[last.key] = (last.step, {here})
        points = [last] if only_last else _course(client, [run_id], last.key)
        seen[last.key][1].update((each.step, each.timestamp, repr(each.value)) for each in points)
        yield from points
        return
    step, known = seen[last.key]
    if here in known:
        return
    for point in _course(client, [run_id], last.key, step):
        this = (point.step, point.timestamp, repr(point.value))
        if this not in known:
            known.add(this)
            yield point
    seen[last.key] = (last.step, {each for each in known if each[0] >= last.step})


def _print_point(key: str, point: Any, as_json: bool) -> None:
    if as_json:
        output.print_line({"key": key, "value": point.value, "step": point.step, "timestamp": point.timestamp})
    else:
        click.echo(f"{output.moment(point.timestamp)}  step {point.step:<8} {key} = {output.number(point.value)}")


def _line(points: list[Any], run: Any, axis: str) -> list[tuple[float, float]]:
    begun = run.info.start_time or 0
    places = {
        "step": lambda point: point.step,
        "time": lambda point: point.timestamp / 1000,
        "relative": lambda point: (point.timestamp - begun) / 1000,
    }
    return [(places[axis](point), point.value) for point in points if math.isfinite(point.value)]
