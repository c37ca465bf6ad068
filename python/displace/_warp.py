"""Image and field to warped image."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import ShapeError
from ._field import Field
from ._stored import StoredField, Volume, pixels_of_image


def warp(
    image,
    field,
    mode="bilinear",
    padding_mode="zeros",
    *,
    align_corners=False,
    rest=None,
    fill=0.0,
    channels_last=False,
    antialias=False,
    out=None,
):
    """The image as a displacement field makes it appear: each output pixel reads its rest place plus its displacement.

    Parameters
    ----------
    image : array or tensor, (H, W), (C, H, W) or (N, C, H, W); volumes (D, H, W), (C, D, H, W) or (N, C, D, H, W)
        uint8, uint16, int16, float16, bfloat16 (torch), float32 or float64, any strides. A `Volume` knows where its channels are; so does
        a `StoredField` from an image's file, which may be an image of as many channels as axes.
    field : array or tensor, (N, H, W, 2) or (N, D, H, W, 3), N may be left out; or a `Field`
        Displacements in pixels of the image, x first, in the pull direction: an output pixel reads from where its vector
        points to. Optical flow from frame 1 to frame 2 so warps frame 2 back to frame 1.
    mode, padding_mode, fill, antialias
        As in `grid_sample`; "zeros" and "constant" read `fill`, other paddings take none.
    align_corners : bool
        Plays a part only in padding "reflection" (mirrors between edges, or at centres) and rest "extent".
    rest : "index", "extent" or None
        What the displacements are measured from. Needed only if image and field differ in size.
    channels_last : bool
        Whether channels are the image's last axis, (H, W, C) or (N, H, W, C), as in image files. So they are in the result.
    out : array or tensor, optional
        Where to write the result.

    Returns
    -------
    array or tensor of the image's dtype and kind, with the field's size
        The batch axis is there if image or field has one; a batch of one serves all of the other. A field of zeros gives
        back the very same image. torch tensors carry gradients to image and field, and second ones.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    Every pixel reads half a pixel to its right; the last fades into the zeros outside.

    >>> import numpy as np, displace
    >>> field = np.zeros((1, 3, 2), np.float32)
    >>> field[..., 0] = 0.5
    >>> displace.warp(np.float32([[10, 20, 40]]), field)
    array([[15., 30., 20.]], dtype=float32)
    """
    if isinstance(image, (StoredField, Volume)):
        image, channels_last = pixels_of_image(image)
    if isinstance(field, Field):
        align_corners, rest, expected = field.align_corners, field.rest, field.input_size
        field = field.displacement
    else:
        expected = None
    _arrays.check_words(mode, padding_mode, "displacement", rest)
    torch = _arrays.is_torch(image, field)
    if not torch:
        like, image, field = image, _arrays.enter(image, "image"), _arrays.enter(field, "field")
        _arrays.real_dtype(field, "field")
        _arrays.check_memory(image, "image")
    axes = _arrays.check_locations(field.shape, "field", unbatched=True)
    planes = image.ndim - axes
    if planes not in (0, 1, 2) or (planes == 0 and channels_last):
        known = "(H, W), (C, H, W) or (N, C, H, W)" if axes == 2 else "(D, H, W), (C, D, H, W) or (N, C, D, H, W)"
        last = ", with channels_last=True C at the end" if channels_last else ""
        raise ShapeError(f"image has shape {tuple(image.shape)} for a field with {axes} components: expected {known}{last}")
    if channels_last:
        image = image.movedim(-1, -1 - axes) if torch else np.moveaxis(image, -1, -1 - axes)
    batch = planes == 2 or len(field.shape) == axes + 2
    # Two axes before those of pixels, one before the field's: views.
    for _ in range(2 - planes):
        image = image[None]
    if len(field.shape) == axes + 1:
        field = field[None]
    if expected is not None and tuple(image.shape[2:]) != tuple(expected):
        raise ShapeError(f"the image is {tuple(image.shape[2:])}, but the field reads an image of {tuple(expected)}")
    if image.shape[0] != field.shape[0] and 1 not in (image.shape[0], field.shape[0]):
        raise ShapeError(f"{image.shape[0]} images and {field.shape[0]} fields: the batches must be equal, or one of them 1")
    sampling = (mode, padding_mode, float(fill), "displacement", bool(align_corners), rest)
    if torch:
        from . import _torch

        return _torch.warp(image, field, sampling, planes, batch, channels_last, out, "sample_ewa" if antialias else "sample")
    samples = max(image.shape[0], field.shape[0]) if 0 not in (image.shape[0], field.shape[0]) else 0
    shape = (samples, image.shape[1], *field.shape[1:-1])
    # What the caller sees: channels moved, axes that neither input has left out.
    seen = (shape[0], *shape[2:], shape[1]) if channels_last else shape
    if planes == 0:
        seen = seen[:1] + seen[2:]
    if not batch:
        seen = seen[1:]
    result, finish = _arrays.prepare_out(out, seen, image.dtype)
    if channels_last:
        target = np.moveaxis(result.reshape((shape[0], *shape[2:], shape[1])), -1, 1)
    else:
        target = result.reshape(shape)
    sample = _core.sample_ewa if antialias else _core.sample
    sample(image, field, target, sampling)
    finish()
    return out if out is not None else _arrays.leave(like)(result)
