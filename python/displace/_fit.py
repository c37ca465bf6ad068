"""Maps fitted to pairs of points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._affine import affine
from ._errors import DisplaceError, ShapeError
from ._homography import homography
from ._making import floats
from ._polynomial import polynomial


class Fit(NamedTuple):
    """A fitted map: `kind`, `direction`, its `matrix`, how far each point is off (`residual`), and their `rms` and `largest`."""

    kind: str
    direction: str
    matrix: Any
    residual: Any
    rms: float
    largest: int

    def field(self, size, input_size=None, *, align_corners=False, rest=None, dtype="float32"):
        """The field of the map, from the function of its kind."""
        options = {"align_corners": align_corners, "rest": rest, "dtype": dtype}
        if self.kind == "polynomial":
            if self.direction == "push":
                raise DisplaceError('a polynomial\'s inverse is no formula: fit it with direction="pull"')
            return polynomial(self.matrix, size, input_size, **options)
        make = homography if self.kind == "homography" else affine
        return make(self.matrix, size, input_size, direction=self.direction, **options)


def fit(source_points, destination_points, kind="affine", *, order=2, weights=None, direction="pull"):
    """The map that fits pairs of points best, by least squares.

    Parameters
    ----------
    source_points, destination_points : (M, 2) or (M, 3)
        Places of the same things in the image that is read and in the result, x first, in pixels.
    kind : "affine", "similarity", "rigid", "homography" or "polynomial"
        What is fitted. Similarities and rigid maps have no reflection; homographies are maps of the plane.
    order : int
        The polynomial's, at most 10.
    weights : (M,), optional
        How much each pair counts, 0 or more.
    direction : "pull" or "push"
        "pull" fits from destination to source, as fields lead, with distances in source pixels. "push" fits from source to
        destination, as `cv2.findHomography(source, destination)`; its field is made from the inverse.

    Returns
    -------
    Fit(kind, direction, matrix, residual, rms, largest)
        `matrix`: (D + 1, D + 1), float64; for polynomials (D, K) coefficients as `polynomial` takes them. `residual`: the distance of each
        pair, in pixels; `rms`: the root of their mean square, by weight; `largest`: the pair with the largest, from 0.
        `fit.field(size, input_size)` makes the field. All points count: none is thrown out as an outlier.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If there are too few points, or they leave the map open: on one line, or the same ones.

    Examples
    --------
    Twice as large, and moved.

    >>> import displace
    >>> fit = displace.fit([[5, 5], [7, 5], [5, 7]], [[0, 0], [1, 0], [0, 1]])
    >>> fit.matrix.round(6) + 0
    array([[2., 0., 5.],
           [0., 2., 5.],
           [0., 0., 1.]])
    >>> fit.field((1, 2), (9, 9), rest="index").displacement[0, 1].round(6)
    array([6., 5.], dtype=float32)
    """
    source = floats(source_points, "source_points", (None, None), "(M, 2) or (M, 3)")
    axes = source.shape[1]
    if axes not in (2, 3):
        raise ShapeError(f"source_points has shape {source.shape}: expected (M, 2) or (M, 3)")
    destination = floats(destination_points, "destination_points", (len(source), axes), f"{source.shape} as source_points")
    if direction not in ("pull", "push"):
        raise DisplaceError(f'unknown direction "{direction}": expected "pull" or "push"')
    given = None if weights is None else floats(weights, "weights", (len(source),), f"({len(source)},)").tolist()
    if not 0 <= order < 2**31:
        raise DisplaceError(f"order is {order}: expected a degree, 0 or more")
    pair = (destination, source) if direction == "pull" else (source, destination)
    numbers, residual, rms, largest = _core.fit(pair[0].tolist(), pair[1].tolist(), given, kind, int(order))
    matrix = np.array(numbers)
    if kind == "polynomial":
        matrix = matrix.reshape(axes, -1)
    elif kind == "homography":
        matrix = matrix.reshape(3, 3)
    else:
        matrix = np.vstack([matrix.reshape(axes, axes + 1), [0.0] * axes + [1.0]])
    return Fit(kind, direction, matrix, np.array(residual), rms, largest)
