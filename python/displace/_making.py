"""Where made fields go: their lattices, their dtype, and whose arrays they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._errors import DTypeError, ShapeError
from ._field import Field, to_numpy

_DTYPES = ("float32", "float64")


class Target:
    """The lattices of a field that is to be made, and the kind of array that it gets: torch's if one of `given` is."""

    def __init__(self, size: Any, input_size: Any, align_corners: bool, rest: Any, dtype: Any, *given: Any) -> None:
        self.size = tuple(int(length) for length in _arrays.whole(size, "size", "(H, W) or (D, H, W)"))
        self.axes = len(self.size)
        if self.axes not in (2, 3) or not all(0 <= length < 2**30 for length in self.size):
            raise ShapeError(f"size is {self.size}: expected (H, W) or (D, H, W), lengths from 0 to {2**30 - 1}")
        if input_size is None and 0 in self.size:
            raise ShapeError(f"size is {self.size}: a field of no pixels reads an image of some; say its input_size")
        self.input_size = self.size if input_size is None else tuple(_arrays.check_size(input_size, self.axes))
        _arrays.check_words("nearest", "zeros", "displacement", rest)
        if rest is None and self.input_size != self.size:
            _arrays.need_rest(self.input_size, self.size)
        self.align_corners, self.rest = bool(align_corners), rest
        self.dtype = np.dtype(_name(dtype))
        self.torch = any(_arrays.is_torch(array) for array in given)
        self.frame = (list(self.input_size), "displacement", self.align_corners, rest)

    def need_axes(self, axes: int, what: str) -> None:
        """That what makes the field has as many axes as the field."""
        if axes != self.axes:
            raise ShapeError(f"{what} is of {axes} axes, but size is {self.size}: expected {axes} lengths")

    def field(self, write: Callable[[npt.NDArray[Any]], Any]) -> Any:
        """The field that `write` makes in an array of `([D,] H, W, D)`."""
        out = np.empty((*self.size, self.axes), self.dtype)
        write(out)
        return Field(self.kept(out), self.input_size, align_corners=self.align_corners, rest=self.rest)

    def fields(self, count: int | None, write: Callable[[npt.NDArray[Any], int], Any]) -> Any:
        """The field of `count` samples, each made by `write`; of one without a batch axis if `count` is None."""
        if count is None:
            return self.field(lambda out: write(out, 0))
        out = np.empty((count, *self.size, self.axes), self.dtype)
        for i in range(count):
            write(out[i], i)
        return Field(self.kept(out), self.input_size, align_corners=self.align_corners, rest=self.rest)

    def kept(self, result: npt.NDArray[Any]) -> Any:
        """A result as the caller's kind of array."""
        if self.torch:
            import torch

            return torch.from_numpy(result)
        return result


def _name(dtype: Any) -> str:
    name = str(dtype).removeprefix("torch.") if not isinstance(dtype, type) else np.dtype(dtype).name
    if name not in _DTYPES:
        raise DTypeError(f"dtype is {dtype!r}: expected {' or '.join(_DTYPES)}")
    return name


def middle(size: Sequence[int]) -> list[float]:
    """The place in the middle, x first."""
    return [(length - 1) / 2 for length in reversed(size)]


def place(value: Any, what: str, axes: int, default: Sequence[float]) -> list[float]:
    """One number for each axis, x first."""
    return list(default) if value is None else floats(value, what, (axes,), f"{axes} numbers, x first").tolist()


def floats(values: Any, what: str, shape: tuple[int | None, ...], expected: str) -> npt.NDArray[np.float64]:
    """Numbers that make a field, in float64; `None` in the shape is any length."""
    array = to_numpy(values, what)
    fits = array.ndim == len(shape) and all(want in (None, found) for want, found in zip(shape, array.shape, strict=True))
    if not fits:
        raise ShapeError(f"{what} has shape {array.shape}: expected {expected}")
    if array.dtype.kind not in "fiu":
        raise DTypeError(f"{what} holds {array.dtype}: expected numbers")
    return np.ascontiguousarray(array, np.float64)


def pairs(source: Any, destination: Any, target: Target) -> list[npt.NDArray[np.float64]]:
    """Points of the input and as many of the output, with the field's axes."""
    expected = f"(K, {target.axes}) for size {target.size}"
    points = [
        floats(given, what, (None, target.axes), expected) for given, what in ((source, "source"), (destination, "destination"))
    ]
    if len(points[0]) != len(points[1]):
        raise ShapeError(f"{len(points[0])} source and {len(points[1])} destination points: expected as many of each")
    return points


def each(given: Any, count: int, what: str, order: str = "") -> list[float]:
    """One number for all, or `count` of them."""
    array = to_numpy(given, what)
    numbers = floats(array, what, (() if array.ndim == 0 else (count,)), f"a number or {count}{order}")
    return [float(number) for number in np.broadcast_to(numbers, (count,))]
