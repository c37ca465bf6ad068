"""What moves pixels as they are, as fields. `resize` acts on fields; the names here say that they make one."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError
from ._making import Target, place


def crop_field(start, size, input_size, *, align_corners=False, rest=None, dtype="float32"):
    """The field that cuts out a part: pixel 0 reads `start`.

    Parameters
    ----------
    start : (x, y) or (x, y, z)
        In input pixels, whole or not; parts outside the image are read as the sampler's padding says.
    size : (H, W) or (D, H, W)
        Size of the part.
    input_size : (H, W) or (D, H, W)
        Size of the image that is read.
    align_corners, rest, dtype
        As in `affine`; `rest` is needed if the sizes differ.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        With rest "index" every displacement is `start`.

    Raises
    ------
    ShapeError, DTypeError, RestError
        If an argument does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> image = np.arange(20.0).reshape(4, 5)
    >>> displace.warp(image, displace.crop_field((2, 1), (2, 3), (4, 5), rest="index"))
    array([[ 7.,  8.,  9.],
           [12., 13., 14.]])
    """
    target = Target(size, input_size, align_corners, rest, dtype, start)
    first = place(start, "start", target.axes, ())
    return target.field(lambda out: _core.make_crop(first, out, target.frame))


def flip_field(axis, size, *, align_corners=False, dtype="float32"):
    """The field that mirrors an image, as `numpy.flip`.

    Parameters
    ----------
    axis : int or ints
        Axes of the image (H, W) or (D, H, W); negative ones count from the end, so that -1 is x.
    size : (H, W) or (D, H, W)
        Size of field and image.
    align_corners, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Exact.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.warp(np.array([[1.0, 2.0, 3.0]]), displace.flip_field(-1, (1, 3)))
    array([[3., 2., 1.]])
    """
    target = Target(size, None, align_corners, None, dtype)
    turned = [False] * target.axes
    for index in _axes(axis, target.axes):
        turned[index] = True
    return target.field(lambda out: _core.make_flip(turned[::-1], out, target.frame))


def roll_field(shift, axis, size, *, align_corners=False, dtype="float32"):
    """The field that rolls an image, as `numpy.roll`: what leaves on one side enters on the other.

    Parameters
    ----------
    shift : int or ints
        Pixels, one number for all axes named, or one for each.
    axis : int or ints
        Axes of the image (H, W) or (D, H, W); negative ones count from the end, so that -1 is x.
    size : (H, W) or (D, H, W)
        Size of field and image.
    align_corners, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Whole pixels, each within the image: every mode and padding gives `numpy.roll`'s very values.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.warp(np.array([[1.0, 2.0, 3.0]]), displace.roll_field(1, -1, (1, 3)))
    array([[3., 1., 2.]])
    """
    target = Target(size, None, align_corners, None, dtype)
    axes = _axes(axis, target.axes)
    shifts = _ints(shift, "shift")
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    if len(shifts) != len(axes):
        raise DisplaceError(f"shift has {len(shifts)} numbers for {len(axes)} axes: expected one, or as many")
    by = [0] * target.axes
    for index, one in zip(axes, shifts, strict=True):
        by[index] = (by[index] + one) % max(target.size[index], 1)
    return target.field(lambda out: _core.make_roll(by[::-1], out, target.frame))


def resize_field(size, input_size, *, align_corners=False, rest=None, dtype="float32"):
    """The field that resizes an image: where torch's `interpolate` and SciPy's `zoom` read.

    Parameters
    ----------
    size : (H, W) or (D, H, W)
        Size of the result.
    input_size : (H, W) or (D, H, W)
        Size of the image that is read.
    align_corners : bool
        Whether the centres of the end pixels lie on each other (`align_corners=True`; SciPy's `grid_mode=False`) or their outer
        edges (`align_corners=False`; `grid_mode=True`).
    rest : "index", "extent" or None
        What displacements count from, needed if the sizes differ. From "extent" all are 0: that is what it means.
    dtype : "float32" or "float64"
        Of the field.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Places are rounded once from exact fractions. Nothing is smoothed: a sampler reads few pixels however many there are.

    Raises
    ------
    ShapeError, DTypeError, RestError
        If an argument does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> displace.warp(np.array([[0.0, 1.0, 2.0, 3.0]]), displace.resize_field((1, 2), (1, 4), rest="index"))
    array([[0.5, 2.5]])
    """
    target = Target(size, input_size, align_corners, rest, dtype)
    return target.field(lambda out: _core.make_resize(out, target.frame))


def _axes(axis, count):
    """Axes as numbers from 0."""
    given = _ints(axis, "axis")
    for one in given:
        if not -count <= one < count:
            raise DisplaceError(f"axis {one}: expected {-count} to {count - 1} for an image of {count} axes")
    return [one % count for one in given]


def _ints(given, what):
    """One whole number, or several."""
    return [int(one) for one in _arrays.whole([given] if np.ndim(given) == 0 else given, what, "whole numbers")]
