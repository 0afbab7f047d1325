"""Pictures: what users pass as one, and how series of them are named."""

from __future__ import annotations

import re
import uuid
import warnings
from pathlib import Path
from typing import Any

from headrace.base.clock import now_ms
from headrace.tracking.extras import need
from headrace.tracking.values import whole

_KEY = re.compile(r"[\w\-. /]+")
#: Pixels along the longer side of the small copy that lists of pictures show.
_SMALL = 256


class Image:
    """A picture that can be logged: from an array, a PIL image, a list of numbers or a file."""

    def __init__(self, image: Any) -> None:
        if isinstance(image, str | Path):
            with _pillow().open(image) as file:
                file.load()
                self.image = file.copy()
        elif isinstance(image, list):
            self.image = convert_to_pil_image(image)
        else:
            self.image = as_pillow(image)
        self.size = self.image.size

    def to_pil(self) -> Any:
        """The picture as a PIL image."""
        return self.image

    def to_array(self) -> Any:
        """The picture as a numpy array."""
        import numpy

        return numpy.array(self.image)

    def to_list(self) -> Any:
        """Its pixels row by row in one list: numbers, or tuples of the channels."""
        array = self.to_array()
        return array.ravel().tolist() if array.ndim == 2 else [tuple(each) for row in array.tolist() for each in row]

    def save(self, path: str) -> None:
        """Write the picture, in the format its name ends in."""
        self.image.save(path)

    def resize(self, size: tuple[int, int]) -> Image:
        """The picture at another size, (width, height) in pixels."""
        return Image(self.image.resize(size))


def as_pillow(image: Any) -> Any:
    """A picture as a PIL image."""
    if isinstance(image, Image):
        return image.to_pil().copy()
    if isinstance(image, _pillow().Image):
        return image.copy()  # The picture as it is now, whenever it is written.
    if hasattr(image, "__array__") and not isinstance(image, list | tuple):
        import numpy

        return _from_array(numpy.asarray(image))
    hint = "; open a file with Image(path)" if isinstance(image, str | Path) else ""
    raise TypeError(f"A picture is a numpy array, a PIL image or an Image, not a {type(image).__name__}{hint}")


def save(picture: Any, path: Path) -> None:
    """Write a picture in the format its name ends in."""
    picture.save(path)


def compress_image_size(image: Any, max_size: int | None = _SMALL) -> Any:
    """A PIL image that is at most ``max_size`` pixels on its longer side, of the same proportions."""
    longer = max(image.size)
    if max_size is None or longer <= max_size:
        return image
    width, height = (max(1, round(side * max_size / longer)) for side in image.size)
    return image.resize((width, height))


def convert_to_pil_image(image: Any) -> Any:
    """An array, or a list of numbers, as a PIL image."""
    import numpy

    return _from_array(numpy.asarray(image))


def save_small(picture: Any, path: Path) -> None:
    """Write a small copy of a picture."""
    compress_image_size(picture).save(path, format="webp")


def series_name(key: str, step: int | None, timestamp: int | None) -> str:
    """The path, without ending, of the next picture of a series; the ending says whether it is the small copy."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"The key {key!r} may have only letters, digits, '_', '-', '.', '/' and spaces")
    when = now_ms() if timestamp is None else whole(timestamp, "timestamp")
    return f"images/{key.replace('/', '~')}+step+{whole(step or 0, 'step')}+timestamp+{when}+{uuid.uuid4()}"


def cell_name(column: str) -> str:
    """The path, without ending, of a picture in a table."""
    return f"table_images/{column}/{uuid.uuid4()}"


def _pillow() -> Any:
    return need("PIL.Image", "A picture", "pillow")


def _from_array(array: Any) -> Any:
    import numpy

    if array.ndim not in (2, 3):
        raise ValueError(f"A picture has 2 or 3 dimensions, (height, width[, channels]), not {array.shape}")
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4):
        raise ValueError(f"A picture has 1, 3 or 4 channels in its last dimension, not {array.shape[2]}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    kind = array.dtype.kind
    if kind == "b":
        array = array.astype(numpy.uint8) * 255
    elif kind == "f":
        array = _from_unit(array)
    elif kind not in "iu":
        raise TypeError(f"Pixels are whole numbers, floats or bools, not {array.dtype}")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if low < 0 or high > 255:
        raise ValueError(f"Whole-number pixels are from 0 to 255; these are from {low} to {high}")
    return _pillow().fromarray(array.astype(numpy.uint8, copy=True))


def _from_unit(array: Any) -> Any:
    import numpy

    if not numpy.isfinite(array).all():
        raise ValueError("Pixels must be finite numbers; these have NaN or infinity")
    low, high = (array.min(), array.max()) if array.size else (0.0, 0.0)
    if low < 0 or high > 1:
        warnings.warn(f"Float pixels are from 0 to 1; these are from {low} to {high} and were rescaled", stacklevel=2)
        array = (array - low) / ((high - low) or 1)
    return (array * 255).astype(numpy.uint8)
