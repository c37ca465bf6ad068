"""Affine maps as fields."""

from __future__ import annotations

from . import _core
from ._errors import ShapeError
from ._making import Target, floats


def affine(matrix, size, input_size=None, *, direction="pull", align_corners=False, rest=None, dtype="float32"):
    """The field of an affine map.

    Parameters
    ----------
    matrix : array or tensor, (2, 3), (3, 3), (3, 4) or (4, 4)
        From places (x, y(, z), 1) of the output to places of the input, in pixels, pixel centres at integers. A last row of
        homogeneous coordinates must be 0, .., 0, 1.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    direction : "pull" or "push"
        What the matrix leads from and to: "pull" as above; "push" from the input to the output, as
        `cv2.warpAffine` without `WARP_INVERSE_MAP`, so that it is inverted here.
    align_corners : bool
        What -1..+1 spans in the input; plays a part in rest "extent".
    rest : "index", "extent" or None
        What displacements count from; needed if the sizes differ.
    dtype : "float32" or "float64"
        Of the field.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once. It holds a tensor if `matrix` is one. No gradients: `affine_grid` has them.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, or the matrix of a push has no inverse.

    Examples
    --------
    Each pixel is read half a pixel to its right.

    >>> import displace
    >>> displace.affine([[1, 0, 0.5], [0, 1, 0]], (1, 2)).displacement
    array([[[0.5, 0. ],
            [0.5, 0. ]]], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, matrix)
    numbers = floats(matrix, "matrix", (None, None), "(2, 3) or (3, 3), in 3-D (3, 4) or (4, 4)")
    rows, columns = numbers.shape
    if columns != target.axes + 1 or rows not in (columns - 1, columns):
        raise ShapeError(
            f"matrix has shape {numbers.shape}: expected {(columns := target.axes + 1) - 1, columns} or {columns, columns} "
            f"for size {target.size}"
        )
    if rows == columns and numbers[-1].tolist() != [0] * target.axes + [1]:
        raise ShapeError(f"matrix has the last row {numbers[-1].tolist()}: expected {[0] * target.axes + [1]} of an affine map")
    upper = numbers[: target.axes].ravel().tolist()
    return target.field(lambda out: _core.make_affine(upper, direction, out, target.frame))
