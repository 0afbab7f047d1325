"""Numbers moved to another dtype, when every one of them survives."""

from __future__ import annotations

from typing import Any

#: The first whole number that has no float of its own is this power of two and one more, by the bytes of the float.
_DIGITS = {2: 11, 4: 24, 8: 53}


def exactly(array: Any, dtype: Any) -> Any:
    """``array`` with the numpy ``dtype``, or None when a value in it would change; NaN and infinity stay what they are.

    A truth value is no number, and a number none.
    """
    import numpy

    if array.dtype == dtype or array.dtype.newbyteorder("=") == dtype:
        return array
    have, want = array.dtype.kind, dtype.kind
    if have not in "iuf" or want not in "iuf":
        return None
    if want != "f":
        return _whole(array, dtype) if not array.size or _is_in_range(array, numpy.iinfo(dtype)) else None
    if have != "f" and not _have_floats(array, dtype):
        return None
    with numpy.errstate(all="ignore"):
        made = array.astype(dtype)
        kept = have != "f" or ((made == array) | (array != array)).all()
    return made if kept else None


def _is_in_range(array: Any, bounds: Any) -> bool:
    """Whether every number is in the range of an integer type, whose upper bound may have no float of its own."""
    below = array < float(bounds.max) + 1 if array.dtype.kind == "f" else array <= bounds.max
    return bool((array >= bounds.min).all() and below.all())


def _whole(array: Any, dtype: Any) -> Any:
    made = array.astype(dtype)
    return made if array.dtype.kind != "f" or (made == array).all() else None


def _have_floats(array: Any, dtype: Any) -> bool:
    """Whether each whole number has a float of its own. numpy calls int64 to float64 safe; it is not."""
    import numpy

    if not array.size:
        return True
    limit = 2 ** _DIGITS[dtype.itemsize]
    if int(array.min()) >= -limit and int(array.max()) <= limit:
        return True
    with numpy.errstate(over="ignore"):
        # Python compares a float with an int of any size exactly.
        return all(float(dtype.type(each)) == each for each in array.ravel().tolist())
