"""One field after another."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, DTypeError, ShapeError
from ._frames import Given


def compose(outer, inner, *, mode="bilinear", padding_mode="border", fill=0.0, align_corners=False, rest=None):
    """The field that reads through `inner` first and `outer` then.

    Warping an image by `outer` and the result by `inner` reads the same places, but blends pixels twice. Between equal sizes the
    displacement is `inner(x) + outer(x + inner(x))`.

    Parameters
    ----------
    outer, inner : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacement fields of one dtype; `inner` reads what `outer` is on. Arrays read an image of their own size; between
        other sizes give a `Field`. A batch of one serves all of the other.
    mode : "bilinear", "nearest" or "bicubic"
        How `outer` is read between its pixels.
    padding_mode, fill : "border", "zeros", "constant", "reflection" or "wrap", float
        What is read of `outer` outside: the displacement at its edge, none, or `fill`, which may be NaN to mark what is not known.
    align_corners : bool
        Of arrays; plays a part in reflection.
    rest : "index", "extent" or None
        What the result counts from; that of both fields if they have the same.

    Returns
    -------
    array, tensor or Field
        Displacements in pixels of the image that `outer` reads, on the pixels that `inner` is on. A `Field` if both are.
        Tensors carry gradients to both fields if all sizes are equal.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    The first pixel reads at 0.5, where `outer` displaces by (0 + 1)/2: by 1 in all.

    >>> import numpy as np, displace
    >>> inner, outer = np.zeros((2, 1, 3, 2), np.float32)
    >>> inner[..., 0], outer[..., 0] = 0.5, [0, 1, 4]
    >>> displace.compose(outer, inner)[0, :, 0]
    array([1. , 3. , 4.5], dtype=float32)
    """
    _arrays.check_words(mode, padding_mode, "displacement", rest)
    fields = [
        Given(field, None, False if hasattr(field, "input_size") else align_corners, None, what, real=True)
        for field, what in ((outer, "outer"), (inner, "inner"))
    ]
    first, second = fields
    if first.torch != second.torch:
        raise DTypeError("outer and inner are not of one kind: both NumPy arrays, or both torch tensors")
    if first.own != second.size:
        raise ShapeError(f"outer lies on {first.own}, inner reads {second.size}: inner must read what outer is on")
    batches = first.shape[0], second.shape[0]
    if 1 not in batches and batches[0] != batches[1]:
        raise ShapeError(f"{batches[0]} outer and {batches[1]} inner fields: the batches must be equal, or one of them 1")
    if first.dtype != second.dtype:
        raise DTypeError(f"outer is computed in {first.dtype}, inner in {second.dtype}: convert one of them")
    # A batch of one serves the other's samples, be they none.
    samples = batches[0] if batches[1] == 1 else batches[1]
    if any(given.watched() for given in fields):
        if first.size != first.own or second.size != second.own:
            raise DisplaceError("gradients go through compose between equal sizes only: detach the fields, or resize one")
        from . import _torch

        result = _torch.compose(first, second, mode, padding_mode, float(fill))
        return type(outer)(result, align_corners=first.align_corners) if first.is_field and second.is_field else result
    sampling = (mode, padding_mode, float(fill))
    result = np.empty((samples, *second.own, second.axes), first.dtype)
    rest = _core.compose(first.array, first.frame, second.array, second.frame, result, rest, sampling)
    array = (first if first.batch else second).back(result)
    if first.is_field and second.is_field:
        return type(outer)(array, first.size, align_corners=first.align_corners, rest=rest)
    return array
