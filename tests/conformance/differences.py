"""Where our server is meant to answer differently from the genuine one."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """The heading in ``docs/reference/differences.md`` that says why, and the status and code of our answer."""

    why: str
    status: int
    code: str | None


#: By the names of the steps.
DIFFERENCES = {
    "an experiment is not renamed to a name in use": Difference(
        "A name in use is always the same error", 400, "RESOURCE_ALREADY_EXISTS"
    ),
    "an unknown view type is refused": Difference("Words nobody knows are refused", 400, "INVALID_PARAMETER_VALUE"),
    "an unknown view of runs is refused": Difference("Words nobody knows are refused", 400, "INVALID_PARAMETER_VALUE"),
    "a status nobody knows is refused": Difference("Words nobody knows are refused", 400, "INVALID_PARAMETER_VALUE"),
    "a history of an unknown run is refused": Difference(
        "What does not exist is not found", 404, "RESOURCE_DOES_NOT_EXIST"
    ),
    "a filter with OR is taken": Difference("Filters say more", 200, None),
    "a filter that compares a param with a number is taken": Difference("Filters say more", 200, None),
    "a filter that lists names is taken": Difference("Filters say more", 200, None),
    "a filter with a dangling AND is refused": Difference(
        "A filter that is only nearly one is refused", 400, "INVALID_PARAMETER_VALUE"
    ),
    "an unknown path is not found": Difference("Every error has a code", 404, "ENDPOINT_NOT_FOUND"),
    "a wrong verb is refused": Difference("Every error has a code", 405, "BAD_REQUEST"),
    "a run whose start is beyond 64 bits is refused": Difference(
        "Numbers are taken as they are, or refused", 400, "INVALID_PARAMETER_VALUE"
    ),
    "a run whose start has a fraction is refused": Difference(
        "Numbers are taken as they are, or refused", 400, "INVALID_PARAMETER_VALUE"
    ),
    "what a server is, is told": Difference("A server says what it can do", 200, None),
    "a deleted experiment's name is free again": Difference("The name of a deleted experiment is free", 200, None),
    "a metric without end is kept": Difference("Infinity is kept", 200, None),
    # Evaluation datasets.
    **dict.fromkeys(
        (
            "the experiments of an unknown dataset are not found",
            "the records of an unknown dataset are not found",
            "records of an unknown dataset are refused",
            "a tag of an unknown dataset is not found",
            "a dataset of an unknown experiment is refused",
        ),
        Difference("What does not exist is not found", 404, "RESOURCE_DOES_NOT_EXIST"),
    ),
    **dict.fromkeys(
        (
            "a dataset whose tags are no JSON is refused",
            "records that are no JSON are refused",
            "inputs that are text are refused",
            "expectations that are text are refused",
            "a record that is a number is refused",
            "tags of a dataset that are a list are refused",
            "logged models where metrics.score > 'x'",
            "logged models where colour = 'red'",
            "logged models where creation_timestamp = 'x'",
        ),
        Difference("Every error has a code", 400, "INVALID_PARAMETER_VALUE"),
    ),
    "datasets are searched: name = 'a' AND": Difference(
        "A filter that is only nearly one is refused", 400, "INVALID_PARAMETER_VALUE"
    ),
    "logged models where status = 'READY'": Difference("Filters say more", 200, None),
    # Pages.
    "GraphQL: half a query": Difference("Every error has a code", 200, None),
    "datasets are told at the path without its slash": Difference("A path that lacks its slash is served", 200, None),
    "a prompt that was tried out is kept": Difference("A prompt that was tried out has no model", 200, None),
    "its table lies beside it": Difference("A prompt that was tried out has no model", 200, None),
}
