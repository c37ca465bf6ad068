"""Polynomial maps as fields."""

from __future__ import annotations

from . import _core
from ._making import Target, floats


def polynomial(coefficients, size, input_size=None, *, align_corners=False, rest=None, dtype="float32"):
    """The field of a polynomial map.

    Parameters
    ----------
    coefficients : array or tensor, (2, K) or (3, K)
        One row for each component of the place that is read, x first, in pixels. The terms are 1, x, y, x^2, x y, y^2, .. of the
        output's pixels, as in scikit-image's `PolynomialTransform`; in 3-D 1, x, y, z, x^2, x y, x z, y^2, y z, z^2, ..
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, or no order up to 10 has that many terms.

    Examples
    --------
    x' = x + x^2 / 2.

    >>> import displace
    >>> rows = [[0, 1, 0, 0.5, 0, 0], [0, 0, 1, 0, 0, 0]]
    >>> displace.polynomial(rows, (1, 3)).displacement[0, :, 0]
    array([0. , 0.5, 2. ], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, coefficients)
    numbers = (
        floats(coefficients, "coefficients", (target.axes, None), f"({target.axes}, K) for size {target.size}").ravel().tolist()
    )
    return target.field(lambda out: _core.make_polynomial(numbers, out, target.frame))
