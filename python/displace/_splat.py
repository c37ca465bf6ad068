"""Forward splatting: values pushed to the places that a sampler would read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._field import Field


class Splat(NamedTuple):
    """`values` that were splat, and `coverage`, how much weight fell onto each pixel: 0 in holes."""

    values: Any
    coverage: Any


def splat(
    input,
    field,
    input_size=None,
    *,
    reduce="sum",
    weights=None,
    mode="bilinear",
    padding_mode="zeros",
    align_corners=False,
    coords="displacement",
    rest=None,
):
    """Pushes each pixel's values to the place that a field or grid reads for it: forward warping, the adjoint of sampling.

    What `grid_sample` and `warp` gather, this scatters, with the same weights: `<warp(a, f), b> = <a, splat(b, f)>`. To move frame 1
    along an optical flow from 1 to 2, splat it with the flow as field. Weights `exp(Z - Z.max())` with reduce="average" make it
    softmax splatting (Niklaus and Liu, CVPR 2020).

    Parameters
    ----------
    input : array or tensor, (H, W), (C, H, W) or (N, C, H, W); volumes one axis more
        Values on the field's own pixels; of a float type.
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Where they go: displacements, or what `coords` says.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that the field reads, which is what comes out; the field's own if left out. A grid needs it.
    reduce : "sum" or "average"
        Values on one pixel are added, or averaged by weight; the average is 0 in holes.
    weights : array or tensor, optional
        One for each pixel of the field: the shape of `input` with one channel or none.
    mode, padding_mode, align_corners, coords, rest
        As in `grid_sample` and `warp`. Under "zeros" what falls outside is lost.

    Returns
    -------
    Splat(values, coverage)
        `values` with the channels of `input` and the size `input_size`, `coverage` with one channel. The sums run in the order
        of the field's pixels: no bit depends on the number of threads. Tensors carry gradients to values, weights and field.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    8 falls a quarter of the way from the first pixel to the second.

    >>> import numpy as np, displace
    >>> field = np.zeros((1, 3, 2), np.float32)
    >>> field[0, 0, 0] = 0.25
    >>> values, coverage = displace.splat(np.float32([[8, 4, 0]]), field)
    >>> values, coverage
    (array([[6., 6., 0.]], dtype=float32), array([[0.75, 1.25, 1.  ]], dtype=float32))
    """
    if isinstance(field, Field):
        if input_size is not None or rest is not None or coords != "displacement":
            raise DisplaceError("field is a Field, which knows its input_size, rest and coords: leave them out")
        align_corners, rest, input_size = field.align_corners, field.rest, field.input_size
        field = field.displacement
    _arrays.check_words(mode, padding_mode, coords, rest)
    if reduce not in ("sum", "average"):
        raise DisplaceError(f"expected reduce to be one of 'sum', 'average', but got: {reduce!r}")
    torch = _arrays.is_torch(*(array for array in (input, field, weights) if array is not None))
    like = input
    if not torch:
        input, field = _arrays.enter(input, "input"), _arrays.enter(field, "field")
        weights = None if weights is None else _arrays.enter(weights, "weights")
        for array, what in ((input, "input"), (field, "field")):
            _arrays.real_dtype(array, what)
    axes = _arrays.check_locations(field.shape, "field", unbatched=True)
    planes = input.ndim - axes
    if planes not in (0, 1, 2):
        known = "(H, W), (C, H, W) or (N, C, H, W)" if axes == 2 else "(D, H, W), (C, D, H, W) or (N, C, D, H, W)"
        raise ShapeError(f"input has shape {tuple(input.shape)} for a field with {axes} components: expected {known}")
    own = tuple(field.shape[-1 - axes : -1])
    if tuple(input.shape[planes:]) != own:
        raise ShapeError(f"input is {tuple(input.shape[planes:])}, the field {own}: values lie on the field's own pixels")
    if input_size is None and coords != "displacement":
        raise DisplaceError(f'coords="{coords}" needs input_size, the size of the image that is read')
    size = list(own) if input_size is None else _arrays.check_size(input_size, axes)
    if rest is None and coords == "displacement" and tuple(size) != own:
        _arrays.need_rest(tuple(size), own)
    batch = planes == 2 or len(field.shape) == axes + 2 or (weights is not None and weights.ndim == axes + 2)
    for _ in range(2 - planes):
        input = input[None]
    field = field[None] if len(field.shape) == axes + 1 else field
    if weights is not None:
        lead = tuple(weights.shape[:-axes])
        channels = lead[1:] if len(lead) == 2 or planes == 2 else lead
        if tuple(weights.shape[-axes:]) != own or len(lead) > 2 or any(length != 1 for length in channels):
            raise ShapeError(
                f"weights have shape {tuple(weights.shape)}: expected {own}, with a sample axis and one channel or none"
            )
        while weights.ndim < axes + 2:
            weights = weights[:, None] if weights.ndim == axes + 1 and planes == 2 else weights[None]
    counts = {len(array) for array in (input, field, weights) if array is not None} - {1}
    if len(counts) > 1:
        also = "" if weights is None else f" and {len(weights)} weights"
        raise ShapeError(f"{len(input)} inputs, {len(field)} fields{also}: each batch must be 1 or the same")
    sampling = (mode, padding_mode, 0.0, coords, bool(align_corners), rest)
    if torch:
        from . import _torch

        values, coverage = _torch.splat(input, field, weights, size, sampling, reduce)
    else:
        samples = (
            max(1, *(len(array) for array in (input, field, weights) if array is not None))
            if 0 not in input.shape
            else len(input)
        )
        values = np.empty((samples, input.shape[1], *size), input.dtype)
        coverage = np.empty((samples, 1, *size), input.dtype)
        weights = None if weights is None else weights.astype(input.dtype, copy=False)
        _core.splat(input, weights, field, (values, coverage), size, sampling, reduce)
        values, coverage = _arrays.leave(like)(values), _arrays.leave(like)(coverage)
    if planes == 0:
        values, coverage = values[:, 0], coverage[:, 0]
    return Splat(values, coverage) if batch else Splat(values[0], coverage[0])
