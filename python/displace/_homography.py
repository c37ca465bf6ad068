"""Homographies as fields."""

from __future__ import annotations

from . import _core
from ._making import Target, floats


def homography(matrix, size, input_size=None, *, direction="pull", align_corners=False, rest=None, dtype="float32"):
    """The field of a homography, a map of the plane through a camera.

    Parameters
    ----------
    matrix : array or tensor, (3, 3)
        From places (x, y, 1) of the output to places (x', y', w) of the input, which is read at (x'/w, y'/w); in pixels.
    size : (H, W)
        Size of the field.
    input_size : (H, W), optional
        Size of the image that is read; `size` if left out.
    direction : "pull" or "push"
        What the matrix leads from and to: "pull" as above; "push" from the input to the output, as `cv2.warpPerspective` without
        `WARP_INVERSE_MAP`, so that it is inverted here.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2)
        Computed in float64 and rounded once. NaN where w is not above 0: behind the camera, where OpenCV mirrors through it.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, or the matrix of a push has no inverse.

    Examples
    --------
    With w = 1 + x/2 pixel 2 is read at 2/2.

    >>> import displace
    >>> displace.homography([[1, 0, 0], [0, 1, 0], [0.5, 0, 1]], (1, 3)).displacement[0, 2]
    array([-1.,  0.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, matrix)
    target.need_axes(2, "a homography")
    numbers = floats(matrix, "matrix", (3, 3), "(3, 3)").ravel().tolist()
    return target.field(lambda out: _core.make_homography(numbers, direction, out, target.frame))
