"""Affine maps and similarities as fields."""

from __future__ import annotations

import numpy as np

from . import _core
from ._errors import ShapeError
from ._making import Target, each, floats, middle, place


def affine(matrix, size, input_size=None, *, direction="pull", center=None, align_corners=False, rest=None, dtype="float32"):
    """The field of an affine map.

    Parameters
    ----------
    matrix : array or tensor, (2, 3), (3, 3), (3, 4) or (4, 4); or a batch (N, ..) of them
        From places (x, y(, z), 1) of the output to places of the input, in pixels, pixel centres at integers. A last row of
        homogeneous coordinates must be 0, .., 0, 1.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    direction : "pull" or "push"
        What the matrix leads from and to: "pull" as above; "push" from the input to the output, as
        `cv2.warpAffine` without `WARP_INVERSE_MAP`, so that it is inverted here.
    center : (x, y) or (x, y, z), optional
        The place about which the matrix acts, `A (x - center) + t + center`, as in ITK's AffineTransform; pixel 0 if left out.
    align_corners : bool
        What -1..+1 spans in the input; plays a part in rest "extent".
    rest : "index", "extent" or None
        What displacements count from; needed if the sizes differ.
    dtype : "float32" or "float64"
        Of the field.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3), with N before for a batch
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

    Twice as far from the center (1, 0), which stays.

    >>> displace.affine([[2, 0, 0], [0, 2, 0]], (1, 3), center=(1, 0)).displacement[0, :, 0]
    array([-1.,  0.,  1.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, matrix)
    count, matrices = _matrices(matrix, "matrix", target)
    if center is not None:
        about = place(center, "center", target.axes, ())
        matrices = [_core.affine_about(numbers, about) for numbers in matrices]
    return target.fields(count, lambda out, i: _core.make_affine(matrices[i], direction, out, target.frame))


def _matrices(matrix, what, target):
    """How many, if a batch; and their upper rows."""
    numbers = floats(
        matrix,
        what,
        (None,) * (3 if len(getattr(matrix, "shape", ())) == 3 else 2),
        "(2, 3) or (3, 3), in 3-D (3, 4) or (4, 4), or a batch (N, ..) of them",
    )
    rows, columns = numbers.shape[-2:]
    axes = target.axes
    if columns != axes + 1 or rows not in (columns - 1, columns):
        raise ShapeError(
            f"{what} has shape {numbers.shape}: expected {axes, axes + 1} or {axes + 1, axes + 1} for size {target.size}"
        )
    for last in numbers.reshape(-1, rows, columns)[:, axes:, :]:
        if last.size and last[0].tolist() != [0] * axes + [1]:
            raise ShapeError(f"{what} has the last row {last[0].tolist()}: expected {[0] * axes + [1]} of an affine map")
    upper = numbers.reshape(-1, rows, columns)[:, :axes]
    return (None if numbers.ndim == 2 else len(upper)), [one.ravel().tolist() for one in upper]


def affine_from_theta(theta, size, input_size=None, *, align_corners=False, rest=None, dtype="float32"):
    """The field of torch's theta: an affine map between normalised places.

    The same as `displacement(affine_grid(theta, ..), input_size)`, without the grid and its rounding.

    Parameters
    ----------
    theta : array or tensor, (2, 3) or (3, 4); or a batch (N, ..) of them
        From normalised places of the output to normalised places of the input, as `torch.nn.functional.affine_grid` takes it.
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    align_corners : bool
        What -1..+1 spans, in input and output alike.
    rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3), with N before for a batch
        In pixels, computed in float64 and rounded once.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    A quarter of the width to the right, of 8 pixels: theta counts 2 from edge to edge.

    >>> import displace
    >>> displace.affine_from_theta([[1, 0, 0.5], [0, 1, 0]], (1, 8)).displacement[0, 0]
    array([2., 0.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype, theta)
    count, thetas = _matrices(theta, "theta", target)
    sizes = list(target.input_size), list(target.size)
    matrices = [_core.affine_of_theta(numbers, *sizes, target.align_corners) for numbers in thetas]
    return target.fields(count, lambda out, i: _core.make_affine(matrices[i], "pull", out, target.frame))


def affine_from_parts(
    size,
    input_size=None,
    *,
    rotation=0.0,
    scale=1.0,
    shear=0.0,
    translation=None,
    center=None,
    direction="pull",
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field of an affine map by its parts: `R K S (x - center) + translation + center`.

    Parameters
    ----------
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    rotation : float, or (3,) in 3-D
        R, in degrees: from x to y, so that what is warped by a pull map turns counter-clockwise on the screen, as with
        `cv2.getRotationMatrix2D`. In 3-D about x, then y, then z.
    scale : float, or one for each axis, x first
        S: 2 reads twice as far apart, so that a pull map shows everything half as large.
    shear : float, or (3,) in 3-D
        K: `x += shear * y`; in 3-D for xy, xz, yz.
    translation : (x, y) or (x, y, z), optional
        In pixels.
    center : (x, y) or (x, y, z), optional
        In pixels; the middle of the field if left out.
    direction : "pull" or "push"
        Whether the map leads from output to input, or from input to output and is inverted here.
    align_corners, rest, dtype
        As in `affine`.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit, or a push has no inverse.

    Examples
    --------
    A quarter turn about the middle pixel: the pixel to the right of it is read below it.

    >>> import displace
    >>> displace.affine_from_parts((3, 3), rotation=90).displacement[1, 2]
    array([-1.,  1.], dtype=float32)
    """
    target = Target(size, input_size, align_corners, rest, dtype)
    axes = target.axes
    angles = each(rotation, 1 if axes == 2 else 3, "rotation")
    shears = each(shear, 1 if axes == 2 else 3, "shear")
    if axes == 2:
        angles, shears = [*angles, 0.0, 0.0], [*shears, 0.0, 0.0]
    elif np.ndim(rotation) == 0 and any(angles):
        raise ShapeError(f"rotation is {rotation}: expected three angles in 3-D, about x, y and z")
    scales = each(scale, axes, "scale")
    moved = place(translation, "translation", axes, [0.0] * axes)
    about = place(center, "center", axes, middle(target.size))
    matrix = _core.affine_of_parts(angles, scales, shears, moved, about)
    return target.field(lambda out: _core.make_affine(matrix, direction, out, target.frame))


def similarity(
    angle,
    size,
    input_size=None,
    *,
    scale=1.0,
    center=None,
    translation=None,
    direction="pull",
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """The field of a similarity: a rotation, one scale and a translation.

    Parameters
    ----------
    angle : float, or (3,) in 3-D
        Degrees, as the `rotation` of `affine_from_parts`.
    size, input_size, scale, center, translation, direction, align_corners, rest, dtype
        As in `affine_from_parts`; `scale` is one number.

    Returns
    -------
    Field of shape (H, W, 2) or (D, H, W, 3)
        Computed in float64 and rounded once.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    >>> import displace
    >>> displace.similarity(180, (3, 3), scale=2).displacement[1, 2]
    array([-3.,  0.], dtype=float32)
    """
    return affine_from_parts(
        size,
        input_size,
        rotation=angle,
        scale=float(scale),
        translation=translation,
        center=center,
        direction=direction,
        align_corners=align_corners,
        rest=rest,
        dtype=dtype,
    )
