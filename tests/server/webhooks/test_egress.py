"""Nothing is sent where it may not be: by scheme, by spelling, by address, by redirect or by a second resolution."""

import socket
import ssl
import subprocess
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest

from headrace.base.egress import Egress, Target, networks
from headrace.base.errors import BadRequest, Forbidden, Unreachable
from headrace.server.webhooks import post as posting
from headrace.server.webhooks.post import post
from tests.server.webhooks.receiver import receiving

BOTH = Egress(schemes=frozenset(("http", "https")))

ODD = [
    "file:///etc/passwd",
    "gopher://h/x",
    "ftp://h/x",
    "data:text/plain,x",
    "//h/x",
    "https:/h/x",
    "https:h",
    "https://",
    "https:///x",
    "https://u@h/",
    "https://u:p@h/",
    "https://h#@127.0.0.1/",
    "https://h/#x",
    "https://127.0.0.1\\@example.com/",
    "https://exa mple.com/",
    " https://example.com/",
    "https://example.com/\n",
    "https://example.com/\r\nHost: x",
    "https://example.com\t/",
    "https://exämple.com/",
    "https://example.com/ä",
    "https://ⓛⓞⓒⓐⓛhost/",
    "https://127.0.0.1。/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://1.2.3.4.5/",
    "https://example.com:0/",
    "https://example.com:/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://-x.example.com/",
    "https://x..example.com/",
    "https://[::1/",
    "https://[fe80::1%25eth0]/",
    "https://[::ffff:127.0.0.1]:/",
    "https://%31%32%37.0.0.1/",
    "https://" + "a" * 300 + ".com/",
]
PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
    192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
    64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
""".split()
PUBLIC = "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700:4700::1111 2a00:1450:4001:81b::200e".split()


@pytest.mark.parametrize("url", ODD)
def test_an_odd_url_is_refused_before_anything_is_resolved(url: str) -> None:
    with pytest.raises(BadRequest, match="URL"):
        BOTH.parse(url)


def test_a_scheme_nobody_allowed_is_refused() -> None:
    with pytest.raises(BadRequest, match="https://"):
        Egress().parse("http://example.com/")


def test_a_plain_url_is_read() -> None:
    assert BOTH.parse("https://Example.com:8443/a/b?c=d&e") == Target("https", "example.com", 8443, "/a/b?c=d&e")
    assert BOTH.parse("http://[2606:4700::1111]").authority == "[2606:4700::1111]"
    assert BOTH.parse("HTTP://example.com:80/").authority == "example.com"
    assert BOTH.parse("https://8.8.8.8:444?x").authority == "8.8.8.8:444"


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not BOTH.allows(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert BOTH.allows(ip_address(address))


def test_a_network_can_be_allowed() -> None:
    allowed = Egress(networks=networks(["10.1.0.0/16", "fd00::/8"]))
    assert [allowed.allows(ip_address(each)) for each in ("10.1.2.3", "fd00::1", "10.2.0.1", "::ffff:10.1.2.3")] == [
        True,
        True,
        False,
        False,
    ]
    assert Egress(anywhere=True).allows(ip_address("127.0.0.1"))
    with pytest.raises(BadRequest, match="ALLOWED_NETWORKS"):
        networks(["10.0.0.1/8"])


def test_a_name_of_this_machine_is_refused_where_it_resolves() -> None:
    with pytest.raises(Forbidden, match="no public address"):
        BOTH.resolve(BOTH.parse("https://localhost/"))
    with pytest.raises(Unreachable, match="no address"):
        BOTH.resolve(BOTH.parse("https://no-such-host.invalid/"))


def test_the_address_that_was_checked_is_connected_to_whatever_the_name_means_by_now() -> None:
    with receiving() as receiver:
        target = Target("http", "rebound.invalid", receiver.port, "/hook?x=1")
        reply = post(target, [ip_address("127.0.0.1")], {"X-One": "1"}, b"{}", 30)
        assert reply.status == 200
        (message,) = receiver.received
        assert (message.path, message.headers["Host"]) == ("/hook?x=1", f"rebound.invalid:{receiver.port}")


def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    with receiving() as receiver:
        target = Target("http", "two.invalid", receiver.port, "/")
        addresses = [ip_address("127.0.0.2"), ip_address("127.0.0.1")]
        assert post(target, addresses, {}, b"{}", 30).status == 200


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "broke the connection"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", "broke the connection"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "not HTTP"),
        (b"HTTP/2 200\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 99999 x\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 70_000, "longer than"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        asked(answer)


def test_interim_answers_are_passed_over_and_the_body_is_not_waited_for() -> None:
    reply = asked(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 99999\r\nretry-after: 7\r\n\r\n")
    assert reply == (503, 7.0)


@pytest.mark.parametrize("said", ["soon", "-5", "Mon, 99 Foo", "1" * 60])
def test_a_wait_nobody_can_read_is_none(said: str) -> None:
    status, seconds = asked(f"HTTP/1.1 503 No\r\nRetry-After: {said}\r\n\r\n".encode())
    assert status == 503
    assert seconds == (float(said) if said.isdigit() else 0)


def test_a_receiver_that_dribbles_is_given_up() -> None:
    with pytest.raises(Unreachable, match="did not answer within"):
        asked(b"HTTP/1.1 200 OK\r\n", then_dribble=True, seconds=0.3)


def test_a_certificate_must_be_for_the_name_and_from_somebody_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 2 -subj /CN=hooks.invalid"
    subprocess.run([*made.split(), "-addext", "subjectAltName=DNS:hooks.invalid"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with pytest.raises(Unreachable, match="secure"):
        asked(b"HTTP/1.1 200 OK\r\n\r\n", tls=context, host="hooks.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    posting._trust.cache_clear()
    try:
        assert asked(b"HTTP/1.1 200 OK\r\n\r\n", tls=context, host="hooks.invalid").status == 200
        with pytest.raises(Unreachable, match="secure"):
            asked(b"HTTP/1.1 200 OK\r\n\r\n", tls=context, host="other.invalid")
    finally:
        posting._trust.cache_clear()


def asked(
    answer: bytes,
    *,
    then_dribble: bool = False,
    seconds: float = 30,
    tls: ssl.SSLContext | None = None,
    host: str = "h.invalid",
) -> posting.Reply:
    """The reply of a receiver that answers just that."""
    over = threading.Event()

    def serve(server: socket.socket) -> None:
        plain, _ = server.accept()
        try:
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            with connection:
                head = b""
                while b"\r\n\r\n{}" not in head:
                    head += connection.recv(4096)
                connection.sendall(answer)
                while then_dribble and not over.wait(0.01):
                    connection.sendall(b"A")
                if not then_dribble:
                    connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The other side has gone; it is what some of these tests are about.
        finally:
            plain.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            target = Target("https" if tls else "http", host, server.getsockname()[1], "/")
            return post(target, [ip_address("127.0.0.1")], {}, b"{}", seconds)
        finally:
            over.set()
            thread.join()
