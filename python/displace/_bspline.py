"""Free-form deformation by cubic B-splines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _core
from ._errors import DisplaceError, ShapeError
from ._making import Target, each, floats

_IN_ORDER = " in the order of the array's axes"


class BSplineBounds(NamedTuple):
    """What a spline's coefficients alone say: `displacement` (axes, 2) and `slope` (axes, axes, 2) from .. to, x first; the least
    `determinant`; and whether the map is `one_to_one` for certain."""

    displacement: np.ndarray
    slope: np.ndarray
    determinant: float
    one_to_one: bool


def bspline(
    coefficients,
    size,
    input_size=None,
    *,
    spacing=None,
    origin=None,
    style="image",
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field of a free-form deformation: uniform cubic B-splines on a lattice of control points.

    A pixel's displacement is the mean of the control points around it (four along each axis), weighted by the cubic B-spline: the field
    is smooth and does not pass through the control points (Rueckert et al., IEEE TMI 18(8), 1999).

    Parameters
    ----------
    coefficients : array or tensor, (h, w, 2) or (d, h, w, 3)
        Displacements of the control points in pixels of the input, x first; 4 or more along each axis.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    spacing : float or one for each axis, optional
        Pixels from control point to control point, in the order of the array's axes. Left out, what `style` says.
    origin : float or one for each axis, optional
        Where the first control point lies, in pixels, in the order of the array's axes. Left out, what `style` says.
    style : "image" or "itk"
        "image": the second control point lies on the first pixel and the last but one on the last pixel, so that `h - 3` patches span the
        pixels' centres; beyond its control points the spline fades to 0. "itk": `h - 3` is the mesh size of
        `sitk.BSplineTransformInitializer`, whose domain reaches 5/8 of a pixel beyond the end centres; nothing is displaced
        outside the domain.
    align_corners, rest, dtype
        As in `affine`; displacements count from rest.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once. It holds a tensor if `coefficients` is one. No gradients.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    The middle of 5 x 5 control points is displaced by 9 pixels: 9 * (2/3)**2 is left of it there, 9 * 1/6 * 2/3 at its neighbour.

    >>> import numpy as np, displace
    >>> c = np.zeros((5, 5, 2))
    >>> c[2, 2, 0] = 9
    >>> displace.bspline(c, (3, 3)).displacement[1, :, 0]
    array([1., 4., 1.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, coefficients)
    numbers, knots = _spline(coefficients, target.size, spacing, origin, style)
    target.need_axes(numbers.ndim - 1, "coefficients")
    return target.field(lambda out: _core.make_bspline(numbers, knots, out, target.frame))


def bspline_determinant(coefficients, size, *, spacing=None, origin=None, style="image"):
    """The Jacobian determinant of a free-form deformation at every pixel, from the spline's own derivative.

    Parameters
    ----------
    coefficients, size, spacing, origin, style
        As in `bspline`.

    Returns
    -------
    ndarray of float64, (H, W) or (D, H, W); a tensor if `coefficients` is one
        Of the map `x + u(x)`, without differences of pixels: compare `jacobian_determinant`. 1 where nothing is displaced.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    Control points that grow by 0.5 per pixel to the right stretch by 1.5.

    >>> import numpy as np, displace
    >>> c = np.zeros((4, 6, 2))
    >>> c[..., 0] = 0.5 * np.arange(6)
    >>> displace.bspline_determinant(c, (2, 4), spacing=1)
    array([[1.5, 1.5, 1.5, 1.5],
           [1.5, 1.5, 1.5, 1.5]])
    """
    target = Target(size, None, False, None, "float64", coefficients)
    numbers, knots = _spline(coefficients, target.size, spacing, origin, style)
    target.need_axes(numbers.ndim - 1, "coefficients")
    out = np.empty(target.size)
    _core.bspline_determinants(numbers, knots, out)
    return target.kept(out)


def bspline_bounds(coefficients, size, *, spacing=None, origin=None, style="image"):
    """What the coefficients of a free-form deformation say about it everywhere, without evaluating it.

    Parameters
    ----------
    coefficients, size, spacing, origin, style
        As in `bspline`.

    Returns
    -------
    BSplineBounds(displacement, slope, determinant, one_to_one)
        The spline lies in the hull of its coefficients, its slopes in that of neighbours' differences over the spacing. `one_to_one` if the
        slopes' rows sum to less than 1, or their intervals leave the `determinant` above 0, or no coefficient reaches spacing / 2.0464 (3-D:
        / 2.4795; Choi and Lee, Graphical Models 62(6), 2000). False says nothing: `folding` decides.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> c = np.zeros((5, 5, 2))
    >>> c[2, 2, 0] = 4
    >>> found = displace.bspline_bounds(c, (17, 17))
    >>> found.displacement.tolist(), found.slope[0].tolist(), found.one_to_one
    ([[0.0, 4.0], [0.0, 0.0]], [[-0.5, 0.5], [-0.5, 0.5]], True)
    """
    target = Target(size, None, False, None, "float64", coefficients)
    numbers, knots = _spline(coefficients, target.size, spacing, origin, style)
    target.need_axes(numbers.ndim - 1, "coefficients")
    displacement, slope, determinant, one_to_one = _core.bspline_bounds(numbers, knots)
    return BSplineBounds(np.array(displacement), np.array(slope), determinant, one_to_one)


def _spline(coefficients, size, spacing, origin, style):
    """Coefficients in float64, and the lattice, x first."""
    if style not in ("image", "itk"):
        raise DisplaceError(f"style is {style!r}: expected 'image' or 'itk'")
    axes = len(size)
    expected = "(h, w, 2) for 2-D, (d, h, w, 3) for 3-D"
    numbers = floats(coefficients, "coefficients", (None,) * (axes + 1), f"{expected}, for size {size}")
    if numbers.shape[-1] != axes or min(numbers.shape[:-1]) < 4:
        raise ShapeError(f"coefficients has shape {numbers.shape}: expected {expected}, h and w 4 or more, for size {size}")
    patches = [length - 3 for length in numbers.shape[:-1]]
    # From where to where the patches reach.
    start, reach = (0.0, [max(length - 1, 1) for length in size])
    if style == "itk":
        start, reach = -0.625, [length + 0.25 for length in size]
    if spacing is None:
        spacing = [whole / count for whole, count in zip(reach, patches, strict=True)]
    spacing = each(spacing, axes, "spacing", _IN_ORDER)
    origin = [start - apart for apart in spacing] if origin is None else each(origin, axes, "origin", _IN_ORDER)
    return numbers, (spacing[::-1], origin[::-1], style)
