"""Reading images at locations."""

from __future__ import annotations

from . import _arrays, _core


def grid_sample(
    input,
    grid,
    mode="bilinear",
    padding_mode="zeros",
    align_corners=None,
    *,
    coords="normalized",
    rest=None,
    fill=0.0,
    antialias=False,
    out=None,
):
    """Reads `input` at the locations in `grid`: `torch.nn.functional.grid_sample`, for tensors and arrays.

    Parameters
    ----------
    input : array or tensor, (N, C, H, W) or (N, C, D, H, W)
        Images or volumes: uint8, uint16, int16, float16, bfloat16 (torch), float32 or float64, any strides.
    grid : array or tensor, (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3)
        Where each output pixel reads, the last axis x, y(, z); any float type, which need not be that of `input`.
    mode : str
        Between pixels: "bilinear", "nearest" or "bicubic" (on volumes "bilinear" is trilinear and "bicubic" tricubic); "catmull-rom",
        "mitchell", "lanczos3", "lanczos4"; or a B-spline through the pixels, "bspline2" to "bspline5", and "bspline3-coefficients" and so
        on for images that `spline_filter` has filtered.
    padding_mode : "zeros", "border", "reflection", "wrap" or "constant"
        Outside the image. "wrap" repeats it.
    align_corners : bool
        What -1 and +1 mean: False, the outer edges of the end pixels; True, their centres. None warns, as torch does, and
        means False.
    coords : "normalized", "pixel" or "displacement"
        What the numbers in `grid` are: torch's normalised locations; absolute input pixels (OpenCV's `remap`); or input
        pixels from the rest place of each output pixel (see `warp`).
    rest : "index", "extent" or None
        For displacements: what they are measured from. Needed only if input and output differ in size.
    fill : float
        What "zeros" and "constant" read outside the image; other paddings take none.
    antialias : bool
        Whether output pixels that cover more than a pixel of the input are averages over an ellipse, so that nothing aliases; what does
        not shrink stays as it is. Images only. Gradients of the grid hold the ellipses fixed, and there are no second ones.
    out : array or tensor, optional
        Where to write the result.

    Returns
    -------
    array or tensor of the input's dtype and kind, (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out)
        Blended in float64 if input or grid is, else in float32, and rounded once: integers to the nearest, half to even.
        A location on a pixel gives that very value. torch tensors carry gradients to `input` and `grid`, and second ones.

    Notes
    -----
    Where torch's own results differ by more than rounding they do so on purpose: NaN, infinite and huge locations and
    infinite pixels of weight zero (CONVENTIONS.md, section 8). Results do not depend on threads, strides or the machine.

    Raises
    ------
    ShapeError, DTypeError, DeviceError, DisplaceError
        If an argument does not fit; torch's conditions and words.

    Examples
    --------
    Between the edges of two pixels, 0 lies half-way from the first centre to the second:

    >>> import numpy as np, displace
    >>> image = np.array([[[[10, 20]]]], np.uint8)
    >>> displace.grid_sample(image, np.zeros((1, 1, 1, 2), np.float32), align_corners=False)
    array([[[[15]]]], dtype=uint8)
    >>> displace.grid_sample(image, np.float32([[[[0.25, 0]]]]), align_corners=False, coords="pixel")
    array([[[[12]]]], dtype=uint8)
    """
    # The core reads no rest where it needs none, and so would not see a wrong one.
    if out is None and rest is None and not antialias and not _arrays.traced():
        result = _core.sample_small(input, grid, mode, padding_mode, align_corners, coords, rest, fill)
        if result is True:
            from . import _torch_grad

            return _torch_grad.recorded_sample(input, grid, (mode, padding_mode, float(fill), coords, align_corners, rest))
        if result is not None:
            return result
    align_corners = _arrays.known_align_corners(align_corners)
    _arrays.check_words(mode, padding_mode, coords, rest)
    if _arrays.is_torch(input, grid):
        from . import _torch

        sampling = (mode, padding_mode, float(fill), coords, align_corners, rest)
        return _torch.grid_sample(input, grid, sampling, out, "sample_ewa" if antialias else "sample")
    image, at = _arrays.enter(input, "input"), _arrays.enter(grid, "grid")
    _arrays.check_sample(image.shape, at.shape)
    _arrays.check_memory(image, "input")
    _arrays.real_dtype(at, "grid")
    result, finish = _arrays.prepare_out(out, image.shape[:2] + at.shape[1:-1], image.dtype)
    sample = _core.sample_ewa if antialias else _core.sample
    sample(image, at, result, (mode, padding_mode, float(fill), coords, align_corners, rest))
    finish()
    return out if out is not None else _arrays.leave(input)(result)
