"""The local folder, and what its surroundings may try with it."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.artifacts import open_store
from headrace.artifacts.local import LocalStore
from headrace.base.errors import BadRequest, NotFound
from headrace.testing.artifacts import ArtifactContract


class TestLocalStore(ArtifactContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> LocalStore:
        return LocalStore(tmp_path / "deep" / "root")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root)


def test_a_link_to_a_file_is_not_read(store: LocalStore, root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to(tmp_path / "outside" / "secret")
    for look in (store.read, store.stat):
        with pytest.raises(BadRequest, match="link"):
            look("link")
    assert store.list() == []


def test_a_link_to_a_folder_is_not_entered(store: LocalStore, root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(BadRequest):
        store.read("link/secret")
    with pytest.raises(BadRequest):
        store.write("link/new", [b"x"])
    with pytest.raises(BadRequest):
        store.delete("link/secret")
    with pytest.raises(BadRequest):
        store.list("link")
    assert os.listdir(tmp_path / "outside") == ["secret"]


def test_writing_over_a_link_replaces_the_link(store: LocalStore, root: Path, tmp_path: Path) -> None:
    (root / "link").symlink_to(tmp_path / "outside" / "secret")
    store.write("link", [b"mine"])
    assert (tmp_path / "outside" / "secret").read_bytes() == b"secret"
    assert b"".join(store.read("link")) == b"mine"


def test_deleting_a_folder_leaves_what_its_links_point_at(store: LocalStore, root: Path, tmp_path: Path) -> None:
    store.write("folder/x", [b"x"])
    (root / "folder" / "link").symlink_to(tmp_path / "outside")
    store.delete("folder")
    assert (tmp_path / "outside" / "secret").exists()
    assert store.list() == []


def test_pipes_sockets_and_devices_are_not_opened(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for key in ("pipe", "socket"):
            with pytest.raises(BadRequest, match="pipe"):
                store.read(key)
        assert store.list() == []


def test_an_unfinished_file_of_a_killed_process_is_never_shown_and_its_name_is_kept(
    store: LocalStore, root: Path
) -> None:
    name = ".headrace-0123456789abcdef.part"
    (root / name).write_bytes(b"half")
    assert store.list() == []
    with pytest.raises(BadRequest, match="being written"):
        store.read(name)
    with pytest.raises(BadRequest, match="being written"):
        store.write(name, [b"x"])


def test_names_that_are_not_text_are_left_out_of_listings(store: LocalStore, root: Path) -> None:
    (root / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")
    (root / "good").write_bytes(b"x")
    assert [info.path for info in store.list()] == ["good"]


def test_the_root_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    LocalStore(tmp_path / "alias").write("x", [b"1"])
    assert (root / "x").read_bytes() == b"1"


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadRequest, match="give a folder"):
        LocalStore(tmp_path / "file").list("x")


def test_a_reader_that_gives_up_lets_go_of_the_file(store: LocalStore) -> None:
    store.write("x", [b"1"])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        store.read("x")
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_a_reader_sees_is_one_version(store: LocalStore) -> None:
    store.write("x", [b"a" * (3 << 20)])
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            store.write("x", [b"b" * (3 << 20)])
            store.write("x", [b"a" * (3 << 20)])

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(20):
            assert len(set(b"".join(store.read("x")))) == 1
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("spelling", ["{}", "file://{}", "file:{}", "file://localhost{}"])
def test_a_folder_is_named_by_path_or_uri(root: Path, spelling: str) -> None:
    (root / "x").write_bytes(b"1")
    assert [info.path for info in open_store(spelling.format(root)).list()] == ["x"]


def test_a_uri_may_escape_characters_of_its_folder(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/my%20runs").write("x", [b"1"])
    assert (tmp_path / "my runs" / "x").exists()


def test_a_relative_folder_lies_below_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("runs")
    monkeypatch.chdir("/")
    store.write("x", [b"1"])
    assert (tmp_path / "runs" / "x").exists()


@pytest.mark.parametrize("uri", ["file://elsewhere/x", "file:///x#y", "file:///x?y", "", "/x\x00y"])
def test_what_is_not_a_folder_of_this_machine_is_refused(uri: str) -> None:
    with pytest.raises(BadRequest):
        open_store(uri)


def test_an_unknown_scheme_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadRequest, match=r"ftp: .* headrace knows paths and file:, http:, https:, mlflow-artifacts:"):
        open_store("ftp://host/x")


def test_listing_something_that_is_gone_is_empty_and_reading_it_is_not_found(store: LocalStore) -> None:
    store.write("x/y", [b"1"])
    store.delete("x")
    assert store.list("x") == []
    with pytest.raises(NotFound):
        store.read("x/y")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=80), st.text(alphabet="a./~\\%:#?\x00é ", max_size=12)))
def test_any_text_is_refused_or_names_one_file_below_the_root(tmp_path: Path, text: str) -> None:
    store = LocalStore(tmp_path / "any")
    try:
        store.write(text, [text.encode("utf-8", "surrogatepass")])
    except BadRequest:
        return
    path = os.path.realpath(tmp_path / "any" / text)
    assert path.startswith(f"{os.path.realpath(tmp_path / 'any')}/")
    assert b"".join(store.read(text)) == text.encode()
    assert text in [info.path for info in store.list(text.rpartition("/")[0])]
    store.delete(text)
    assert sorted(os.listdir(tmp_path)) in (["any"], [])


@given(junk=st.binary(min_size=1, max_size=30))
def test_any_name_on_the_disk_is_listed_as_text_or_left_out(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    name = os.fsdecode(junk.replace(b"\x00", b"0").replace(b"/", b"_"))
    if name in (".", ".."):
        return
    root = tmp_path_factory.mktemp("names")
    (root / name).write_bytes(b"x")
    for info in LocalStore(root).list():
        assert info.path.encode() == os.fsencode(name)
