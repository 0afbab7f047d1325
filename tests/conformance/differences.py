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
}
