"""Which call or byte stream a verb and a path stand for.

Paths are compared as they were sent, before anything in them is decoded, so that no other spelling of a path reaches
a route. All plain paths are in one dict; the few with fields in them are tried after it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from headrace.base.errors import BadRequest
from headrace.schema import Call, Need
from headrace.schema.experiments import SearchDatasets
from headrace.server.http import Answer, Question, decoded

#: The same calls are served to clients and, under the second, to pages.
ROOTS = ("/api", "/ajax-api")
#: A path that MLflow's protocol has without its slash, and whose callers call it so; below both roots.
_MISSPELT = {"/2.0mlflow/experiments/search-datasets": SearchDatasets}
_FIELD = re.compile(r"\{(\w+)\}")

#: Answers one request for bytes. The text is what stood in the path where the route has ``*``, decoded once.
Handler = Callable[[Question, Answer, str], Awaitable[None]]


class ByteRoute(NamedTuple):
    """A route beside the calls: where it is, who may use it, and what answers it.

    ``*`` in a path stands for one segment of it, and at its end for the rest of it, slashes included.
    """

    verbs: tuple[str, ...]
    path: str
    needs: Need
    handler: Handler


class Matched(NamedTuple):
    """What a path with fields in it stands for: the call, and its fields."""

    kind: type[Call[Any]]
    fields: dict[str, str]


class Routes:
    """The table of all routes. Making it raises ``TypeError`` when a route does not say who may use it."""

    def __init__(self, calls: Mapping[str, type[Call[Any]]], byte_routes: Iterable[ByteRoute]) -> None:
        #: (verb, path) -> call.
        self.calls: dict[tuple[str, bytes], type[Call[Any]]] = {}
        self._byte_routes: dict[tuple[str, bytes], ByteRoute] = {}
        self._open_routes: list[tuple[re.Pattern[bytes], ByteRoute]] = []
        templates: dict[str, dict[str, type[Call[Any]]]] = {}
        for kind in calls.values():
            self._add_call(kind, templates)
        for path, kind in _MISSPELT.items():
            self.calls.update({(kind.route.verb, f"{root}{path}".encode()): kind for root in ROOTS})
        for route in byte_routes:
            self._add_bytes(route)
        self._templates = [
            (re.compile(_pattern(path).encode()), tuple(_FIELD.findall(path)), verbs)
            for path, verbs in templates.items()
        ]

    def with_fields(self, verb: str, path: bytes) -> Matched | None:
        """The call whose path with fields in it is ``path``."""
        for pattern, names, verbs in self._templates:
            if verb in verbs and (found := pattern.fullmatch(path)):
                values = (decoded(text, "path") for text in found.groups())
                return Matched(verbs[verb], dict(zip(names, values, strict=True)))
        return None

    def bytes_for(self, verb: str, path: bytes) -> tuple[ByteRoute, str] | None:
        """The route of bytes at ``path``, and what its ``*`` stands for."""
        route = self._byte_routes.get((verb, path))
        if route:
            return route, ""
        for pattern, each in self._open_routes:
            if verb in each.verbs and (found := pattern.fullmatch(path)):
                return each, decoded(found[1], "path")
        return None

    def verbs_at(self, path: bytes) -> list[str]:
        """Every verb under which ``path`` is served."""
        found = {verb for verb, at in (*self.calls, *self._byte_routes) if at == path}
        for pattern, _, verbs in self._templates:
            if pattern.fullmatch(path):
                found.update(verbs)
        for pattern, each in self._open_routes:
            if pattern.fullmatch(path):
                found.update(each.verbs)
        return sorted(found)

    def _add_call(self, kind: type[Call[Any]], templates: dict[str, dict[str, type[Call[Any]]]]) -> None:
        route = kind.route
        _require_need(route.needs, kind.__name__)
        for root in ROOTS:
            path = f"{root}/{route.since}.0/mlflow/{route.path}"
            for verb in (route.verb, *route.also):
                at = templates.setdefault(path, {}) if route.in_path else None
                if at is not None:
                    at[verb] = kind
                elif self.calls.setdefault((verb, path.encode()), kind) is not kind:
                    raise TypeError(f"{verb} {path} is the route of two calls")

    def _add_bytes(self, route: ByteRoute) -> None:
        _require_need(route.needs, route.path)
        if "*" in route.path:
            before, _, after = route.path.partition("*")
            rest = "([^/]+)" if after else "(.*)"
            pattern = re.compile(f"{re.escape(before)}{rest}{re.escape(after)}".encode(), re.DOTALL)
            self._open_routes.append((pattern, route))
            return
        for verb in route.verbs:
            if (verb, route.path.encode()) in {**self.calls, **self._byte_routes}:
                raise TypeError(f"{verb} {route.path} is the route of two things")
            self._byte_routes[verb, route.path.encode()] = route


def require_json(kind: bytes | None) -> None:
    """Raise ``BadRequest`` unless a Content-Type says JSON."""
    if kind is None or kind.partition(b";")[0].strip().lower() != b"application/json":
        raise BadRequest("The Content-Type of a call must be application/json")


def _pattern(path: str) -> str:
    plain = _FIELD.split(path)[::2]
    return "([^/]+)".join(re.escape(each) for each in plain)


def _require_need(need: object, what: str) -> None:
    if not isinstance(need, Need) or (need.level != "nothing" and not need.noun):
        raise TypeError(f"The route of {what} does not say who may use it; declare what it needs")
