"""Deformable convolution, versions 1 and 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _arrays, _core
from ._errors import DTypeError, ShapeError


def deform_conv2d(input, offset, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), mask=None):
    """A convolution whose taps are moved: version 1 of deformable convolution, with a mask version 2.

    torchvision's `ops.deform_conv2d`, for tensors and arrays (Dai et al., ICCV 2017; Zhu et al., CVPR 2019). Output pixel (oy, ox) is
    the sum over channels and taps (i, j) of weight * mask * input at

        y = oy * stride_y - padding_y + i * dilation_y + offset_y,    x likewise,

    in pixels, read by linear interpolation with zeros outside. A tap at or beyond -1 or the size of the input reads nothing and
    contributes 0, as does one that is NaN.

    Parameters
    ----------
    input : array or tensor, (N, C, H, W)
        Of a float type. Half types are computed in float32 and rounded once.
    offset : array or tensor, (N, 2 G kh kw, H', W')
        How far each tap is moved, in pixels of the input: for each of G groups of channels and each tap, row by row, y and then x.
    weight : array or tensor, (M, C / groups, kh, kw)
        The number of groups follows from the shapes.
    bias : array or tensor, (M,), optional
        Added to the output's channels.
    stride, padding, dilation : int or (y, x)
        As in any convolution.
    mask : array or tensor, (N, G kh kw, H', W'), optional
        What each tap is multiplied by.

    Returns
    -------
    array or tensor, (N, M, H', W')
        Of the kind of `input`. Tensors carry gradients to all operands, of the first order. No bit depends on the number of threads.

    Raises
    ------
    ShapeError, DTypeError, DeviceError
        If something does not fit.

    Examples
    --------
    One tap that is moved half a pixel to the right.

    >>> import numpy as np, displace
    >>> row = np.float32([[[[10, 20, 30]]]])
    >>> offset = np.zeros((1, 2, 1, 3), np.float32)
    >>> offset[:, 1] = 0.5
    >>> displace.deform_conv2d(row, offset, np.ones((1, 1, 1, 1), np.float32))
    array([[[[15., 25., 15.]]]], dtype=float32)
    """
    steps = (pair(stride, "stride"), pair(padding, "padding"), pair(dilation, "dilation"))
    arrays = {"input": input, "offset": offset, "weight": weight, "mask": mask, "bias": bias}
    given = {what: array for what, array in arrays.items() if array is not None}
    if _arrays.is_torch(*given.values()):
        from . import _torch_deform

        return _torch_deform.deform_conv2d(arrays, given, steps)
    like = input
    given = {what: _arrays.enter(array, what) for what, array in given.items()}
    check_dimensions(given)
    real = _arrays.real_dtype(given["input"], "input")
    for what, array in given.items():
        if array.dtype != given["input"].dtype:
            raise DTypeError(f"{what} holds {array.dtype}, input {given['input'].dtype}: convert one of them")
    result = given["input"].dtype
    operands: Any = tuple(given[what].astype(real, copy=False) if what in given else None for what in arrays)
    if operands[4] is not None:
        operands = (*operands[:4], np.ascontiguousarray(operands[4]))
    out = np.empty(_core.deform_conv2d_shape(operands, steps), real)
    _core.deform_conv2d(operands, out, steps)
    return _arrays.leave(like)(out.astype(result, copy=False))


def pair(given: Any, what: str) -> tuple[int, int]:
    """One number for both axes, or one for each, y first."""
    both = (given, given) if isinstance(given, int | np.integer) else given
    numbers = _arrays.whole(both, what, "a whole number or two, (y, x)")
    if len(numbers) != 2:
        raise ShapeError(f"{what} is {given!r}: expected a whole number or two, (y, x)")
    if min(numbers) < 0:
        raise ShapeError(f"{what} is {given!r}: expected no negative number")
    if max(numbers) > 2**28:
        raise ShapeError(f"{what} is {given!r}: expected at most 2^28")
    return numbers[0], numbers[1]


def check_dimensions(given: dict[str, Any]) -> None:
    """That each operand has as many axes as it should."""
    known = {
        "input": "(N, C, H, W)",
        "offset": "(N, 2 G kh kw, H', W')",
        "weight": "(M, C / groups, kh, kw)",
        "mask": "(N, G kh kw, H', W')",
        "bias": "(M,)",
    }
    for what, array in given.items():
        if array.ndim != (1 if what == "bias" else 4):
            raise ShapeError(f"{what} has shape {tuple(array.shape)}: expected {known[what]}")
