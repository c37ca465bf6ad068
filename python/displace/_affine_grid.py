"""Theta to grid."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import DTypeError, ShapeError


def affine_grid(theta, size, align_corners=None):
    """The sampling grid of a batch of affine maps: `torch.nn.functional.affine_grid`, rounded once.

    Parameters
    ----------
    theta : array or tensor, (N, 2, 3) or (N, 3, 4)
        Matrices from normalised output places (x, y(, z), 1) to normalised input places.
    size : (N, C, H, W) or (N, C, D, H, W)
        Shape of the output image, as torch takes it.
    align_corners : bool
        The `align_corners` of the `grid_sample` that will use the grid. None warns, as torch does, and means False.

    Returns
    -------
    array or tensor of theta's dtype and kind, (N, H, W, 2) or (N, D, H, W, 3)
        Computed in float64 and rounded once (torch accumulates in theta's own type: its values differ by a few units in
        the last place). torch tensors carry gradients, to theta.

    Raises
    ------
    ShapeError, DTypeError, DeviceError
        If an argument does not fit.

    Examples
    --------
    The identity on two pixels: their centres lie at -1/2 and 1/2, or at the ends with `align_corners=True`.

    >>> import numpy as np, displace
    >>> identity = np.float32([[[1, 0, 0], [0, 1, 0]]])
    >>> displace.affine_grid(identity, (1, 1, 1, 2), align_corners=False)[0, 0, :, 0]
    array([-0.5,  0.5], dtype=float32)
    >>> displace.affine_grid(identity, (1, 1, 1, 2), align_corners=True)[0, 0, :, 0]
    array([-1.,  1.], dtype=float32)
    """
    align_corners = _arrays.known_align_corners(align_corners)
    size = _arrays.whole(size, "affine_grid: size", "(N, C, H, W) or (N, C, D, H, W)")
    if len(size) not in (4, 5):
        raise ShapeError(f"affine_grid: size is {size}: expected (N, C, H, W) or (N, C, D, H, W)")
    axes = len(size) - 2
    shape = tuple(_arrays.shape_of(theta, "theta"))
    if len(shape) != 3 or shape[1:] != (axes, axes + 1) or shape[0] != size[0]:
        raise ShapeError(f"affine_grid: theta has shape {shape}: expected ({size[0]}, {axes}, {axes + 1}) for size {size}")
    if min(size) <= 0:
        raise ShapeError(f"affine_grid: size is {size}: expected positive lengths")
    if _arrays.is_torch(theta):
        from . import _torch

        return _torch.affine_grid(theta, size[2:], align_corners)
    array = _arrays.enter(theta, "theta")
    if array.dtype.kind != "f":
        raise DTypeError(f"theta holds {array.dtype}: expected float16, float32 or float64")
    dtype = _arrays.real_dtype(array, "theta")
    result = np.empty((size[0], *size[2:], axes), dtype)
    _core.affine_grid(np.ascontiguousarray(array, dtype), result, align_corners)
    return _arrays.leave(theta)(result.astype(array.dtype, copy=False))
