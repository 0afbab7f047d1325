"""GraphQL: a few of the calls in the shape that MLflow's pages ask them in.

A query reaches the store as calls, like any other request. What it may cost is known before anything is done: its
text, depth, selections, aliases and root fields are limited. graphql-core is imported by the first query, not before.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError
from headrace.schema import Call
from headrace.schema.call import Read
from headrace.schema.experiments import Experiment, GetExperiment
from headrace.schema.registry import ModelVersion, SearchModelVersions
from headrace.schema.runs import Run, RunsFound
from headrace.server.crew import Crew
from headrace.server.http import Answer, Question
from headrace.server.routing import ByteRoute, require_json
from headrace.stores.port import Store
from headrace.wire import lenient

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLSchema

_log = logging.getLogger("headrace.server")

#: Bytes of a request; braces and brackets within one another; words and signs of a query.
BODY_BYTES, NESTING, TOKENS = 64 << 10, 60, 10_000
#: Fields at the root of a query, aliases in it, fields within fields, and fields in all, with fragments spread.
ROOT_FIELDS, ALIASES, DEPTH, SELECTIONS = 10, 10, 10, 1000
#: Lists of types and fields within one another, in a query for the schema itself.
LISTS = 2
#: Runs, versions and points that one query may ask for, at most: each of their fields is told by itself.
THINGS = 5000
#: Queries remembered as they were understood, and threads that answer.
_REMEMBERED, _THREADS = 64, 2
#: Runs whose model versions are looked for at a time.
_CHUNK = 200


class Asked(msgspec.Struct):
    """One request as it came."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = msgspec.field(name="operationName", default=None)


class GraphQL:
    """Answers GraphQL requests from a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._crew = Crew(_THREADS, "headrace-graphql")
        self._understood = functools.lru_cache(_REMEMBERED)(self._understand)

    def routes(self) -> list[ByteRoute]:
        """The one route there is."""
        return [ByteRoute(("GET", "POST"), "/graphql", Read.workspace(), self.answer)]

    def stop(self) -> None:
        """There are no streams."""

    async def close(self) -> None:
        """Finish what is under way."""
        await self._crew.close()

    async def answer(self, question: Question, answer: Answer, rest: str) -> None:
        """Answer one request."""
        if question.verb == "GET":
            asked = _of_query(question)
        else:
            question.refuse_compressed()
            body = await question.body(BODY_BYTES)
            require_json(question.headers.get(b"content-type"))
            asked = _of_body(body)
        await answer.json(await self._crew.do(self._carry_out, asked, question.verb == "POST"))

    def _carry_out(self, asked: Asked, may_mutate: bool) -> bytes:
        from graphql import GraphQLError, OperationType, execute_sync, get_operation_ast

        try:
            document = self._understood(asked.query)
            operation = get_operation_ast(document, asked.operation_name)
            if operation is not None and operation.operation is OperationType.MUTATION and not may_mutate:
                raise GraphQLError("A mutation is asked by POST")
        except GraphQLError as error:
            return _said(None, [error])
        done = execute_sync(
            self._schema,
            document,
            context_value=_Request(self._store),
            variable_values=asked.variables,
            operation_name=asked.operation_name,
        )
        return _said(done.data, done.errors or [])

    @functools.cached_property
    def _schema(self) -> GraphQLSchema:
        from headrace.server.graphql_types import schema

        return schema(
            lambda info, call: info.context.ask(call),
            lambda info, run: info.context.experiment_of(run),
            lambda info, run: info.context.versions_of(run),
        )

    def _understand(self, query: str) -> DocumentNode:
        """The query, parsed, found within the limits, and fit for the schema. Raises ``GraphQLError``."""
        from graphql import GraphQLError, parse, specified_rules, validate
        from graphql.validation import OverlappingFieldsCanBeMergedRule

        from headrace.server.graphql_limits import check

        _check_nesting(query)
        document = parse(query, no_location=True, max_tokens=TOKENS)
        check(document)
        # That rule compares each field with each; of two that differ under one name, the first is told.
        rules = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
        errors = validate(self._schema, document, rules, max_errors=10)
        if errors:
            raise GraphQLError(errors[0].message)
        return document


class _Request:
    """What one request has asked so far, so that nothing is asked twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._experiments: dict[str, Experiment] = {}
        self._versions: dict[str, list[ModelVersion]] = {}
        self._runs: list[str] = []
        self._left = THINGS

    def ask(self, call: Call[Any]) -> Any:
        """The reply to a call."""
        limit = getattr(call, "max_results", None)
        if isinstance(limit, int):
            if self._left == 0:
                raise BadRequest(f"One query may ask for {THINGS} things in all; ask for less at once")
            limit = min(limit, self._left)
            self._left -= limit
            call = msgspec.structs.replace(call, max_results=limit)
        reply = self._store.send(call)
        if isinstance(reply, RunsFound):
            self._runs += [run.info.run_id for run in reply.runs]
        return reply

    def experiment_of(self, run: Run) -> Experiment:
        """The experiment of a run."""
        key = run.info.experiment_id
        if key not in self._experiments:
            self._experiments[key] = self._store.send(GetExperiment(experiment_id=key)).experiment
        return self._experiments[key]

    def versions_of(self, run: Run) -> list[ModelVersion]:
        """The model versions that came from a run; those of its neighbours in the reply are looked for along."""
        run_id = run.info.run_id
        if run_id not in self._versions:
            at = self._runs.index(run_id) if run_id in self._runs else 0
            wanted = self._runs[at : at + _CHUNK] or [run_id]
            self._versions |= {each: [] for each in wanted}
            listed = ", ".join(f"'{each}'" for each in wanted)
            token = None
            while True:
                call = SearchModelVersions(filter=f"run_id IN ({listed})", max_results=1000, page_token=token)
                found = self._store.send(call)
                for version in found.model_versions:
                    self._versions[version.run_id or ""].append(version)
                token = found.next_page_token
                if not token:
                    break
        return self._versions[run_id]


def _of_body(body: bytes) -> Asked:
    return _checked(lenient.parse(body))


def _of_query(question: Question) -> Asked:
    said: dict[str, Any] = dict(question.pairs())
    if "variables" in said:
        said["variables"] = lenient.parse(said["variables"].encode())
    return _checked(said)


def _checked(said: dict[str, Any]) -> Asked:
    try:
        return msgspec.convert(said, Asked)
    except msgspec.ValidationError as error:
        raise BadRequest(f"This is no GraphQL request: {str(error).replace('`', '')}") from None


def _check_nesting(query: str) -> None:
    """Raise for a text that a parser would have to go too deep into."""
    from graphql import GraphQLError

    depth = 0
    for character in query:
        if character in "{[(":
            depth += 1
            if depth > NESTING:
                raise GraphQLError(f"The query has more than {NESTING} brackets within brackets")
        elif character in "}])":
            depth -= 1


def _said(data: dict[str, Any] | None, errors: list[GraphQLError]) -> bytes:
    return msgspec.json.encode({"data": data, "errors": [_message(error) for error in errors] or None})


def _message(error: GraphQLError) -> str:
    cause = error.original_error
    if cause is not None and not isinstance(cause, HeadraceError | type(error)):
        _log.error("A GraphQL query failed at %s", error.path, exc_info=cause)
        return "Something went wrong here; the server's log has it"
    return error.message
