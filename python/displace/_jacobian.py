"""How a map stretches, turns and shears."""

from __future__ import annotations

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._frames import Given

_SCHEMES = ("central", "forward", "backward")


def _spacing(spacing, axes, what="spacing"):
    """Lengths in array order: for all axes one, or one for each."""
    if np.ndim(spacing) == 0:
        spacing = (spacing,) * axes
    lengths = [float(length) for length in spacing]
    if len(lengths) != axes:
        raise ShapeError(f"{what} is {spacing!r}: expected one length, or {axes} in the order of the array's axes")
    if not all(0 < length < float("inf") for length in lengths):
        raise DisplaceError(f"{what} is {spacing!r}: expected positive lengths")
    return lengths


def _derived(field, what, tail, spacing, source_spacing, scheme, input_size, align_corners, rest):
    if scheme not in _SCHEMES:
        raise DisplaceError(f"expected scheme to be one of {', '.join(map(repr, _SCHEMES))}, but got: {scheme!r}")
    given = Given(field, input_size, align_corners, rest, "field", real=True)
    pair = None
    if spacing is not None or source_spacing is not None:
        own = _spacing(1.0 if spacing is None else spacing, given.axes)
        source = own if source_spacing is None else _spacing(source_spacing, given.axes, "source_spacing")
        pair = (source, own)
    shape = (*given.shape[:-1], *tail(given.axes))
    if given.rest is None:
        _arrays.need_rest(given.size, given.own)
    if given.watched():
        from . import _torch

        return _torch.derived(given, what, pair, scheme, shape)
    out = np.empty(shape, given.dtype)
    _core.jacobian(given.array, out, given.frame, what, pair, scheme)
    return given.back(out)


def jacobian(field, *, spacing=None, source_spacing=None, scheme="central", input_size=None, align_corners=False, rest=None):
    """The Jacobian matrix of the map at every output pixel.

    It is that of the map, pixel plus displacement: no displacement gives the identity matrix. Row i holds the slopes of input
    component i along the output axes, both x first.

    Parameters
    ----------
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacements in input pixels, x first.
    spacing : float or one for each axis, optional
        Size of an output pixel, in the order of the array's axes. Left out, derivatives are per pixel.
    source_spacing : float or one for each axis, optional
        Size of an input pixel; `spacing` if left out.
    scheme : "central", "forward" or "backward"
        Half the difference of both neighbours, one-sided at the ends; or to the next or the previous pixel.
    input_size, align_corners, rest
        As in `invert`.

    Returns
    -------
    array or tensor, (N, H, W, 2, 2) or (N, D, H, W, 3, 3)
        float32, or float64 for float64. Tensors carry gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((2, 3, 2), np.float32)
    >>> field[..., 0] = [0, 0.5, 1]
    >>> displace.jacobian(field)[0, 0]
    array([[1.5, 0. ],
           [0. , 1. ]], dtype=float32)
    """
    return _derived(
        field, "jacobian", lambda axes: (axes, axes), spacing, source_spacing, scheme, input_size, align_corners, rest
    )


def jacobian_determinant(
    field, *, spacing=None, source_spacing=None, scheme="central", input_size=None, align_corners=False, rest=None
):
    """By how much the map stretches areas (volumes) at every output pixel: 1 where it does not, negative where it turns over.

    In the interior and with the central scheme this is ITK's DisplacementFieldJacobianDeterminant. It does not see folds of single
    pixels: `folding` finds them all.

    Parameters
    ----------
    field, spacing, source_spacing, scheme, input_size, align_corners, rest
        As in `jacobian`.

    Returns
    -------
    array or tensor, (N, H, W) or (N, D, H, W)
        float32, or float64 for float64. Tensors carry gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `jacobian`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((2, 3, 2), np.float32)
    >>> field[..., 0] = [0, 0.5, 1]
    >>> displace.jacobian_determinant(field)[0]
    array([1.5, 1.5, 1.5], dtype=float32)
    """
    return _derived(field, "determinant", lambda axes: (), spacing, source_spacing, scheme, input_size, align_corners, rest)


def divergence(field, *, spacing=None, source_spacing=None, scheme="central", input_size=None, align_corners=False, rest=None):
    """The divergence of the displacement: the sum of the slopes of each component along its own axis.

    Parameters
    ----------
    field, spacing, source_spacing, scheme, input_size, align_corners, rest
        As in `jacobian`.

    Returns
    -------
    array or tensor, (N, H, W) or (N, D, H, W)
        0 where nothing is displaced. Tensors carry gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `jacobian`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((2, 3, 2), np.float32)
    >>> field[..., 0] = [0, 0.5, 1]
    >>> displace.divergence(field)[0]
    array([0.5, 0.5, 0.5], dtype=float32)
    """
    return _derived(field, "divergence", lambda axes: (), spacing, source_spacing, scheme, input_size, align_corners, rest)


def curl(field, *, spacing=None, source_spacing=None, scheme="central", input_size=None, align_corners=False, rest=None):
    """The curl of the displacement: in 2-D dy/dx - dx/dy, in 3-D a vector. Twice the angle of a small turn.

    Parameters
    ----------
    field, spacing, source_spacing, scheme, input_size, align_corners, rest
        As in `jacobian`.

    Returns
    -------
    array or tensor, (N, H, W) or (N, D, H, W, 3)
        The vector's components are x, y, z. Tensors carry gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `jacobian`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> y, x = np.mgrid[:3, :3].astype(np.float32)
    >>> displace.curl(np.stack([-0.1 * y, 0.1 * x], -1))[1]
    array([0.2, 0.2, 0.2], dtype=float32)
    """
    return _derived(
        field, "curl", lambda axes: () if axes == 2 else (3,), spacing, source_spacing, scheme, input_size, align_corners, rest
    )


def strain(
    field,
    kind="small",
    *,
    spacing=None,
    source_spacing=None,
    scheme="central",
    input_size=None,
    align_corners=False,
    rest=None,
):
    """The strain of the map at every output pixel, a symmetric matrix.

    With F for the matrix of `jacobian`: "small" is (F + F^T)/2 - 1, which takes turns for strain; "green_lagrange" is (F^T F - 1)/2,
    which does not.

    Parameters
    ----------
    field, spacing, source_spacing, scheme, input_size, align_corners, rest
        As in `jacobian`.
    kind : "small" or "green_lagrange"
        Which measure.

    Returns
    -------
    array or tensor, (N, H, W, 2, 2) or (N, D, H, W, 3, 3)
        0 where nothing is stretched. Tensors carry gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `jacobian`.

    Examples
    --------
    Stretched to one and a half: 1/2, and (9/4 - 1)/2.

    >>> import numpy as np, displace
    >>> field = np.zeros((2, 3, 2), np.float32)
    >>> field[..., 0] = [0, 0.5, 1]
    >>> displace.strain(field)[0, 0, 0, 0], displace.strain(field, "green_lagrange")[0, 0, 0, 0]
    (np.float32(0.5), np.float32(0.625))
    """
    if kind not in ("small", "green_lagrange"):
        raise DisplaceError(f"expected kind to be one of 'small', 'green_lagrange', but got: {kind!r}")
    return _derived(field, kind, lambda axes: (axes, axes), spacing, source_spacing, scheme, input_size, align_corners, rest)
