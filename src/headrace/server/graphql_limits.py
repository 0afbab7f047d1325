"""What a GraphQL query may cost, counted before anything is done: a fragment counts wherever it is spread."""

from __future__ import annotations

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from headrace.server.graphql import ALIASES, DEPTH, LISTS, ROOT_FIELDS, SELECTIONS

_LISTS = frozenset(("fields", "inputFields", "interfaces", "possibleTypes"))


class _Cost(NamedTuple):
    """Fields at the top, fields in all, aliases, and the depth."""

    roots: int = 0
    fields: int = 0
    aliases: int = 0
    depth: int = 0
    #: Lists of introspection within one another: each has as many things in it as there are types.
    lists: int = 0


def check(document: DocumentNode) -> None:
    """Raise ``GraphQLError`` for a document beyond the limits."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    known: dict[str, _Cost | None] = {}
    found = [
        _cost(each.selection_set, fragments, known)
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    ]
    for what, count, limit in (
        ("root fields", sum(each.roots for each in found), ROOT_FIELDS),
        ("aliases", sum(each.aliases for each in found), ALIASES),
        ("fields within fields", max((each.depth for each in found), default=0), DEPTH),
        ("lists of types within one another", max((each.lists for each in found), default=0), LISTS),
        ("selections", sum(each.fields for each in found), SELECTIONS),
    ):
        if count > limit:
            raise GraphQLError(f"The query has more than {limit} {what}")


def _cost(
    selected: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    known: dict[str, _Cost | None],
) -> _Cost:
    roots = fields = aliases = depth = lists = 0
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            inner = _cost(node.selection_set, fragments, known)
            roots += 1
            fields += 1 + inner.fields
            aliases += (node.alias is not None) + inner.aliases
            # The chain of wrappers around a type, which introspection follows, ends by itself.
            depth = max(depth, inner.depth + (node.name.value != "ofType"))
            lists = max(lists, inner.lists + (node.name.value in _LISTS))
            continue
        if isinstance(node, FragmentSpreadNode):
            inner = _of_fragment(node.name.value, fragments, known)
        else:
            inner = _cost(node.selection_set, fragments, known)  # type: ignore[attr-defined]
        roots, fields, aliases = roots + inner.roots, fields + inner.fields, aliases + inner.aliases
        depth, lists = max(depth, inner.depth), max(lists, inner.lists)
    return _Cost(roots, fields, aliases, depth, lists)


def _of_fragment(name: str, fragments: dict[str, FragmentDefinitionNode], known: dict[str, _Cost | None]) -> _Cost:
    """What a fragment costs each time; it is looked into once."""
    if name not in fragments:
        return _Cost()
    if name not in known:
        known[name] = None
        known[name] = _cost(fragments[name].selection_set, fragments, known)
    cost = known[name]
    if cost is None:
        raise GraphQLError(f"The fragment {name!r} is within itself")
    return cost
