"""Fields and grids at another resolution."""

from __future__ import annotations

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._frames import Given, numbers


def resize(field, size, input_size=None, *, source_size=None, align_corners=False, rest=None, coords="displacement"):
    """The same map between images of other sizes, without shifting it.

    Each new pixel asks the old map at the place equally far between the ends of the frame, and its answer is the place equally far
    between the ends of the new input. Between pixels the map is linear; in the half pixel beyond the end centres, which
    align_corners=False reaches into, it goes on linearly.

    Parameters
    ----------
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacements, or a grid, as `coords` says.
    size : (H, W) or (D, H, W)
        The new size of the field.
    input_size : (H, W) or (D, H, W), optional
        The new size of the image that is read. Left out, `size` for a field that reads an image of its own size, else the old one.
    source_size : (H, W) or (D, H, W), optional
        The size of the image that the old field reads; its own if left out.
    align_corners : bool
        What the frame's ends are: the outer edges of the end pixels, or their centres.
    rest : "index", "extent" or None
        What displacements count from; needed if sizes differ. Of a `Field`, which knows its own, what the new ones count from.
    coords : "displacement" or "normalized"
        A grid's values do not change with the image that is read: `input_size` and `source_size` play no part.

    Returns
    -------
    array, tensor or Field
        Displacements in pixels of the new input, or grid values. No gradients. No pixels are averaged when it is made smaller.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    Twice as many pixels, of which one is half an old one: their centres lie at -1/4, 1/4, 3/4 and 5/4 of the old.

    >>> import numpy as np, displace
    >>> field = np.zeros((1, 2, 2), np.float32)
    >>> field[0, :, 0] = [0, 1]
    >>> displace.resize(field, (1, 4))[0, :, 0]
    array([-0.5,  0.5,  1.5,  2.5], dtype=float32)
    """
    if coords not in ("displacement", "normalized"):
        raise DisplaceError(f"expected coords to be one of 'displacement', 'normalized', but got: {coords!r}")
    size = tuple(int(length) for length in _arrays.whole(size, "size", "(H, W) or (D, H, W)"))
    if not all(0 <= length < 2**30 for length in size):
        raise ShapeError(f"size is {size}: expected lengths from 0 to {2**30 - 1}")
    if coords == "normalized":
        axes = _arrays.check_locations(_arrays.shape_of(field, "grid"), "grid", unbatched=True)
        given = Given(field, (1,) * axes, align_corners, None, "grid", coords)
        buffer = _core.resize_grid(given.array, list(size), given.align_corners)
        return given.back(numbers(buffer, given.dtype, (given.array.shape[0], *size, given.axes)))
    known = hasattr(field, "input_size")
    given = Given(field, source_size, align_corners, None if known else rest, "field", coords)
    if input_size is None and 0 in size and given.size == given.own:
        raise ShapeError(f"size is {size}: a field of no pixels reads an image of some; say its input_size")
    if input_size is None:
        input_size = size if given.size == given.own else given.size
    input_size = tuple(_arrays.check_size(input_size, given.axes))
    wanted = rest or (given.rest if given.size != given.own else None)
    buffer, rest = _core.resize(given.array, given.frame, list(size), list(input_size), wanted)
    return given.field(numbers(buffer, given.dtype, (given.array.shape[0], *size, given.axes)), input_size, rest)
