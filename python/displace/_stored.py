"""What files say beyond their numbers: fields with a meaning, images with a place, transforms."""

from __future__ import annotations

import os

import numpy as np

from . import _arrays, _core
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
        The numbers, in the layout of the convention. Tensors of torch are kept as NumPy's.
    convention : str
        What they mean, by name: see `conventions`.
    placement : Placement, optional
        Where the pixels lie that have the numbers.
    valid : bool array, optional
        Which pixels' numbers mean anything, (N, [D,] H, W) without components.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If array, convention and mask do not fit one another.

    Attributes (what is changed in them, or put in their place, counts from then on)
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

    __slots__ = ("array", "placement", "readings", "remarks", "valid")

    def __init__(self, array, convention, placement=None, valid=None):
        self.array = to_numpy(array, "array")
        self.readings, self.remarks = (str(convention),), ()
        self.placement = placement
        self.valid = None if valid is None else np.array(valid, bool)
        held = self._held
        self.readings = tuple(held.readings())
        if valid is not None:
            self.array = copied(held.array())

    @classmethod
    def _of(cls, held):
        self = cls.__new__(cls)
        self.array = copied(held.array())
        self.readings, self.remarks = tuple(held.readings()), tuple(held.remarks())
        self.placement = Placement._of(held.placement())
        mask = held.valid()
        self.valid = None if mask is None else copied(mask).view(bool).reshape(self._pixels())
        return self

    @property
    def _held(self):
        """What the core is told: made anew each time, since anything may have been changed."""
        marks = None
        if self.valid is not None:
            marks = np.asarray(self.valid, bool)
            if marks.shape != self._pixels():
                raise ShapeError(
                    f"valid has shape {marks.shape}: expected {self._pixels()}, a mark for each pixel of {self.shape}"
                )
            marks = np.ascontiguousarray(marks).view(np.uint8)
        place = None if self.placement is None else self.placement._place()
        return _core.hold(dense(self.array, "array"), list(self.readings), marks, place, list(self.remarks))

    def _pixels(self):
        """The shape of a mask."""
        samples, size, _ = _core.axes_of(self.shape, self.readings[0])
        return tuple(size) if samples is None else (samples, *size)

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

    Raises
    ------
    ShapeError, DTypeError
        If the array has other axes than its placement, or is of a type that no image has.

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.Volume(np.zeros((4, 6), np.float32), displace.Placement((0.5, 2), (0, 0)))
    Volume(float32 (4, 6), spacing=(0.5, 2.0))
    """

    __slots__ = ("array", "placement")

    def __init__(self, array, placement):
        self.array, self.placement = to_numpy(array, "array"), placement
        self._held  # noqa: B018 - refuses what does not fit

    @classmethod
    def _of(cls, held):
        self = cls.__new__(cls)
        self.array = copied(held.array())
        self.placement = Placement._of(held.placement())
        return self

    @property
    def _held(self):
        """What the core is told: made anew each time, since anything may have been changed."""
        axes = len(self.placement.spacing)
        if len(self.shape) not in (axes, axes + 1):
            raise ShapeError(f"array has shape {self.shape}: expected {axes} axes as its placement, or one more for channels")
        channels = 1 if len(self.shape) == axes else self.shape[-1]
        return _core.hold_volume(dense(self.array, "array"), self.placement._place(), channels)

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


def dense(array, what):
    """Anybody's array in C order, checked to be one that the core takes."""
    numbers = to_numpy(array, what)
    _arrays.check_memory(numbers, what)
    return np.asarray(numbers, order="C")


def copied(stored):
    """The core's own numbers as an array."""
    array = np.empty(stored.shape, stored.dtype)
    stored.copy_into(array)
    return array


def pixels_of_image(image):
    """The array of an image from a file, and whether its last axis is that of channels."""
    if isinstance(image, Volume):
        return image.array, len(image.shape) > len(image.placement.spacing)
    stored = image._held.image()
    if stored is None:
        raise DisplaceError(
            f"image is {image!r}, no image: expected an array, a Volume, or what a NIfTI, MetaImage or NRRD holds"
        )
    return copied(stored), True


def pixels_of(image, what, axes):
    """Size and place of an image or field, for numbers of so many components."""
    if isinstance(image, (str, os.PathLike)):
        held = _core.hold_file(os.fspath(image))
        size = held.size()
        if size is not None:
            return size, held.placement()
        from ._files import read

        image = read(image)
    place = None if getattr(image, "placement", None) is None else image.placement._place()
    if isinstance(image, StoredField):
        return _core.axes_of(image.shape, image.readings[0])[1], place
    if isinstance(image, Volume):
        return list(image.shape[: len(image.placement.spacing)]), place
    if isinstance(image, Field):
        return [int(length) for length in image.shape[-1 - image.shape[-1] : -1]], place
    if isinstance(image, np.ndarray) or _arrays.is_torch(image):
        return _size(tuple(int(length) for length in image.shape), what, axes), None
    kinds = 'a Volume, StoredField, Field, array, path of an image, or "same"'
    raise DisplaceError(f"{what} is {type(image).__name__}: expected {kinds}")


def _size(shape, what, axes):
    """The size of an image that is only an array. Its channels may come first or last: only what cannot be both is taken."""
    channels = range(1, 5)
    if len(shape) == axes or (axes is None and len(shape) in (2, 3)):
        return list(shape)
    axes = axes or 2
    if len(shape) == axes + 1 and shape[-1] in channels and shape[0] not in channels:
        return list(shape[:-1])
    size = "(H, W)" if axes == 2 else "(D, H, W)"
    last = size.replace(")", ", C)")
    advice = f"{size}, or {last} with 1 to 4 channels at the end and more rows than that" if axes == 2 else f"{size} or {last}"
    raise DisplaceError(
        f"{what} is an array of shape {shape}, and what its axes are is not known: expected {advice}; "
        f"or name the size, input_size={size}"
    )
