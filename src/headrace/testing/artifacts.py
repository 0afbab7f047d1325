"""The contract every artifact store keeps. Subclass it and provide a ``store`` fixture over an empty root."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.artifacts.port import CHUNK, ArtifactStore
from headrace.base.errors import BadRequest, NotFound
from headrace.schema.artifacts import FileInfo

#: Paths that no store may take for an artifact.
BAD_PATHS = [
    "",
    ".",
    "..",
    "../secret",
    "a/../../secret",
    "a/./b",
    "a//b",
    "a/",
    "/etc/passwd",
    "~/x",
    "C:/x",
    "s3://bucket/x",
    "a\\b",
    "a%2e%2e",
    "a#b",
    "a?b",
    "a\x00b",
    "a\nb",
    "\u202ea",
    "x" * 256,
    "/".join("a" * 33),
]


class ArtifactContract:
    """What is put can be got, whole or not at all, and nothing leaves the root."""

    def test_what_is_put_can_be_got(self, store: ArtifactStore, tmp_path: Path) -> None:
        source = tmp_path / "model.bin"
        source.write_bytes(b"\x00weights")
        store.put(source, "models/final/model.bin")
        assert store.get("models/final/model.bin", tmp_path / "far" / "back").read_bytes() == b"\x00weights"

    @pytest.mark.parametrize("size", [0, 1, CHUNK, 3 * CHUNK + 1])
    def test_a_file_of_any_size_comes_back_as_it_was(self, store: ArtifactStore, size: int) -> None:
        store.write("data.bin", (b"x" * part for part in _parts(size)))
        assert sum(len(piece) for piece in store.read("data.bin")) == size
        assert store.stat("data.bin") == FileInfo("data.bin", False, size)

    @pytest.mark.parametrize(
        "name", ["plain.txt", "with space.txt", "ünïcode-模型.txt", "a+b&c=d;e,f@g!.txt", ".hidden"]
    )
    def test_names_are_kept_as_given(self, store: ArtifactStore, name: str) -> None:
        store.write(f"folder {name}/{name}", [b"1"])
        assert store.list(f"folder {name}") == [FileInfo(f"folder {name}/{name}", False, 1)]
        assert b"".join(store.read(f"folder {name}/{name}")) == b"1"

    def test_listing_shows_one_level_in_order(self, store: ArtifactStore) -> None:
        for key in ("zebra", "models/model.bin", "models/deep/x", "alpha"):
            store.write(key, [b"12345678"])
        assert store.list() == [
            FileInfo("alpha", False, 8),
            FileInfo("models", True),
            FileInfo("zebra", False, 8),
        ]
        assert store.list("models") == [FileInfo("models/deep", True), FileInfo("models/model.bin", False, 8)]
        assert store.stat("models") == FileInfo("models", True)

    def test_what_is_not_a_folder_lists_as_nothing(self, store: ArtifactStore) -> None:
        assert store.list() == []
        store.write("readme", [b"x"])
        assert store.list("readme") == []
        assert store.list("nowhere/at/all") == []

    def test_a_file_is_replaced_by_the_next_one(self, store: ArtifactStore) -> None:
        store.write("readme", [b"a long first text"])
        store.write("readme", [b"second"])
        assert b"".join(store.read("readme")) == b"second"

    def test_a_write_that_fails_leaves_what_was_there(self, store: ArtifactStore) -> None:
        store.write("readme", [b"first"])
        with pytest.raises(ZeroDivisionError):
            store.write("readme", _breaks())
        with pytest.raises(ZeroDivisionError):
            store.write("other", _breaks())
        assert b"".join(store.read("readme")) == b"first"
        assert store.list() == [FileInfo("readme", False, 5)]

    def test_a_file_that_is_being_written_is_not_listed(self, store: ArtifactStore) -> None:
        seen: list[list[FileInfo]] = []

        def chunks() -> Iterator[bytes]:
            yield b"half"
            seen.append(store.list())
            yield b"whole"

        store.write("readme", chunks())
        assert seen == [[]]

    def test_reading_may_begin_anywhere(self, store: ArtifactStore) -> None:
        store.write("digits", [b"0123456789"])
        assert b"".join(store.read("digits", 7)) == b"789"
        assert b"".join(store.read("digits", 10)) == b""

    def test_deleting_happens_once(self, store: ArtifactStore) -> None:
        store.write("readme", [b"x"])
        store.write("folder/deep/x", [b"x"])
        for _ in range(2):
            store.delete("readme")
            store.delete("folder")
        assert store.list() == []

    def test_the_root_cannot_be_deleted(self, store: ArtifactStore) -> None:
        store.write("readme", [b"x"])
        for key in ("", ".", "./", "/"):
            with pytest.raises(BadRequest):
                store.delete(key)
        assert len(store.list()) == 1

    def test_what_was_never_put_is_not_found(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.write("there/readme", [b"x"])
        for key in ("nothing", "there/nothing", "no/such/folder"):
            with pytest.raises(NotFound):
                store.get(key, tmp_path / "back")
            with pytest.raises(NotFound):
                store.read(key)
            with pytest.raises(NotFound):
                store.stat(key)
        assert not (tmp_path / "back").exists()

    def test_a_name_is_a_file_or_a_folder_never_both(self, store: ArtifactStore, tmp_path: Path) -> None:
        store.write("folder/readme", [b"x"])
        for key in ("folder", "folder/readme/below"):
            with pytest.raises(BadRequest):
                store.write(key, [b"y"])
        with pytest.raises((BadRequest, NotFound)):
            store.get("folder", tmp_path / "back")
        assert store.list("folder") == [FileInfo("folder/readme", False, 1)]

    @pytest.mark.parametrize("path", BAD_PATHS)
    def test_no_path_leaves_the_root(self, store: ArtifactStore, tmp_path: Path, path: str) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"x")
        with pytest.raises(BadRequest):
            store.put(source, path)
        with pytest.raises(BadRequest):
            store.get(path, tmp_path / "back")
        with pytest.raises(BadRequest):
            store.delete(path)

    def test_writers_of_one_path_never_mix(self, store: ArtifactStore) -> None:
        def write(letter: bytes) -> None:
            store.write("contested", (letter * CHUNK for _ in range(2)))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, [b"a", b"b", b"c", b"d"]))
        found = b"".join(store.read("contested"))
        assert len(found) == 2 * CHUNK
        assert len(set(found)) == 1


def _parts(size: int) -> Iterator[int]:
    while size:
        part = min(size, CHUNK // 2)
        yield part
        size -= part


def _breaks() -> Iterator[bytes]:
    yield b"half"
    raise ZeroDivisionError
