"""Grid to field."""

from __future__ import annotations

from . import _arrays, _core


def displacement(grid, input_size, *, align_corners=False, rest=None, arithmetic="exact", out=None):
    """How far from its rest place each output pixel asks to read, in pixels of the image that is read.

    Parameters
    ----------
    grid : array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        A sampling grid as `torch.nn.functional.grid_sample` takes it: normalised locations, the last axis x, y(, z).
        float16, bfloat16 (torch), float32 or float64.
    input_size : (H, W) or (D, H, W)
        Size of the image that the grid reads, `image.shape[2:]`; not the size of the output.
    align_corners : bool
        What -1 and +1 mean, exactly as in `grid_sample`: False, the outer edges of the end pixels (torch's default);
        True, the centres of the end pixels.
    rest : "index", "extent" or None
        Where "no displacement" reads. "index": the input pixel of the same index, as in optical flow. "extent": the same
        place between -1 and +1, so that a plain resize has no displacement. Needed only if input and output differ in size.
    arithmetic : "exact" or "torch"
        "exact": the real number that the grid value stands for, rounded once. "torch": what torch 2.15's sampler computes
        on x86-64, rounding errors included.
    out : array, optional
        Where to write the result.

    Returns
    -------
    array or tensor of the grid's shape and kind
        Displacements in input pixels, x first, pixel centres at integers, in the pull direction: the vector at an output
        pixel points to where that pixel is read from. float32, or float64 for float64 grids. Padding plays no part: see
        `effective_displacement`. torch tensors carry gradients.

    Raises
    ------
    RestError
        If input and output differ in size and `rest` is None.
    ShapeError, DTypeError, DeviceError
        If an argument does not fit.

    Examples
    --------
    One row of 4 pixels that reads a row of 4: at g = 0.25 the location is 0.25 * 4/2 + 3/2 = pixel 2, one to the right of
    pixel 1.

    >>> import numpy as np, displace
    >>> grid = np.float32([[[[-0.75, 0], [0.25, 0], [0.25, 0], [1, 0]]]])
    >>> displace.displacement(grid, (1, 4))[0, 0, :, 0]
    array([0. , 1. , 0. , 0.5], dtype=float32)

    With `align_corners=True` the same grid means g * 3/2 + 3/2:

    >>> displace.displacement(grid, (1, 4), align_corners=True)[0, 0, :, 0]
    array([ 0.375,  0.875, -0.125,  0.   ], dtype=float32)
    """
    axes = _arrays.check_locations(_arrays.shape_of(grid, "grid"), "grid", unbatched=True)
    size = _arrays.check_size(input_size, axes)
    _arrays.check_words("nearest", "zeros", "normalized", rest)
    if _arrays.is_torch(grid):
        from . import _torch

        return _torch.displacement(grid, axes, size, align_corners, rest, arithmetic, out)
    array = _arrays.enter(grid, "grid")
    result, finish = _arrays.prepare_out(out, array.shape, _arrays.real_dtype(array, "grid"))
    _core.displacement(_arrays.batched(array, axes), _arrays.batched(result, axes), size, bool(align_corners), rest, arithmetic)
    finish()
    return out if out is not None else _arrays.leave(grid)(result)
