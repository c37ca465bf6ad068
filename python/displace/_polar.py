"""Polar and log-polar images as fields."""

from __future__ import annotations

from . import _core
from ._making import Target, middle, place


def polar(
    size,
    input_size=None,
    *,
    center=None,
    radius=None,
    spacing="linear",
    inverse=False,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field that shows an image in polar coordinates, or brings it back.

    Column x of a polar image w wide is at the distance that `spacing` says, row y of h at the angle 2 pi y / h from x to y.

    Parameters
    ----------
    size : (H, W)
        Size of the field: of the polar image, or of the plain one if `inverse`.
    input_size : (H, W), optional
        Size of the image that is read: the plain one, or the polar one if `inverse`; `size` if left out.
    center : (x, y), optional
        In pixels of the plain image; its middle if left out.
    radius : float, optional
        The distance that the right edge of the polar image stands for; that of the farthest corner pixel if left out.
    spacing : "linear", "log" or "log1p"
        The distance of column x: x radius / w; exp(x ln radius / w), as scikit-image's "log"; exp(x ln radius / w) - 1, as
        OpenCV's `WARP_POLAR_LOG`.
    inverse : bool
        From a polar image to the plain one, as OpenCV's `WARP_INVERSE_MAP`.
    align_corners, rest, dtype
        As in `affine`. Sizes nearly always differ, so that `rest` has to be named: "index" is how most think of such a field.

    Returns
    -------
    Field of shape (H, W, 2)
        Computed in float64 and rounded once. NaN where there is no place: if `inverse`, beyond the polar image's last column, and before
        column 0 of "log". Rows repeat: warp the way back with `padding_mode="wrap"`.

    Raises
    ------
    ShapeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    Row 1 of 4 looks down: column 2 of 4 is 2 pixels away.

    >>> import displace
    >>> field = displace.polar((4, 4), (9, 9), radius=4, rest="index")
    >>> field.displacement[1, 2] + (2, 1)
    array([4., 6.])
    """
    target = Target(size, input_size, align_corners, rest, dtype)
    target.need_axes(2, "a polar image")
    plain, polar_size = (target.size, target.input_size) if inverse else (target.input_size, target.size)
    about = place(center, "center", 2, middle(plain))
    if radius is None:
        farthest = (max(abs(c), abs(length - 1 - c)) for c, length in zip(about, reversed(plain), strict=True))
        radius = sum(away**2 for away in farthest) ** 0.5
    given = (about, float(radius)), list(polar_size), spacing, bool(inverse)
    return target.field(lambda out: _core.make_polar(*given, out, target.frame))
