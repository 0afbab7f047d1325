"""Classes P and C: requests that are not quite HTTP, names that are not ours, pages that are not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.conftest import API, PROXIED, Target
from tests.server.raw import read_reply

Refused = Callable[..., None]


def call(target: Target, *lines: str, body: str = "{}") -> bytes:
    """A log-metric request with these header lines."""
    head = "\r\n".join([f"POST {API}/runs/log-metric HTTP/1.1", *lines])
    return f"{head}\r\n\r\n{body}".encode("latin-1")


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked", "Content-Length: 2"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
        ["Content-Length: 2", "Content-Length: 2"],
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: -1"],
        ["Content-Length: +2"],
        ["Content-Length: 0x2"],
        ["Content-Length: 99999999999999999999999999"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Content-Length: 2", " folded: line"],
        ["Content-Length: 2", "bad header"],
        ["Content-Length: 2", "bad\x00name: x"],
        ["Content-Length: 2", "name: a\x00b"],
        ["Content-Length: 2", "name: a\nHost: evil.com"],
    ],
)
def test_a_request_has_one_reading(target: Target, lines: list[str]) -> None:
    reply = target.raw.send(call(target, f"Host: {target.raw.host}", "Content-Type: application/json", *lines))
    assert reply.status == 400
    assert reply.closed


@pytest.mark.parametrize("size", ["7fffffffffffffff", "ffffffffffffffffff", "-1", "x", " 2"])
def test_a_chunk_has_an_honest_size(target: Target, size: str) -> None:
    lines = (f"Host: {target.raw.host}", "Content-Type: application/json", "Transfer-Encoding: chunked")
    request = call(target, *lines, body=f"{size}\r\n{{}}\r\n0\r\n\r\n")
    with target.raw.connect() as connection:
        connection.sendall(request)
        connection.shutdown(1)
        reply = read_reply(connection)
    assert reply.status in (400, 413, 0)
    assert target.raw.ask("GET", "/health").status == 200


def test_lines_end_in_both_characters(target: Target) -> None:
    request = f"GET /health HTTP/1.1\nHost: {target.raw.host}\n\n".encode()
    reply = target.raw.send(request)
    assert reply.status == 400
    assert reply.closed


@pytest.mark.parametrize("verb", ["TRACE", "CONNECT", "PROPFIND", "BREW", "PUT", "DELETE", "PATCH", "HEAD"])
def test_a_verb_that_is_not_served_is_refused(target: Target, verb: str) -> None:
    reply = target.raw.ask(verb, f"{API}/runs/search", headers={"Secret": "reflect me"})
    assert reply.status in (400, 405, 501)
    assert b"reflect me" not in reply.body


def test_a_path_that_is_served_under_another_verb_says_which(target: Target, refused: Refused) -> None:
    reply = target.raw.ask("GET", f"{API}/runs/create")
    refused(reply, 405)
    assert reply.headers["allow"] == "POST"
    reply = target.raw.ask("PUT", f"{API}/logged-models/{target.model_id}", {})
    refused(reply, 405)
    assert reply.headers["allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize("path", ["runs/create", "runs/delete", "experiments/delete", "registered-models/create"])
def test_reading_changes_nothing(target: Target, refused: Refused, path: str) -> None:
    refused(target.raw.ask("GET", f"{API}/{path}?run_id={target.run_id}&name=x"), 405)
    headers = {"X-HTTP-Method-Override": "POST"}
    refused(target.raw.ask("GET", f"{API}/{path}?name=x", headers=headers), 405)


@pytest.mark.parametrize(
    "request_bytes", [b"GET /health\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n" * 9]
)
def test_other_protocols_get_nothing(target: Target, request_bytes: bytes) -> None:
    with target.raw.connect() as connection:
        connection.sendall(request_bytes)
        connection.shutdown(1)
        assert read_reply(connection).status in (0, 400)


@pytest.mark.parametrize(
    "path",
    [
        "//api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api//2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/./mlflow/experiments/get?experiment_id=0",
        "/API/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow/experiments/get/?experiment_id=0",
        "/%61pi/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow/experiments/get;x=1?experiment_id=0",
        "/api/2.0/mlflow/experiments%2fget?experiment_id=0",
        "/api/2.0/mlflow/x/../experiments/get?experiment_id=0",
        "/api/2.0/mlflow",
        "/api/2.0/preview/mlflow/experiments/get?experiment_id=0",
        "/nowhere?q=<script>alert(1)</script>",
    ],
)
def test_a_path_has_one_spelling(target: Target, refused: Refused, path: str) -> None:
    reply = target.raw.ask("GET", path)
    refused(reply, 404)
    assert reply.headers["content-type"] == "application/json"
    assert b"<script>" not in reply.body


def test_a_request_line_and_headers_have_an_end(target: Target) -> None:
    assert target.raw.ask("GET", "/health?" + "q" * 17_000).status == 414
    assert target.raw.ask("GET", "/health", headers={"X": "h" * 9000}).status == 431
    assert target.raw.ask("GET", "/health", headers={f"X-{at}": "h" * 7000 for at in range(6)}).status == 431
    assert target.raw.ask("GET", "/health", headers={f"X-{at}": "h" for at in range(200)}).status == 431
    endless = target.raw.send(b"GET /health HTTP/1.1\r\nX: " + b"h" * 2_000_000)
    assert endless.status in (0, 431)
    assert endless.closed


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.com", 403),
        ("localhost.evil.com", 403),
        ("127.0.0.1.evil.com", 403),
        ("127.1", 403),
        ("2130706433", 403),
        ("0x7f.1", 403),
        ("192.168.0.1", 403),
        ("[::ffff:8.8.8.8]", 403),
        ("", 400),
        ("user@localhost", 400),
        ("localhost:80/login?", 400),
        ("a/?x=", 400),
        ("localhost:port", 400),
        ("local host", 400),
        ("localhost:80:80", 400),
    ],
)
def test_the_server_answers_to_its_own_names_only(target: Target, refused: Refused, host: str, status: int) -> None:
    refused(target.raw.ask("GET", f"{API}/experiments/get?experiment_id=0", headers={"Host": host}), status)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:5000", "127.0.0.2"])
def test_the_server_answers_to_its_own_names(target: Target, host: str) -> None:
    assert target.raw.ask("GET", "/health", headers={"Host": host}).status == 200


def test_a_request_names_one_host(target: Target) -> None:
    assert target.raw.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\n\r\n").status == 400
    assert target.raw.send(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").status == 400


def test_what_a_proxy_might_say_is_not_believed(target: Target) -> None:
    headers = {"X-Forwarded-Host": "evil.com", "Forwarded": "host=evil.com", "X-Forwarded-For": "1.2.3.4"}
    reply = target.raw.ask("GET", "/", headers=headers)
    assert reply.status == 200
    assert b"evil.com" not in reply.body
    assert "evil.com" not in str(reply.headers)


@pytest.mark.parametrize("origin", ["http://evil.com", "http://localhost:1234", "null", "http://localhost", "x", ""])
@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", f"{API}/experiments/create"),
        ("POST", f"{API}/runs/search"),
        ("PATCH", f"{API}/registered-models/update"),
        ("DELETE", f"{API}/registered-models/delete"),
        ("PUT", f"{PROXIED}/x"),
        ("DELETE", f"{PROXIED}/x"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x&path=y"),
    ],
)
def test_a_page_of_others_changes_nothing(target: Target, refused: Refused, verb: str, path: str, origin: str) -> None:
    reply = target.raw.ask(verb, path, {"name": "stolen"}, headers={"Origin": origin})
    refused(reply, 403)
    assert "access-control-allow-origin" not in reply.headers


def test_a_page_of_others_changes_nothing_even_without_origin(target: Target, refused: Refused) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    refused(target.raw.ask("POST", f"{API}/experiments/create", {"name": "stolen"}, headers=headers), 403)


def test_a_page_of_ours_may_change_things(target: Target) -> None:
    headers = {"Origin": f"http://{target.raw.host}", "Sec-Fetch-Site": "same-origin"}
    assert target.raw.ask("POST", f"{API}/experiments/create", {"name": "mine"}, headers=headers).status == 200


def test_a_browser_that_asks_for_another_page_is_refused(target: Target, refused: Refused) -> None:
    headers = {"Origin": "http://evil.com", "Access-Control-Request-Method": "PUT"}
    reply = target.raw.ask("OPTIONS", f"{PROXIED}/x", headers=headers)
    refused(reply, 403)
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_every_answer_is_guarded(target: Target) -> None:
    for path in ("/", "/health", "/docs", f"{API}/experiments/get?experiment_id=0", "/nowhere", f"{PROXIED}?path="):
        headers = target.raw.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        assert headers["x-request-id"]
    assert "frame-ancestors 'none'" in target.raw.ask("GET", "/").headers["content-security-policy"]


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.xhtml", "x.xml", "x.htm", "x.mhtml", "x.js", "x", "x.html.gz"])
def test_an_upload_is_never_a_page(target: Target, name: str) -> None:
    key = f"{target.root}/pages/{name}"
    assert target.raw.ask("PUT", f"{PROXIED}/{key}", b"<script>alert(1)</script>", kind="text/html").status == 200
    for path in (
        f"{PROXIED}/{key}",
        f"/get-artifact?run_id={target.run_id}&path=pages/{name}",
        f"/ajax-api/2.0/mlflow-artifacts/artifacts/{key}",
    ):
        reply = target.raw.ask("GET", path)
        assert reply.status == 200
        assert reply.headers["content-disposition"].startswith("attachment;")
        assert reply.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert reply.headers["content-type"].partition(";")[0] in ("text/plain", "application/octet-stream")


@pytest.mark.parametrize("name", ['a"b.txt', "ä ö.txt", "日本.csv", "a;b=c.txt", "a'b.txt", "x" * 250])
def test_a_file_name_cannot_break_a_header(target: Target, name: str) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    key = f"{target.root}/names/{quoted}"
    assert target.raw.ask("PUT", f"{PROXIED}/{key}", b"x", kind="text/plain").status == 200
    said = target.raw.ask("GET", f"{PROXIED}/{key}").headers["content-disposition"]
    assert said.isascii()
    plain = said.partition('filename="')[2].partition('"; filename*=UTF-8')[0]
    assert not set(plain) & set('"\\\r\n;')
