"""The application an operator's choices ask for: store, wrappers, gate and routes put together."""

from __future__ import annotations

import secrets
from typing import Any

from headrace.schema import Call
from headrace.server.app import App
from headrace.server.artifacts import ArtifactsStore, GuardedStore
from headrace.server.events import Events
from headrace.server.gate import Gate
from headrace.server.graphql import GraphQL
from headrace.server.multipart import Multipart
from headrace.server.options import ServerOptions
from headrace.server.pages import page_routes
from headrace.server.places import Places
from headrace.server.signing import Signer
from headrace.server.transfers import Transfers
from headrace.server.webhooks import Deliverer, WebhooksStore
from headrace.stores import open_store
from headrace.stores.port import Store
from headrace.stores.sql import SqlStore


def build_app(options: ServerOptions, store: Store | None = None) -> App:
    """The application for ``options``. Opens the store they name unless one is given."""
    gate = Gate(bind=options.host, hosts=options.allowed_hosts, origins=options.cors_allowed_origins)
    inner = store or open_store(options.backend_store_uri, artifact_root=options.artifact_root, checked=False)
    places = Places(inner, options)
    signer = Signer(inner.secret if isinstance(inner, SqlStore) else secrets.token_bytes(32))
    answering = WebhooksStore(ArtifactsStore(inner, places, options, signer))
    outer = GuardedStore(answering, options.allowed_artifact_roots)
    transfers, events = Transfers(outer, places), Events(inner)
    graphql = GraphQL(outer)
    multipart = Multipart(transfers, places, options, signer)
    deliverer = Deliverer(inner) if isinstance(inner, SqlStore) else None

    def note_change(call: Call[Any], reply: Any) -> None:
        events.changed(call, reply)
        if deliverer is not None:
            deliverer.note_change()

    if deliverer is not None:
        deliverer.begin()
    return App(
        outer,
        gate=gate,
        byte_routes=[
            *page_routes(options),
            *transfers.routes(),
            *multipart.routes(),
            *events.routes(),
            *graphql.routes(),
        ],
        prefix=options.static_prefix,
        on_change=note_change,
        parts=(transfers, events, graphql, *((deliverer,) if deliverer else ())),
        prompt=outer if isinstance(inner, SqlStore) and inner.is_local else None,
    )
