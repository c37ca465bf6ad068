"""Swirls as fields."""

from __future__ import annotations

from . import _core
from ._making import Target, middle, place


def swirl(
    strength,
    size,
    input_size=None,
    *,
    radius=100.0,
    rotation=0.0,
    center=None,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field of a swirl, as scikit-image's `swirl` reads.

    A place at the distance rho is turned about the center by rotation + strength exp(-rho / r), r = radius ln 2 / 5.

    Parameters
    ----------
    strength : float
        The turn at the center, in radians, from x to y.
    size : (H, W)
        Size of the field.
    input_size : (H, W), optional
        Size of the image that is read; `size` if left out.
    radius : float
        Where about a thousandth of the turn is left, in pixels.
    rotation : float
        A turn of everything, in radians.
    center : (x, y), optional
        In pixels; the middle of the field if left out.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2)
        Computed in float64 and rounded once. Its inverse is the swirl of -strength and -rotation.

    Raises
    ------
    ShapeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    The center stays, whatever turns around it.

    >>> import displace
    >>> displace.swirl(10, (3, 3)).displacement[1, 1]
    array([0., 0.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype)
    target.need_axes(2, "a swirl")
    about = place(center, "center", 2, middle(target.size))
    given = about, float(strength), float(radius), float(rotation)
    return target.field(lambda out: _core.make_swirl(*given, out, target.frame))
