"""Free-form deformations fitted to scattered points."""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core
from ._bspline import bspline
from ._errors import DisplaceError, ShapeError
from ._making import Target, each, floats, pairs


class BSplineFit(NamedTuple):
    """A fitted spline: `coefficients`, `spacing` and `origin` as `bspline` takes them, how far each point is off (`residual`), their
    `rms` and `largest`, and the `frame` it was fitted in: size, input_size, align_corners and rest."""

    coefficients: Any
    spacing: list[float]
    origin: list[float]
    residual: Any
    rms: float
    largest: int
    frame: tuple[Any, ...]

    def field(self, *, dtype="float32"):
        """The field of the spline, by `bspline`."""
        size, input_size, align_corners, rest = self.frame
        options = {"align_corners": align_corners, "rest": rest, "dtype": dtype}
        return bspline(self.coefficients, size, input_size, spacing=self.spacing, origin=self.origin, **options)


def fit_bspline(
    source,
    destination,
    size,
    input_size=None,
    *,
    points=None,
    spacing=None,
    levels=5,
    weights=None,
    align_corners=False,
    rest=None,
):
    """The free-form deformation that scattered points ask for, by multilevel B-splines.

    On one lattice each point alone would be met, by the control points around it with the least sum of squares; a control point that several
    points ask takes their weighted mean. What is left is asked of a lattice of half the spacing, and so on; all levels together are one
    spline on the finest lattice (Lee, Wolberg and Shin, "Scattered data interpolation with multilevel B-splines", IEEE TVCG 3(3), 1997).

    Parameters
    ----------
    source : array or tensor, (K, 2) or (K, 3)
        Points of the input, x first, in pixels.
    destination : array or tensor, of the same shape
        Where they are to be in the output: between the centres of its end pixels.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    points : int or one for each axis, optional
        Control points of the first level along each axis of the array, 4 (the default) or more: the second one lies on the first pixel, the last but one on
        the last. Each level doubles the patches, `points - 3`.
    spacing : float or one for each axis, optional
        Instead of `points`: pixels from control point to control point of the first level, in the order of the array's axes.
    levels : int
        How many lattices, 1 to 24. Few give a smooth field that goes near the points; with many each point is met, and what lies between
        moves little.
    weights : (K,), optional
        How much each pair counts, 0 or more.
    align_corners, rest
        As in `affine`; displacements count from rest.

    Returns
    -------
    BSplineFit(coefficients, spacing, origin, residual, rms, largest, frame)
        `coefficients`: (h, w, 2) or (d, h, w, 3), float64, for `bspline` with `spacing` and `origin`; without these where `points` made the
        lattice. `residual`: how far each point is read from its source, in pixels; `rms`: the root of their mean square, by weight;
        `largest`: the pair with the largest, from 0. `fit.field()` makes the field.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, a destination lies outside the lattice, or the finest one were too large.

    Examples
    --------
    A point is met; two that ask for different things of the same control points are, once there are levels enough.

    >>> import displace
    >>> fit = displace.fit_bspline([[7, 1]], [[1, 1]], (3, 3), levels=1)
    >>> fit.coefficients.shape, fit.field().displacement[1, 1].round(6)
    ((4, 4, 2), array([6., 0.], dtype=float32))
    >>> two = [[6, 4], [12, 12]], [[4, 4], [12, 12]], (17, 17)
    >>> [round(displace.fit_bspline(*two, levels=levels).rms, 2) for levels in (1, 2, 3, 4)]
    [0.57, 0.16, 0.0, 0.0]
    """
    target = Target(size, input_size, align_corners, rest, "float64", source, destination)
    given = pairs(source, destination, target)
    heavy = None if weights is None else floats(weights, "weights", (len(given[0]),), f"({len(given[0])},)").tolist()
    order = " in the order of the array's axes"
    if points is not None and spacing is not None:
        raise DisplaceError(f"points is {points} and spacing {spacing}: expected one of them")
    points = 4 if points is None else points
    counts = (
        [index(points)] * target.axes
        if np.ndim(points) == 0
        else _arrays.whole(points, "points", f"one number, or {target.axes}")
    )
    if len(counts) != target.axes or not all(4 <= count < 2**30 for count in counts):
        raise ShapeError(f"points is {points}: expected 4 or more control points, one number or {target.axes}{order}")
    apart = None if spacing is None else each(spacing, target.axes, "spacing", order)[::-1]
    if not 0 <= index(levels) < 2**31:
        raise DisplaceError(f"levels is {levels}: expected 1 to 24")
    found = _core.fit_bspline(*given, heavy, list(target.size), list(counts)[::-1], apart, index(levels), target.frame)
    numbers, count, apart, origin, residual, rms, largest = found
    coefficients = np.frombuffer(numbers).reshape(*count[::-1], target.axes).copy()
    frame = (target.size, target.input_size, target.align_corners, target.rest)
    return BSplineFit(target.kept(coefficients), apart[::-1], origin[::-1], np.array(residual), rms, largest, frame)
