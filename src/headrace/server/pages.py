"""What a browser opens: the UI, the reference of the calls, and the few words a monitor asks for."""

from __future__ import annotations

import mimetypes
from html import escape
from pathlib import Path
from typing import Any

from headrace import _doors
from headrace.base.errors import NoSuchEndpoint
from headrace.schema.call import Anyone
from headrace.server.http import PAGE_HEADERS, Answer, Header, Question
from headrace.server.options import ServerOptions
from headrace.server.routing import ByteRoute, Handler
from headrace.wire import openapi

_GET = ("GET", "HEAD")
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
_HTML: Header = (b"content-type", b"text/html; charset=utf-8")
_CSS: Header = (b"content-type", b"text/css; charset=utf-8")
_NOT_KEPT: Header = (b"cache-control", b"no-cache")
#: Files whose names change with their content.
_KEPT: Header = (b"cache-control", b"public, max-age=31536000, immutable")

_NO_UI = """<!doctype html><meta charset="utf-8"><title>Headrace</title>
<p>The server is up. Its web pages were not built: run <code>make ui</code> in the repository.
<p><a href="docs">Reference of the API</a>"""

_STYLE = b"""body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #1c2430; }
body { padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d5dbe3; } h3 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
code { font: 13px ui-monospace, monospace; } .verb { font-weight: 600; color: #0b6e5f; }
table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; vertical-align: top; } .need { color: #66717f; }
"""


def page_routes(options: ServerOptions) -> list[ByteRoute]:
    """The routes of everything that is the same for every caller."""
    ui = _Ui(options.static_folder, options.static_prefix)
    # Clients decide by this number which calls a server has: it is the protocol's, not this package's.
    version = _doors.MLFLOW_VERSION.encode()
    return [
        ByteRoute(_GET, "/", Anyone, ui.index),
        ByteRoute(_GET, "/static-files/*", Anyone, ui.file),
        ByteRoute(_GET, "/favicon.ico", Anyone, ui.icon),
        ByteRoute(_GET, "/health", Anyone, _fixed(b"OK", _TEXT)),
        ByteRoute(_GET, "/version", Anyone, _fixed(version, _TEXT)),
        ByteRoute(_GET, "/openapi.json", Anyone, _Reference().document),
        ByteRoute(_GET, "/docs", Anyone, _Reference().page),
        ByteRoute(_GET, "/docs.css", Anyone, _fixed(_STYLE, _CSS)),
    ]


def _fixed(body: bytes, kind: Header) -> Handler:
    async def answer_fixed(question: Question, answer: Answer, rest: str) -> None:
        await answer.whole(body, (*PAGE_HEADERS, _NOT_KEPT, kind))

    return answer_fixed


class _Ui:
    """The built UI. Its files are found by their names in a list of the folder, never by joining paths."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._files: dict[str, Path] = {}

    async def index(self, question: Question, answer: Answer, rest: str) -> None:
        """The one page of the UI, which finds its files below the prefix of the server."""
        page = self._find("index.html")
        text = page.read_text(encoding="utf-8") if page else _NO_UI
        if self._prefix:
            text = text.replace('="/static-files/', f'="{escape(self._prefix)}/static-files/')
        mark = f'<meta name="headrace-prefix" content="{escape(self._prefix)}">'
        text = text.replace("<head>", f"<head>{mark}", 1)
        await answer.whole(text.encode(), (*PAGE_HEADERS, _NOT_KEPT, _HTML))

    async def file(self, question: Question, answer: Answer, rest: str) -> None:
        """One file of the UI, compressed if the build left it so."""
        path = self._find(rest)
        if path is None:
            raise NoSuchEndpoint("The UI has no such file")
        kind = mimetypes.guess_type(rest)[0] or "application/octet-stream"
        headers: tuple[Header, ...] = (
            *PAGE_HEADERS,
            _KEPT if rest.startswith("assets/") else _NOT_KEPT,
            (b"content-type", f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()),
            (b"vary", b"accept-encoding"),
        )
        packed = self._files.get(f"{rest}.gz")
        if packed and b"gzip" in question.headers.get(b"accept-encoding", b""):
            path, headers = packed, (*headers, (b"content-encoding", b"gzip"))
        await answer.whole(path.read_bytes(), headers)

    async def icon(self, question: Question, answer: Answer, rest: str) -> None:
        """The icon of the UI, under the name browsers ask for by themselves."""
        await self.file(question, answer, "favicon.svg")

    def _find(self, name: str) -> Path | None:
        """The file of that name. A name that is new is looked for once more: the UI may have been built again."""
        found = self._files.get(name)
        if found is None or not found.exists():
            paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
            self._files = {path.relative_to(self._folder).as_posix(): path for path in paths}
        return self._files.get(name)


class _Reference:
    """The reference of the calls, made when somebody asks."""

    async def document(self, question: Question, answer: Answer, rest: str) -> None:
        """The OpenAPI document."""
        kind = (b"content-type", b"application/json")
        await answer.whole(openapi.source().encode(), (*PAGE_HEADERS, _NOT_KEPT, kind))

    async def page(self, question: Question, answer: Answer, rest: str) -> None:
        """The same as a page to read."""
        await answer.whole(_reference_page(openapi.document()).encode(), (*PAGE_HEADERS, _NOT_KEPT, _HTML))


def _reference_page(document: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    schemas = document["components"]["schemas"]
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(verb, path, operation, schemas))
    body = "".join(f"<h2>{escape(group)}</h2>{''.join(texts)}" for group, texts in sorted(groups.items()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Headrace API</title>'
        '<link rel="stylesheet" href="docs.css"></head><body><h1>Headrace API</h1>'
        '<p>Every path is served under <code>/ajax-api</code> as well. Machines read <a href="openapi.json">'
        f"openapi.json</a>.</p>{body}</body></html>"
    )


def _operation(verb: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    kind = schemas[operation["operationId"].partition("By" + verb.title())[0]]
    required = kind.get("required", ())
    fields = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_spelled(schema))}</td>"
        f"<td>{'required' if name in required else ''}</td></tr>"
        for name, schema in kind.get("properties", {}).items()
    )
    reply = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    need = operation["x-needs"]
    needs = f"{need['level']} {need.get('noun', '')}".strip()
    return (
        f'<h3><span class="verb">{verb.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{escape(operation['summary'])} "
        f'<span class="need">Needs: {escape(needs)}. Answer: {escape(reply)}.</span></p>'
        f"<table>{fields}</table>"
    )


def _spelled(schema: dict[str, Any]) -> str:
    """The type of a field in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_spelled(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_spelled(schema['items'])}"
    return str(schema.get("type", "anything"))
