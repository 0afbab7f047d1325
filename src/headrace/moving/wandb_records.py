"""What the records of a ``.wandb`` file say (wandb/proto/wandb_internal.proto)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.moving.foreign_names import run_id_of
from headrace.schema.runs import RunTag
from headrace.wire.protobuf import Value, double, fields, integer, last, message, text

#: Numbers of the kinds of record.
HISTORY, SUMMARY, CONFIG, STATS, ARTIFACT, RUN, EXIT = 2, 3, 5, 7, 8, 17, 18
#: Lines of the console, as older and newer versions write them.
OUTPUT = frozenset((4, 13))
#: Values of history that are bookkeeping.
_OWN = frozenset(("_step", "_timestamp", "_runtime", "_wandb"))

Path = list[str]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Who a run is."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    name: str = ""
    notes: str = ""
    labels: tuple[str, ...] = ()
    sweep_id: str = ""
    host: str = ""
    start: float = 0.0
    commit: str = ""
    repository: str = ""
    config: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The id it always gets here."""
        return run_id_of("wandb", self.entity, self.project, self.run_id)

    def over(self, before: About) -> About:
        """This one, where it says something, and ``before`` where it does not; a run began when it first did."""
        said = {
            name: getattr(self, name) or getattr(before, name) for name in self.__struct_fields__ if name != "config"
        }
        began = [each for each in (self.start, before.start) if each]
        return About(**{**said, "start": min(began, default=0.0), "config": {**before.config, **self.config}})

    def tags(self) -> list[RunTag]:
        """The tags that say so."""
        said = {
            "mlflow.runName": self.name or self.run_id,
            "mlflow.note.content": self.notes,
            "mlflow.source.git.commit": self.commit,
            "mlflow.source.git.repoURL": self.repository,
            "wandb.run_id": self.run_id,
            "wandb.entity": self.entity,
            "wandb.project": self.project,
            "wandb.group": self.group,
            "wandb.job_type": self.job_type,
            "wandb.sweep_id": self.sweep_id,
            "wandb.host": self.host,
            "wandb.tags": ",".join(self.labels),
        }
        return [RunTag(key, value) for key, value in said.items() if value]


class Row(msgspec.Struct, frozen=True):
    """One row of the history: a step, seconds since the epoch, numbers, and what is no number."""

    step: int
    timestamp: float
    numbers: list[tuple[str, float]]
    others: list[tuple[str, Any]]


def about_of(record: bytes) -> About:
    """What a record of the kind ``RUN`` says."""
    said: dict[int, Value] = {}
    labels = []
    for number, value in fields(record):
        said[number] = value
        if number == 10:
            labels.append(text(value))
    config: dict[str, Any] = {}
    for path, item in items_of(message(said.get(4)))[0]:
        config[".".join(path)] = item
    git = message(said.get(21))
    return About(
        run_id=text(said.get(1)),
        entity=text(said.get(2)),
        project=text(said.get(3)),
        group=text(said.get(6)),
        job_type=text(said.get(7)),
        name=text(said.get(8)),
        notes=text(said.get(9)),
        labels=tuple(labels),
        sweep_id=text(said.get(12)),
        host=text(said.get(13)),
        start=seconds_of(message(said.get(17))),
        repository=text(last(git, 1)),
        commit=text(last(git, 2)),
        config=config,
    )


def exit_of(record: bytes) -> tuple[int, float]:
    """The exit code of a run, and how many seconds it took."""
    return integer(last(record, 1)), float(integer(last(record, 2)))


def items_of(record: bytes) -> tuple[list[tuple[Path, Any]], list[Path]]:
    """What a record of a config or summary changes and removes."""
    changed: list[tuple[Path, Any]] = []
    removed: list[Path] = []
    for number, value in fields(record):
        if number == 1:
            changed.append(_item(message(value)))
        elif number == 2:
            removed.append(_item(message(value))[0])
    return changed, removed


def history_of(record: bytes) -> Row:
    """A row of the history."""
    step: int | None = None
    values: dict[str, Any] = {}
    for number, value in fields(record):
        if number == 2:
            step = integer(last(message(value), 1))
        elif number == 1:
            put(values, *_item(message(value)))
    if step is None:
        step = values["_step"] if isinstance(values.get("_step"), int) else 0
    at = values.get("_timestamp")
    return Row(step, float(at) if isinstance(at, int | float) else 0.0, *sorted_out(values))


def stats_of(record: bytes) -> tuple[float, list[tuple[str, float]]]:
    """The time of a sample of the system, and its numbers."""
    at, numbers = 0.0, list[tuple[str, float]]()
    for number, value in fields(record):
        if number == 2:
            at = seconds_of(message(value))
        elif number == 3:
            path, item = _item(message(value))
            if isinstance(item, int | float) and path[0] not in _OWN:
                numbers.append((".".join(path), _real(item)))
    return at, numbers


def output_of(record: bytes) -> bytes:
    """What was written to the console."""
    return message(last(record, 3))


def name_of_artifact(record: bytes) -> str:
    """The name of an artifact of W&B."""
    return text(last(record, 5)) or "without a name"


def seconds_of(timestamp: bytes) -> float:
    """A google.protobuf.Timestamp in seconds since the epoch."""
    return integer(last(timestamp, 1)) + integer(last(timestamp, 2)) / 1e9


def put(values: dict[str, Any], path: Path, item: Any) -> None:
    """Set a value that may be within the value of the first key of its path."""
    at = values
    for part in path[:-1]:
        below = at.get(part)
        if not isinstance(below, dict):
            below = at[part] = {}
        at = below
    at[path[-1]] = item


def sorted_out(values: dict[str, Any]) -> tuple[list[tuple[str, float]], list[tuple[str, Any]]]:
    """The numbers among some values, and what is no number, by keys joined with dots."""
    numbers: list[tuple[str, float]] = []
    others: list[tuple[str, Any]] = []
    for key, item in values.items():
        if key not in _OWN:
            _sort(key, item, numbers, others)
    return numbers, others


def _sort(key: str, item: Any, numbers: list[tuple[str, float]], others: list[tuple[str, Any]]) -> None:
    """Numbers are points; what is nested is taken apart, unless it stands for a file or table."""
    if isinstance(item, int | float):
        numbers.append((key, _real(item)))
    elif isinstance(item, dict) and "_type" not in item:
        for below, value in item.items():
            _sort(f"{key}.{below}", value, numbers, others)
    elif item is not None:
        others.append((key, item))


def _real(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _item(item: bytes) -> tuple[Path, Any]:
    """The key of an item and its value, which is JSON in older versions and one of several fields in newer ones."""
    key, nested = "", list[str]()
    value: Any = None
    for number, said in fields(item):
        match number:
            case 1:
                key = text(said)
            case 2:
                nested.append(text(said))
            case 4:
                value = bool(said)
            case 5:
                value = integer(said)
            case 6:
                value = double(said)
            case 7:
                value = text(said)
            case 8 | 16:
                value = _json(message(said))
    return nested or [key], value


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"A value is no JSON: {type(error).__name__}") from None
