"""Where each pixel of the input goes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._errors import DisplaceError
from ._frames import Given, numbers


class Convergence(NamedTuple):
    """How an iteration went: `steps` holds (pixels left, largest residual, sum of residuals) of the start and after each step."""

    steps: list[tuple[int, float, float]]
    converged: int
    pixels: int


class Inverse(NamedTuple):
    """The inverse of a map, with what is known of it: `field`, `valid`, `count`, `residual`, `convergence`."""

    field: Any
    valid: Any
    count: Any
    residual: Any
    convergence: Convergence | None


def invert(
    field,
    input_size=None,
    *,
    align_corners=False,
    rest=None,
    coords="displacement",
    method="exact",
    branch="largest_jacobian",
    tolerance=None,
    steps=100,
):
    """For every pixel of the input, the place of the output that reads it.

    A field or grid is a pull map: it says where each output pixel is read from. Its inverse says where each input pixel goes.
    The map is taken as samplers interpolate it, linear along each axis between output pixels, up to the centres of the end
    pixels. Every cell between output pixels is solved on its own, so that nothing falls between cells, and all places that read
    a pixel are found.

    Parameters
    ----------
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        A displacement field, or what `coords` says.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; the field's own if left out. A grid needs it.
    align_corners : bool
        What -1..+1 spans; plays a part for grids and for rest "extent".
    rest : "index", "extent" or None
        Where "no displacement" reads, of the field and of its inverse; needed if the sizes differ.
    coords : "displacement", "normalized" or "pixel"
        What the numbers are: displacements, a sampling grid, or absolute pixels.
    method : "exact", "fixed_point" or "newton"
        "exact" finds all places. The others iterate from the pixel itself and find one at most; they report how that went.
    branch : "largest_jacobian", "nearest" or "first"
        Which of several places `field` names: the one with the largest Jacobian determinant, the shortest displacement, or
        the first in the order of the output.
    tolerance, steps : float, int
        When an iteration ends: at this residual in input pixels (by default what `valid` asks for), or after so many steps.

    Returns
    -------
    Inverse(field, valid, count, residual, convergence)
        All of the input's size. `field`: displacements in output pixels, x first; NaN where not valid; a `Field` for a `Field`,
        which reads an image of the output's size. `valid`: whether `residual` is at most 1e-4 pixels (float32) or 1e-9 (float64).
        `count`: how many places read the pixel: 0 if none does, several at folds; a cell that collapses counts once.
        `residual`: how far what the map reads at the place, as it is stored, lies from the pixel. `convergence`: of an iteration.
        No gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    Four pixels that read 0, 2, 1 and 3: forward, back, forward. Pixels 1 and 2 are read at two places each.

    >>> import numpy as np, displace
    >>> field = np.zeros((1, 4, 2), np.float32)
    >>> field[0, :, 0] = [0, 1, -1, 0]
    >>> inverse = displace.invert(field)
    >>> inverse.count
    array([[1, 2, 2, 1]], dtype=int32)
    >>> inverse.field[0, :, 0]
    array([ 0. , -0.5, -1. ,  0. ], dtype=float32)
    >>> bool(inverse.valid.all()), float(inverse.residual.max())
    (True, 0.0)
    """
    given = Given(field, input_size, align_corners, rest, "field", coords)
    if tolerance is not None and not 0 < tolerance < float("inf"):
        raise DisplaceError(f"tolerance={tolerance}: expected a length above 0 in pixels, or None")
    if steps < 0:
        raise DisplaceError(f"steps={steps}: expected a number of steps")
    shape = (given.array.shape[0], *given.size)
    by, residual = np.empty((*shape, given.axes), given.dtype), np.empty(shape, given.dtype)
    count = np.empty(shape, np.int32)
    out = (by, count.view(np.float32), residual)
    valid, report = _core.invert(given.array, out, given.frame, method, branch, (tolerance, int(steps)))
    return Inverse(
        given.field(by, given.own, given.rest),
        given.back(numbers(valid, np.bool_, shape)),
        given.back(count),
        given.back(residual),
        None if report is None else Convergence(*report),
    )
