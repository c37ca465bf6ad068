"""Velocities to displacements and back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._frames import Given, numbers


class Exponential(NamedTuple):
    """Where a velocity leads: `field`, the number of `squarings`, and the `bound` of the integration's error in pixels."""

    field: Any
    squarings: int
    bound: float


class Logarithm(NamedTuple):
    """A velocity, how far its flow lies from the field (`residual`, in pixels), that of all tries, and whether it `converged`."""

    velocity: Any
    residual: float
    residuals: list[float]
    converged: bool


def exp(velocity, squarings=None, *, tolerance=0.01, mode="bilinear", align_corners=False):
    """Where a stationary velocity field leads in unit time, by scaling and squaring.

    A midpoint step of time `2**-squarings` is squared that often: `u <- u(x) + u(x + u(x))`.

    Parameters
    ----------
    velocity : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacement per unit time in pixels, x first, on pixels of the image that flows.
    squarings : int, optional
        Left out, the fewest whose `bound` is at most `tolerance`, and no more than 24.
    tolerance : float
        The integration's error that is allowed, in pixels.
    mode : "bilinear" or "bicubic"
        How fields are read between pixels. Each squaring interpolates, which no number of squarings makes better. torch's
        "bicubic" does not keep straight lines, which "bilinear" does: on smooth fields it is no better.
    align_corners : bool
        Kept for a `Field`.

    Returns
    -------
    Exponential(field, squarings, bound)
        `bound`: how far `field` may lie from the flow at most, in pixels, where paths stay inside, interpolation left aside: with V
        the longest velocity, L its largest change per pixel and h the step, `V (h/4 + L h^2 exp(L h)/6) (exp(L) - 1)`. Tensors carry
        gradients; in torch.func and torch.compile, which hide numbers, `squarings` must be given and `bound` is NaN.

    Raises
    ------
    ShapeError, DTypeError, DeviceError, DisplaceError
        If the velocity is not finite, leads to another size, or something does not fit.

    Examples
    --------
    What moves everything alike leads as far as it is fast.

    >>> import numpy as np, displace
    >>> flow = displace.exp(np.full((4, 5, 2), 1.5, np.float32))
    >>> flow.field[0, 0], flow.squarings, flow.bound
    (array([1.5, 1.5], dtype=float32), 0, 0.0)
    """
    _arrays.check_words(mode, "border", "displacement", None)
    if squarings is not None and not 0 <= squarings <= 64:
        raise DisplaceError(f"squarings={squarings}: expected 0 to 64, or None")
    given = Given(velocity, None, False if hasattr(velocity, "input_size") else align_corners, None, "velocity", real=True)
    if not 0 <= tolerance < float("inf"):
        raise DisplaceError(f"tolerance={tolerance}: expected a length in pixels, 0 or more")
    watched = given.watched()
    if watched:
        from . import _torch

        if _torch.hidden(given.given):
            # There are no numbers to look at, and so no bound.
            if squarings is None:
                raise DisplaceError("the numbers of velocity are hidden by torch.func or torch.compile: say how many squarings")
            if given.size != given.own:
                raise ShapeError(f"a flow goes on from where it led: input_size {given.size} must be the velocity's {given.own}")
            bound = float("nan")
        else:
            squarings, bound = _core.exp_plan(given.array, given.frame, squarings, float(tolerance))
        field = _torch.flow(given, squarings, mode)
        field = type(velocity)(field, align_corners=given.align_corners) if given.is_field else field
    else:
        result = np.empty(given.shape, given.dtype)
        squarings, bound = _core.exp(given.array, result, given.frame, squarings, float(tolerance), mode)
        field = given.field(result, given.size, given.rest)
    return Exponential(field, squarings, bound)


def log(field, *, tolerance=1e-3, steps=50, squarings=None, mode="bilinear", align_corners=False):
    """The stationary velocity field whose flow in unit time is a given field.

    The velocity is corrected by what its flow misses until that is less than `tolerance` everywhere. Only maps without folds near
    enough to the identity have one: look at `converged`.

    Parameters
    ----------
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacements in pixels, x first, between equal sizes.
    tolerance : float
        Ends when the flow is this near to the field everywhere, in pixels.
    steps : int
        Corrections at most.
    squarings, mode, align_corners
        As in `exp`; squarings are chosen so that their bound is half the tolerance.

    Returns
    -------
    Logarithm(velocity, residual, residuals, converged)
        The best velocity found, and the largest distance of its flow from the field in pixels. No gradients.

    Raises
    ------
    ShapeError, DTypeError, DeviceError, DisplaceError
        As `exp`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> log = displace.log(np.full((4, 5, 2), 0.25, np.float32))
    >>> log.velocity[0, 0], log.residual, log.converged
    (array([0.25, 0.25], dtype=float32), 0.0, True)
    """
    _arrays.check_words(mode, "border", "displacement", None)
    if squarings is not None and not 0 <= squarings <= 64:
        raise DisplaceError(f"squarings={squarings}: expected 0 to 64, or None")
    if steps < 0:
        raise DisplaceError(f"steps={steps}: expected a number of steps")
    if not 0 < tolerance < float("inf"):
        raise DisplaceError(f"tolerance={tolerance}: expected a length above 0 in pixels")
    given = Given(field, None, False if hasattr(field, "input_size") else align_corners, None, "field", real=True)
    buffer, *report = _core.log(given.array, given.frame, float(tolerance), int(steps), squarings, mode)
    return Logarithm(given.field(numbers(buffer, given.dtype, given.array.shape), given.size, given.rest), *report)
