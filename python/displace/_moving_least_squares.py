"""Image deformation by moving least squares."""

from __future__ import annotations

from . import _core
from ._errors import DisplaceError
from ._making import Target, pairs

_KINDS = ("affine", "similarity", "rigid")


def moving_least_squares(
    source, destination, size, input_size=None, *, kind="rigid", alpha=1.0, align_corners=False, rest=None, dtype="float32"
):
    """The field that takes landmarks to landmarks, by a rigid, similar or affine map of each place's own.

    Each place has a map of its own, the one of its kind that takes all points best to theirs, where near ones weigh more: by the distance to the
    power of `-2 * alpha` (Schaefer, McPhail and Warren, "Image deformation using moving least squares", SIGGRAPH 2006). The paper moves
    points p to q; a field leads from the output to the input, so here p are `destination` and q are `source`.

    Parameters
    ----------
    source : array or tensor, (K, 2) or (K, 3)
        Points of the input, x first, in pixels.
    destination : array or tensor, of the same shape
        Where they are to be in the output.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    kind : "rigid", "similarity" or "affine"
        "rigid" turns and moves, "similarity" scales as well, "affine" may shear and needs points that do not lie on one line. In
        3-D only "affine".
    alpha : float
        How fast a point's influence falls with distance: above 0, up to 8.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once. It holds a tensor if points are. No gradients.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, one destination has two sources, or points on a line are to make an affine map.

    Examples
    --------
    One point moves everything alike; all points are met.

    >>> import displace
    >>> displace.moving_least_squares([[3, 1]], [[1, 0]], (1, 2)).displacement
    array([[[2., 1.],
            [2., 1.]]], dtype=float32)
    >>> displace.moving_least_squares([[0, 0], [5, 1]], [[0, 0], [2, 0]], (1, 3)).displacement[0, [0, 2]]
    array([[0., 0.],
           [3., 1.]], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, source, destination)
    if kind not in _KINDS:
        raise DisplaceError(f"kind is {kind!r}: expected {', '.join(map(repr, _KINDS))}")
    points = pairs(source, destination, target)
    return target.field(lambda out: _core.make_moving(*points, kind, float(alpha), out, target.frame))
