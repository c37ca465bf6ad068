"""What files say beyond their numbers: fields with a meaning, images with a place, transforms."""

from __future__ import annotations

import os

import numpy as np

from . import _core
from ._errors import DisplaceError, ShapeError
from ._field import Field, to_numpy


class Placement:
    """Where pixel centres lie: `origin + direction @ (spacing * index)`, index x first, in mm, LPS (ITK's way of saying it).

    Parameters
    ----------
    spacing, origin : sequence of 2 or 3 numbers, x first
    direction : (2, 2) or (3, 3), optional
        Its columns are the directions of the index axes; the identity if left out.

    Examples
    --------
    >>> import displace
    >>> displace.Placement((0.5, 2), (-10, 5))
    Placement(spacing=(0.5, 2.0), origin=(-10.0, 5.0), direction=((1.0, 0.0), (0.0, 1.0)))
    """

    __slots__ = ("direction", "origin", "spacing")

    def __init__(self, spacing, origin, direction=None):
        self.spacing = tuple(float(v) for v in spacing)
        self.origin = tuple(float(v) for v in origin)
        axes = len(self.spacing)
        matrix = np.eye(axes) if direction is None else np.asarray(direction, np.float64)
        if axes not in (2, 3) or len(self.origin) != axes or matrix.size != axes * axes:
            raise ShapeError(
                f"spacing of {axes} numbers, origin of {len(self.origin)}, direction of {matrix.size}: expected 2, 2 and 4, or 3, 3 and 9"
            )
        self.direction = tuple(tuple(float(v) for v in row) for row in matrix.reshape(axes, axes))

    @classmethod
    def _of(cls, place):
        return None if place is None else cls(place[0], place[1], np.reshape(place[2], (len(place[0]),) * 2))

    def _place(self):
        return list(self.spacing), list(self.origin), [v for row in self.direction for v in row]

    def __eq__(self, other):
        return isinstance(other, Placement) and self._place() == other._place()

    def __hash__(self):
        return hash((self.spacing, self.origin, self.direction))

    def __repr__(self):
        return f"Placement(spacing={self.spacing}, origin={self.origin}, direction={self.direction})"


class _Arraylike:
    """What shows itself as an array."""

    __slots__ = ()

    @property
    def shape(self):
        """Shape of the array."""
        return tuple(self.array.shape)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype, copy=copy) if copy is not None else np.asarray(self.array, dtype=dtype)


class StoredField(_Arraylike):
    """Numbers that say where pixels go, with what they mean, as files have them.

    Parameters
    ----------
    array : array or tensor
        The numbers, in the layout of the convention.
    convention : str
        What they mean, by name: see `conventions`.
    placement : Placement, optional
        Where the pixels lie that have the numbers.
    valid : bool array, optional
        Which pixels' numbers mean anything, (N, [D,] H, W) without components.

    Attributes
    ----------
    array : numpy.ndarray
    readings : tuple of str
        What the numbers may mean. One: it is known. Several: the file does not say, and `convert` needs `src`.
    valid : numpy.ndarray of bool, or None
    placement : Placement or None
    remarks : tuple of str
        What else a file's header says.

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.StoredField(np.zeros((4, 6, 2), np.float32), "itk", displace.Placement((0.5, 2), (0, 0)))
    StoredField(float32 (4, 6, 2), "itk", placed)
    """

    __slots__ = ("_held", "array", "placement", "readings", "remarks", "valid")

    def __init__(self, array, convention, placement=None, valid=None):
        self._fill(None, array, convention, placement, valid)

    def _fill(self, held, array, convention, placement, valid):
        numbers = to_numpy(array, "array")
        if held is None:
            mask = None if valid is None else [bool(v) for v in np.asarray(valid).ravel()]
            place = None if placement is None else placement._place()
            held = _core.hold(np.asarray(numbers, order="C"), str(convention), mask, place)
        self._held = held
        self.array = numbers if valid is None else copied(held)
        self.readings = tuple(held.readings())
        self.placement = Placement._of(held.placement())
        mask = held.valid()
        self.valid = None if mask is None else np.array(mask, bool).reshape(_lattice(numbers.shape, held.size()))
        self.remarks = tuple(held.remarks())

    @classmethod
    def _of(cls, held):
        self = cls.__new__(cls)
        self._fill(held, copied(held), None, None, None)
        return self

    def __repr__(self):
        meaning = " or ".join(f'"{reading}"' for reading in self.readings)
        placed = ", placed" if self.placement is not None else ""
        valid = "" if self.valid is None else f", {int(self.valid.sum())} of {self.valid.size} valid"
        return f"StoredField({self.array.dtype} {self.shape}, {meaning}{placed}{valid})"


class Volume(_Arraylike):
    """An image that knows where its pixels lie.

    Parameters
    ----------
    array : array or tensor, ([D,] H, W), channels last
    placement : Placement

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.Volume(np.zeros((4, 6), np.float32), displace.Placement((0.5, 2), (0, 0)))
    Volume(float32 (4, 6), spacing=(0.5, 2.0))
    """

    __slots__ = ("_held", "array", "placement")

    def __init__(self, array, placement):
        numbers = to_numpy(array, "array")
        axes = len(placement.spacing)
        if numbers.ndim not in (axes, axes + 1):
            raise ShapeError(f"array has shape {numbers.shape}: expected {axes} axes as its placement, or one more for channels")
        channels = 1 if numbers.ndim == axes else numbers.shape[-1]
        self._held = _core.hold_volume(np.asarray(numbers, order="C"), placement._place(), channels)
        self.array, self.placement = numbers, placement

    @classmethod
    def _of(cls, held):
        self = cls.__new__(cls)
        self._held = held
        self.array = copied(held)
        self.placement = Placement._of(held.placement())
        return self

    def __repr__(self):
        return f"Volume({self.array.dtype} {self.shape}, spacing={self.placement.spacing})"


class Transform:
    """A map of places from a file: affine, a displacement field, or several one after the other.

    `convert` works it out on the pixels of an image: `convert(transform, dst="torch_grid", reference=fixed, source=moving)`.
    """

    __slots__ = ("_held",)

    def __init__(self):
        raise DisplaceError("transforms come from files: displace.read(path)")

    @classmethod
    def _of(cls, held):
        self = cls.__new__(cls)
        self._held = held
        return self

    def __repr__(self):
        return "Transform(mm, LPS, output to input)"


def copied(held):
    """The numbers of the core's own as an array."""
    stored = held.array()
    array = np.empty(stored.shape, stored.dtype)
    stored.copy_into(array)
    return array


def _lattice(shape, size):
    """The shape of a mask."""
    samples = shape[: len(shape) - 1 - len(size)]
    return (*samples, *size)


def pixels_of(image, what):
    """Size and place of an image or field."""
    if isinstance(image, (str, os.PathLike)):
        from ._files import read

        image = read(image)
    if isinstance(image, (StoredField, Volume)):
        place = None if image.placement is None else image.placement._place()
        return image._held.size(), place
    if isinstance(image, Field):
        return [int(length) for length in image.displacement.shape[-1 - image.displacement.shape[-1] : -1]], None
    if isinstance(image, np.ndarray) and image.ndim in (2, 3):
        return [int(length) for length in image.shape[:2]], None
    raise DisplaceError(f'{what} is {type(image).__name__}: expected a Volume, StoredField, Field, path of an image, or "same"')
