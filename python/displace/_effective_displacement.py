"""Grid to what the sampler really does."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core


class Effective(NamedTuple):
    """What a sampler really does: `field`, where it reads, and `coverage`, how much of each result comes from the image."""

    field: Any
    coverage: Any


def effective_displacement(grid, input_size, *, align_corners=False, rest=None, mode="bilinear", padding_mode="zeros"):
    """How far from its rest place the sampler really reads, after padding and rounding, and how much it reads there.

    Parameters
    ----------
    grid, input_size, align_corners, rest
        As in `displacement`.
    mode : "bilinear", "nearest" or "bicubic"
        As in `grid_sample`. For "nearest" the displacement leads to the pixel that is read.
    padding_mode : "zeros", "border", "reflection", "wrap" or "constant"
        As in `grid_sample`. Locations are moved as the padding moves them; "zeros" and "constant" move nothing.

    Returns
    -------
    Effective(field, coverage)
        `field`: displacements as `displacement` gives them. NaN where no place can be named.
        `coverage`: (N, H, W) or (N, D, H, W), the share of the taps' weight that lies on pixels of the image: 1 inside,
        between 0 and 1 partly outside, 0 where nothing of the image is read. A diagnosis: it carries no gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `displacement`; `DisplaceError` for an unknown mode.

    Examples
    --------
    Two pixels, read at their left edge (half a pixel outside the first centre) and 1.5 pixels beyond the last centre:

    >>> import numpy as np, displace
    >>> grid = np.float32([[[[-1, 0], [2, 0]]]])
    >>> field, coverage = displace.effective_displacement(grid, (1, 2))
    >>> field[0, 0, :, 0], coverage[0, 0]
    (array([-0.5,  1.5], dtype=float32), array([0.5, 0. ], dtype=float32))
    >>> displace.effective_displacement(grid, (1, 2), padding_mode="border").field[0, 0, :, 0]
    array([0., 0.], dtype=float32)
    """
    axes = _arrays.check_locations(_arrays.shape_of(grid, "grid"), "grid", unbatched=True)
    size = _arrays.check_size(input_size, axes)
    _arrays.check_words(mode, padding_mode, "normalized", rest)
    if _arrays.is_torch(grid):
        from . import _torch

        return Effective(*_torch.effective_displacement(grid, axes, size, align_corners, rest, mode, padding_mode))
    array = _arrays.enter(grid, "grid")
    dtype = _arrays.real_dtype(array, "grid")
    field, coverage = np.empty(array.shape, dtype), np.empty(array.shape[:-1], dtype)
    parts = (_arrays.batched(array, axes), _arrays.batched(field, axes), _arrays.batched(coverage, axes - 1))
    _core.effective_displacement(*parts, size, bool(align_corners), rest, mode, padding_mode)
    leave = _arrays.leave(grid)
    return Effective(leave(field), leave(coverage))
