"""The values of a column as streams of bytes, which do not tell where one chunk ended and the next began.

A column has a stream of the positions of its nulls and one of the values between them; texts have one more, of their
lengths; lists have their lengths and a column of their elements; structs have a column for each field.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from headrace.base.errors import NotSupported


class Stream(Protocol):
    """Takes the arrays of a column one after the other."""

    #: The type of the values, spelled alike for every library.
    name: str

    def add(self, array: Any) -> None:
        """Take the next values, as an Arrow array."""

    def hexdigest(self) -> str:
        """128 bits of all that was taken."""


def stream_of(kind: Any) -> Stream:
    """The stream for a column of the Arrow type ``kind``. Raises ``NotSupported`` for a union."""
    import pyarrow

    types = pyarrow.types
    if isinstance(kind, pyarrow.BaseExtensionType):
        return _Unwrapped(kind)
    if types.is_dictionary(kind):
        return _Recast(f"categorical<{stream_of(kind.value_type).name}>", kind.value_type)
    if types.is_run_end_encoded(kind):
        return _Recast(stream_of(kind.value_type).name, kind.value_type, decode="run_end_decode")
    if types.is_null(kind):
        return _Nothing()
    if (plain := _without_views(kind)) != kind:
        return _Recast(stream_of(plain).name, plain)
    if types.is_map(kind):
        entries = pyarrow.list_(pyarrow.struct([("key", kind.key_type), ("value", kind.item_type)]))
        return _Recast(stream_of(entries).name, entries)
    if hasattr(kind, "value_field"):
        return _Lists(kind)
    if types.is_struct(kind):
        return _Structs(kind)
    if any(is_text(kind) for is_text in (types.is_string, types.is_large_string)):
        return _Texts("string", pyarrow.large_string())
    if any(is_bytes(kind) for is_bytes in (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)):
        return _Texts("binary", pyarrow.large_binary())
    if types.is_union(kind):
        raise NotSupported(f"A column of {kind} has no digest: turn the union into a struct of its members")
    return _Fixed(kind)


class _Nulls:
    """Positions of the nulls of a column; passes on what is between them."""

    def __init__(self) -> None:
        self._hash, self._rows = hashlib.blake2b(digest_size=16), 0

    def without(self, array: Any) -> Any:
        """``array`` without its nulls."""
        if array.null_count:
            import numpy

            at = numpy.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
            self._hash.update((at + self._rows).astype("<i8").data)
            dense = array.drop_null()
        else:
            dense = array
        self._rows += len(array)
        return dense

    def sealed(self, *streams: bytes) -> str:
        """The digest of a column that has these streams."""
        whole = hashlib.blake2b(self._rows.to_bytes(8, "little") + self._hash.digest(), digest_size=16)
        for stream in streams:
            whole.update(stream)
        return whole.hexdigest()


class _Fixed:
    """Numbers, booleans, dates, times and decimals: so many bytes each."""

    def __init__(self, kind: Any) -> None:
        import pyarrow

        self._kind = _common(kind)
        self.name = _spelled(self._kind)
        self._cast = None if self._kind == kind else self._kind
        if pyarrow.types.is_boolean(kind):
            self._cast = pyarrow.uint8()  # Bits do not begin at a byte in every chunk.
        self._width = (self._cast or self._kind).bit_width // 8
        self._floats = f"f{self._width}" if pyarrow.types.is_floating(kind) else ""
        self._nulls, self._values = _Nulls(), hashlib.blake2b(digest_size=16)

    def add(self, array: Any) -> None:
        dense = self._nulls.without(array)
        if self._cast is not None:
            dense = dense.cast(self._cast)
        buffer = dense.buffers()[1]
        if buffer is None or not len(dense):
            return
        values = buffer.slice(dense.offset * self._width, len(dense) * self._width)
        self._values.update(_one_nan(values, self._floats) if self._floats else values)

    def hexdigest(self) -> str:
        return self._nulls.sealed(self._values.digest())


class _Texts:
    """Texts or bytes: how long each is, and all of them together."""

    def __init__(self, name: str, kind: Any) -> None:
        self.name, self._kind = name, kind
        self._nulls = _Nulls()
        self._lengths, self._values = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)

    def add(self, array: Any) -> None:
        import numpy

        dense = self._nulls.without(array)
        if not len(dense):
            return
        dense = dense if dense.type == self._kind else dense.cast(self._kind)
        _, offsets, values = dense.buffers()
        ends = numpy.frombuffer(offsets, dtype="<i8")[dense.offset : dense.offset + len(dense) + 1]
        self._lengths.update(numpy.diff(ends).data)
        if values is not None:
            self._values.update(values.slice(int(ends[0]), int(ends[-1] - ends[0])))

    def hexdigest(self) -> str:
        return self._nulls.sealed(self._lengths.digest(), self._values.digest())


class _Lists:
    """Lists: how long each is, and a column of all elements."""

    def __init__(self, kind: Any) -> None:
        self._elements = stream_of(kind.value_type)
        self.name = f"list<{self._elements.name}>"
        self._nulls, self._lengths = _Nulls(), hashlib.blake2b(digest_size=16)

    def add(self, array: Any) -> None:
        import pyarrow.compute

        dense = self._nulls.without(array)
        if len(dense):
            self._lengths.update(pyarrow.compute.list_value_length(dense).cast("int64").to_numpy())
            self._elements.add(dense.flatten())

    def hexdigest(self) -> str:
        return self._nulls.sealed(self._lengths.digest(), bytes.fromhex(self._elements.hexdigest()))


class _Structs:
    """Structs: a column for each field."""

    def __init__(self, kind: Any) -> None:
        self._fields = [stream_of(field.type) for field in kind]
        said = ", ".join(f"{field.name}: {stream.name}" for field, stream in zip(kind, self._fields, strict=True))
        self.name = f"struct<{said}>"
        self._nulls = _Nulls()

    def add(self, array: Any) -> None:
        dense = self._nulls.without(array)
        for field, values in zip(self._fields, dense.flatten(), strict=True):
            field.add(values)

    def hexdigest(self) -> str:
        return self._nulls.sealed(*(bytes.fromhex(field.hexdigest()) for field in self._fields))


class _Recast:
    """Values that are told in a shorter way, such as categories by their number, as what they are."""

    def __init__(self, name: str, kind: Any, decode: str | None = None) -> None:
        self.name, self._kind, self._decode = name, kind, decode
        self._inner = stream_of(kind)

    def add(self, array: Any) -> None:
        import pyarrow.compute

        plain = getattr(pyarrow.compute, self._decode)(array) if self._decode else array
        self._inner.add(plain if plain.type == self._kind else plain.cast(self._kind))

    def hexdigest(self) -> str:
        return self._inner.hexdigest()


class _Unwrapped:
    """Values of an extension type, as what they are stored as."""

    def __init__(self, kind: Any) -> None:
        self._inner = stream_of(kind.storage_type)
        self.name = f"{kind.extension_name}<{self._inner.name}>"

    def add(self, array: Any) -> None:
        self._inner.add(array.storage)

    def hexdigest(self) -> str:
        return self._inner.hexdigest()


class _Nothing:
    """A column of which nothing is known but its length."""

    name = "null"

    def __init__(self) -> None:
        self._rows = 0

    def add(self, array: Any) -> None:
        self._rows += len(array)

    def hexdigest(self) -> str:
        return hashlib.blake2b(self._rows.to_bytes(8, "little"), digest_size=16).hexdigest()


def _common(kind: Any) -> Any:
    """The type that stands for all that libraries turn into each other: polars has no seconds and one kind of time."""
    import pyarrow

    types = pyarrow.types
    if types.is_timestamp(kind) and kind.unit == "s":
        return pyarrow.timestamp("ms", kind.tz)
    if types.is_duration(kind) and kind.unit == "s":
        return pyarrow.duration("ms")
    if types.is_time(kind):
        return pyarrow.time64("ns")
    if types.is_date(kind):
        return pyarrow.date32()
    if types.is_decimal(kind):
        wide = kind.precision > 38
        return (pyarrow.decimal256 if wide else pyarrow.decimal128)(kind.precision, kind.scale)
    return kind


def _without_views(kind: Any) -> Any:
    """``kind`` with texts and bytes told in a way that Arrow can filter."""
    import pyarrow

    types = pyarrow.types
    if types.is_string_view(kind):
        return pyarrow.large_string()
    if types.is_binary_view(kind):
        return pyarrow.large_binary()
    if types.is_struct(kind):
        return pyarrow.struct([(field.name, _without_views(field.type)) for field in kind])
    inner = _without_views(kind.value_type) if hasattr(kind, "value_field") else None
    return kind if inner is None or inner == kind.value_type else pyarrow.large_list(inner)


def _spelled(kind: Any) -> str:
    import pyarrow

    if pyarrow.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return str(kind)


def _one_nan(values: Any, dtype: str) -> Any:
    """``values`` with the same bits for every NaN, of which there are many."""
    import numpy

    numbers = numpy.frombuffer(values, dtype=dtype)
    nan = numpy.isnan(numbers)
    if nan.any():
        numbers = numbers.copy()
        numbers[nan] = numpy.nan
    return numbers
