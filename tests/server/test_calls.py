"""The calls over HTTP: their two roots, their verbs, and what is said when one is refused."""

from __future__ import annotations

import msgspec
import pytest

from headrace.schema import CALLS, Call, Empty
from headrace.schema.call import Anyone, Read
from headrace.schema.runs import GetRun
from headrace.server.routing import ByteRoute, Routes
from tests.server.raw import Raw, read_reply

API = "/api/2.0/mlflow"


@pytest.mark.parametrize("root", ["/api", "/ajax-api"])
def test_a_metric_is_logged_and_read_back(raw: Raw, root: str) -> None:
    api = f"{root}/2.0/mlflow"
    run_id = raw.ask("POST", f"{api}/runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
    body = {"run_id": run_id, "key": "loss", "value": "0.5", "timestamp": "7", "step": "3"}
    logged = raw.ask("POST", f"{api}/runs/log-metric", body)
    assert (logged.status, logged.body) == (200, b"{}")
    found = raw.ask("GET", f"{api}/runs/get?run_id={run_id}").json()["run"]["data"]["metrics"]
    assert found == [{"key": "loss", "value": 0.5, "timestamp": 7, "step": 3}]


def test_a_get_takes_its_fields_from_a_json_body_as_well(raw: Raw) -> None:
    said = raw.ask("GET", f"{API}/experiments/get", {"experiment_id": "0"})
    assert said.json()["experiment"]["name"] == "Default"


def test_a_field_in_the_path_may_be_repeated_elsewhere(raw: Raw) -> None:
    made = raw.ask("POST", f"{API}/logged-models", {"experiment_id": "0", "name": "m"}).json()["model"]["info"]
    where = f"{API}/logged-models/{made['model_id']}"
    assert raw.ask("GET", f"{where}?model_id={made['model_id']}").json()["model"]["info"]["name"] == "m"
    done = raw.ask("PATCH", where, {"model_id": "another", "status": "LOGGED_MODEL_READY"})
    assert done.json()["model"]["info"]["model_id"] == made["model_id"]
    tags = {"tags": [{"key": "a/b ä", "value": "v"}]}
    assert raw.ask("PATCH", f"{where}/tags", tags).status == 200
    assert raw.ask("DELETE", f"{where}/tags/a%2Fb%20%C3%A4").status == 200
    assert raw.ask("GET", where).json()["model"]["info"].get("tags", []) == []


def test_a_delete_takes_a_json_body(raw: Raw) -> None:
    raw.ask("POST", f"{API}/registered-models/create", {"name": "gone soon"})
    assert raw.ask("DELETE", f"{API}/registered-models/delete", {"name": "gone soon"}).status == 200
    assert raw.ask("GET", f"{API}/registered-models/get?name=gone+soon").status == 404


def test_a_refusal_carries_the_id_of_its_request(raw: Raw) -> None:
    reply = raw.ask("GET", f"{API}/runs/get?run_id=nobody")
    said = reply.json()
    assert reply.status == 404
    assert said["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert said["request_id"] == reply.headers["x-request-id"]


def test_requests_on_one_connection_are_answered_in_their_order(raw: Raw) -> None:
    first = f"GET {API}/experiments/get?experiment_id=0 HTTP/1.1\r\nHost: {raw.host}\r\n\r\n"
    second = f"GET /health HTTP/1.1\r\nHost: {raw.host}\r\nConnection: close\r\n\r\n"
    with raw.connect() as connection:
        connection.sendall((first + second).encode())
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
    assert data.index(b"Default") < data.index(b"\r\n\r\nOK")
    assert data.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("size", [1 << 20, 700, 61, 7])
def test_quick_and_slow_calls_may_be_mixed_on_one_connection(raw: Raw, size: int) -> None:
    """In whatever pieces they arrive."""
    run_id = raw.ask("POST", f"{API}/runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
    point = f'{{"run_id": "{run_id}", "key": "m", "value": 1, "timestamp": 0}}'
    asked = [
        ("POST", f"{API}/runs/log-metric", point, "200"),
        ("POST", f"{API}/runs/search", '{"experiment_ids": ["0"]}', "200"),
        ("GET", f"{API}/runs/get?run_id={run_id}", "", "200"),
        ("POST", f"{API}/runs/log-metric", "{}", "400"),
        ("GET", f"{API}/runs/get?run_id=nobody", "", "404"),
        ("GET", f"http://{raw.host}{API}/runs/get?run_id={run_id}", "", "200"),
        ("GET", "/version", "", "200"),
        ("POST", f"{API}/runs/log-metric", point, "200"),
    ]
    sent = ""
    for number, (verb, target, body, _) in enumerate(asked):
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        last = "Connection: close\r\n" if number == len(asked) - 1 else ""
        sent += f"{verb} {target} HTTP/1.1\r\nHost: {raw.host}\r\n{length}{last}\r\n{body}"
    with raw.connect() as connection:
        for start in range(0, len(sent), size):
            connection.sendall(sent[start : start + size].encode())
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
    found = [reply[:3].decode() for reply in data.split(b"HTTP/1.1 ")[1:]]
    assert found == [status for *_, status in asked]


def test_a_caller_of_http_1_0_is_answered_and_let_go(raw: Raw) -> None:
    request = f"GET {API}/experiments/get?experiment_id=0 HTTP/1.0\r\nHost: {raw.host}\r\n\r\n"
    with raw.connect() as connection:
        connection.sendall(request.encode())
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
    assert data.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in data
    assert data.endswith(b"}}")


def test_a_caller_that_waits_for_leave_to_send_gets_it(raw: Raw) -> None:
    head = f"POST {API}/runs/search HTTP/1.1\r\nHost: {raw.host}\r\nContent-Type: application/json\r\n"
    with raw.connect() as connection:
        connection.sendall((head + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n").encode())
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert read_reply(connection).status == 200


def test_a_route_that_does_not_say_who_may_use_it_stops_the_server() -> None:
    async def answer(*_: object) -> None: ...

    class Careless(Call[Empty], frozen=True, kw_only=True):
        """A call somebody added in a hurry."""

    Careless.route = msgspec.structs.replace(GetRun.route, needs=None)
    with pytest.raises(TypeError, match="who may use it"):
        Routes({"Careless": Careless}, [])
    with pytest.raises(TypeError, match="who may use it"):
        Routes({}, [ByteRoute(("GET",), "/bytes", None, answer)])
    with pytest.raises(TypeError, match="two"):
        Routes(CALLS, [ByteRoute(("GET",), f"{API}/runs/get", Anyone, answer)])
    Routes(CALLS, [ByteRoute(("GET",), "/bytes", Read.workspace(), answer)])
