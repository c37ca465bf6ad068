"""SciPy's way to splines: reading at absolute coordinates, and the filter before it."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, DTypeError, ShapeError

_MODES = ("reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap")
# Coordinates that come in one row are cut into rows of this many, so that threads can share them.
_ROW = 1024


def _check(axes, order, mode, least):
    if axes not in (2, 3):
        raise ShapeError(f"input has {axes} axes: expected an image (H, W) or a volume (D, H, W)")
    if not isinstance(order, (int, np.integer)) or not least <= order <= 5:
        raise DisplaceError(f"order is {order!r}: expected a whole number from {least} to 5")
    if mode not in _MODES:
        raise DisplaceError(f"mode is {mode!r}: expected one of {', '.join(map(repr, _MODES))}")


def map_coordinates(input, coordinates, output=None, order=3, mode="constant", cval=0.0, prefilter=True):
    """Reads an image at absolute coordinates by a spline: `scipy.ndimage.map_coordinates`, with its arguments and results.

    Parameters
    ----------
    input : array or tensor, (H, W) or (D, H, W)
        Of any real dtype.
    coordinates : array or tensor, (2, ...) or (3, ...)
        Where to read, in pixels: y, x or z, y, x along the first axis, as SciPy has them.
    output : array or dtype, optional
        Where to write the result, or what it is made of.
    order : int
        0 (the nearest pixel), 1 (linear) or the order of a B-spline, 2 to 5.
    mode : "reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap" or "wrap"
        What lies outside. "constant" is `cval` at once, "grid-constant" an image surrounded by `cval`; "wrap" has the period
        `len - 1`, "grid-wrap" the period `len`.
    cval : float
        The value of "constant" and "grid-constant".
    prefilter : bool
        Whether `input` are pixels. If not, they are coefficients as `spline_filter` makes them; orders 0 and 1 need none.

    Returns
    -------
    array or tensor, (...)
        Of the input's dtype and kind. Computed in float64 if input or coordinates are (then within 1e-12 of SciPy's for values of
        about 1), else in float32, and rounded once: integers to the nearest. torch tensors carry gradients to both.

    Notes
    -----
    Coordinates that are not a number give NaN, and so do infinite ones where nothing has a limit; SciPy's own results there
    depend on mode and order.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    Half-way between the first two of the squares 0, 1, 4, 9, 16 a cubic spline reads 0.25 but for what the ends do to it:

    >>> import numpy as np, displace
    >>> squares = np.arange(5.0) ** 2 * np.ones((2, 1))
    >>> displace.map_coordinates(squares, [[0, 0, 0], [2.5, 4, 4.25]], mode="mirror").round(6)
    array([ 6.241071, 16.      , 15.46875 ])
    >>> displace.map_coordinates(squares, [[0, 0], [4, 4.25]], mode="constant", cval=-1).round(6)
    array([16., -1.])
    """
    if _arrays.is_torch(input):
        from . import _torch

        return _torch.map_coordinates(input, coordinates, output, order, mode, cval, prefilter, _check)
    image, at = _arrays.enter(input, "input"), _arrays.enter(coordinates, "coordinates")
    _check(image.ndim, order, mode, 0)
    if image.dtype.kind not in "biuf":
        raise DTypeError(f"input holds {image.dtype}: expected a real dtype; complex images are two real ones")
    if at.dtype.kind in "biu":
        at = at.astype(np.float64)
    _arrays.real_dtype(at, "coordinates")
    if at.ndim < 1 or at.shape[0] != image.ndim:
        raise ShapeError(f"coordinates have shape {at.shape}: expected ({image.ndim}, ...), one row for each axis of the input")
    if 0 in image.shape:
        raise ShapeError(f"input has shape {image.shape}: there is nothing to read")
    shape = at.shape[1:]
    given = output if isinstance(output, np.ndarray) else None
    dtype = given.dtype if given is not None else image.dtype if output is None else np.dtype(output)
    if given is not None and given.shape != shape:
        raise ShapeError(f"output has shape {given.shape}: the result has {shape}")
    if dtype.kind not in "biuf":
        raise DTypeError(f"output is {dtype}: expected a real dtype")
    # What is neither read nor written in its own type goes by the widest.
    read = image if dtype == image.dtype and _arrays.is_image(image.dtype) else image.astype(np.float64)
    whole = read.dtype == dtype
    result, finish = _arrays.prepare_out(given if whole else None, shape, read.dtype)
    _read(read, at, result, (int(order), mode, float(cval), bool(prefilter)))
    finish()
    if not whole:
        narrow = _narrowed(result, dtype)
        if given is None:
            result = narrow
        else:
            given[...] = narrow
    return given if given is not None else _arrays.leave(input)(result)


def _narrowed(values, dtype):
    """Integers to the nearest, as far as they go."""
    if dtype.kind == "b":
        return values != 0
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = np.nan_to_num(np.rint(values))
        below = np.nextafter(float(limits.max), 0) if float(limits.max) > limits.max else float(limits.max)
        values = np.clip(values, float(limits.min), below)
    return values.astype(dtype)


def _read(image, at, result, options):
    if result.size == 0:
        return
    axes = image.ndim
    # Components x first and last: a view, whose strides the core reads.
    at = np.moveaxis(at[::-1], 0, -1)
    width = result.shape[-1] if result.ndim else 1
    if result.size > max(width, _ROW):
        rows = at.reshape(-1, width, axes)
        out = result.reshape(-1, width)
    else:
        # One long row: the last one of several is filled up.
        width = min(_ROW, result.size)
        rows = np.empty((-(-result.size // width), width, axes), at.dtype)
        flat = rows.reshape(-1, axes)
        flat[: result.size] = at.reshape(-1, axes)
        flat[result.size :] = flat[result.size - 1]
        out = np.empty(rows.shape[:2], result.dtype)
    lead = (1,) * (axes - 2)
    _core.map_coordinates(
        image[None, None], rows.reshape((1, *lead, *rows.shape)), out.reshape((1, 1, *lead, *out.shape)), *options
    )
    if not np.shares_memory(out, result):
        result[...] = out.reshape(-1)[: result.size].reshape(result.shape)


def spline_filter(input, order=3, output=None, mode="mirror"):
    """The coefficients of the B-spline through all pixels: `scipy.ndimage.spline_filter`, with its arguments and results.

    Parameters
    ----------
    input : array or tensor, (H, W) or (D, H, W)
        Of any real dtype.
    order : int
        The order of the spline, 2 to 5; of orders 0 and 1 pixels are the coefficients.
    output : array or dtype, optional
        Where to write the result, or what it is made of: float64 as SciPy's, or float32, in which it is then computed. None is float64,
        but float32 for torch tensors of float32.
    mode : str
        As in `map_coordinates`. Only three filters exist: "reflect", "grid-mirror" and "nearest" have one, "grid-wrap" has one, and
        all others have that of "mirror".

    Returns
    -------
    array or tensor, the input's shape
        torch tensors carry gradients.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    A cubic B-spline weighs coefficients by 1/6, 4/6 and 1/6. Mirrored at centres (4 * 2 + 2 * -1)/6 = 1 and (2 * 2 + 4 * -1)/6 = 0:

    >>> import numpy as np, displace
    >>> displace.spline_filter(np.array([[1.0, 0.0]])).round(12)
    array([[ 2., -1.]])
    """
    if _arrays.is_torch(input):
        from . import _torch

        return _torch.spline_filter(input, order, output, mode, _check)
    image = _arrays.enter(input, "input")
    _check(image.ndim, order, mode, 0)
    if image.dtype.kind not in "biuf":
        raise DTypeError(f"input holds {image.dtype}: expected a real dtype; complex images are two real ones")
    given = output if isinstance(output, np.ndarray) else None
    dtype = given.dtype if given is not None else np.dtype(np.float64 if output is None else output)
    if dtype not in (np.float32, np.float64):
        raise DTypeError(f"output is {dtype}: expected float32 or float64")
    image = image.astype(dtype, copy=False)
    result, finish = _arrays.prepare_out(given, image.shape, dtype)
    if order < 2 or image.size == 0:
        result[...] = image
    else:
        _core.spline_filter(image[None, None], result[None, None], int(order), mode, False)
    finish()
    return given if given is not None else _arrays.leave(input)(result)
