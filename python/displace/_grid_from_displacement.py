"""Field to grid."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._field import Field


def grid_from_displacement(field, input_size=None, *, align_corners=False, rest=None):
    """The sampling grid that reads where a displacement field says: the inverse of `displacement`.

    Parameters
    ----------
    field : array or tensor, (N, H, W, 2) or (N, D, H, W, 3), N may be left out; or a `Field`
        Displacements in input pixels, x first, pull direction.
    input_size : (H, W) or (D, H, W)
        Size of the image that the grid will read. A `Field` knows it.
    align_corners : bool
        The `align_corners` that `grid_sample` will be called with.
    rest : "index", "extent" or None
        What the displacements are measured from, as in `displacement`.

    Returns
    -------
    array or tensor of the field's shape and kind
        Normalised locations, x first, computed in float64 and rounded once; float32, or float64 for float64 fields. A
        float32 grid cannot hold what a field can: near +-1 its values are `S * 2**-25` pixels apart (S the input size).
        torch tensors carry gradients.

    Raises
    ------
    DisplaceError
        If `align_corners=True`, the input has one pixel along an axis and the field leads away from it: no grid value does.
    RestError, ShapeError, DTypeError, DeviceError
        As `displacement`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.float32([[[[0, 0], [1, 0], [0, 0], [0.5, 0]]]])
    >>> displace.grid_from_displacement(field, (1, 4))[0, 0, :, 0]
    array([-0.75,  0.25,  0.25,  1.  ], dtype=float32)
    """
    if isinstance(field, Field):
        input_size = field.input_size if input_size is None else input_size
        field, align_corners, rest = field.displacement, field.align_corners, field.rest
    axes = _arrays.check_locations(_arrays.shape_of(field, "field"), "field", unbatched=True)
    size = _arrays.check_size(input_size, axes)
    _arrays.check_words("nearest", "zeros", "normalized", rest)
    if _arrays.is_torch(field):
        from . import _torch

        return _torch.grid_from_displacement(field, axes, size, align_corners, rest)
    array = _arrays.enter(field, "field")
    result = np.empty(array.shape, _arrays.real_dtype(array, "field"))
    _core.grid_from_displacement(_arrays.batched(array, axes), _arrays.batched(result, axes), size, bool(align_corners), rest)
    return _arrays.leave(field)(result)
