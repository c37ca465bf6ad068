"""Dense fields from scattered matches."""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._errors import DisplaceError
from ._field import to_numpy
from ._making import Target, floats, pairs

_METHODS = ("nearest", "linear", "natural", "inverse_distance")


class Scattered(NamedTuple):
    """A `field` of scattered matches and where it is `valid`; elsewhere it is NaN."""

    field: Any
    valid: Any


def scattered(
    source,
    destination,
    size,
    input_size=None,
    *,
    method="linear",
    reach=None,
    power=None,
    neighbours=None,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field between scattered matches, and where there is one.

    Each match says where one place of the output reads: at `destination + offset`, with the offset `source - destination`. Offsets are
    interpolated; a pixel reads at its own place plus its offset.

    Parameters
    ----------
    source : array or tensor, (K, 2) or (K, 3)
        Points of the input, x first, in pixels.
    destination : array or tensor, of the same shape
        Where they are in the output; outside the field too.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    method : "nearest", "linear", "natural" or "inverse_distance"
        "nearest": the offset of the nearest point, of equally near ones that of the first. "linear": on the triangles of the Delaunay
        triangulation, as `scipy.interpolate.griddata`. "natural": Sibson's natural neighbours. Both are for 2-D and end at the convex
        hull. "inverse_distance": Shepard's mean of the nearest points, weighted by `((R - d) / (R * d)) ** power` with `R` the
        distance of the nearest point that is left out (Franke and Nielson 1980).
    reach : float, optional
        Pixels farther than this from every destination point are not valid.
    power : float, optional
        Of method "inverse_distance": above 0, up to 64; 2 if left out.
    neighbours : int, optional
        Of method "inverse_distance": how many points a pixel looks at; 12 if left out.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Scattered(field, valid)
        The `Field`, computed in float64, and bools of its size. Where `valid` is False the field is NaN. They hold tensors if points
        are. No gradients.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, one destination has two sources, or all points lie on a line where triangles are needed.

    Examples
    --------
    Three points; the second reads 4 pixels to its right. A quarter of the way to it, that is 1; beyond the triangle nothing is known.

    >>> import displace
    >>> source, destination = [[0, 0], [8, 0], [0, 4]], [[0, 0], [4, 0], [0, 4]]
    >>> field, valid = displace.scattered(source, destination, (5, 5))
    >>> field.displacement[1, 1], field.displacement[3, 3]
    (array([1., 0.], dtype=float32), array([nan, nan], dtype=float32))
    >>> int(valid.sum())
    15
    """
    target = Target(size, input_size, align_corners, rest, dtype, source, destination)
    if method not in _METHODS:
        raise DisplaceError(f"method is {method!r}: expected {', '.join(map(repr, _METHODS))}")
    for given, what in ((power, "power"), (neighbours, "neighbours")):
        if given is not None and method != "inverse_distance":
            raise DisplaceError(f'{what} is of method "inverse_distance", not of "{method}": leave it out')
    looked_at = 12 if neighbours is None else index(neighbours)
    if looked_at < 1:
        raise DisplaceError(f"neighbours is {neighbours}: expected 1 or more")
    points = pairs(source, destination, target)
    exponent, farthest = (
        None if given is None else floats(given, what, (), "a number").item()
        for given, what in ((power, "power"), (reach, "reach"))
    )
    how = (method, 2.0 if exponent is None else exponent, min(looked_at, 2**62))
    field = target.field(lambda out: _core.make_scattered(*points, how, farthest, out, target.frame))
    # A pixel without a place is NaN in all components.
    return Scattered(field, target.kept(np.isfinite(to_numpy(field.displacement, "field")[..., 0])))
