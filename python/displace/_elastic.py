"""Random elastic deformation."""

from __future__ import annotations

import secrets
from operator import index
from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._making import Target, each, floats

# alpha and sigma of each style: torchvision's defaults, those of the paper, elasticdeform's.
_DEFAULTS: dict[str, tuple[float | None, float]] = {"torchvision": (50.0, 5.0), "simard": (34.0, 4.0), "bspline": (None, 25.0)}


class Elastic(NamedTuple):
    """A random `field`, the `factor` that keeps it from folding (1 if it did not fold, or was allowed to), and the `seed`
    that makes it again (None if the noise was given)."""

    field: Any
    factor: float
    seed: int | None


def elastic(
    size,
    input_size=None,
    *,
    alpha=None,
    sigma=None,
    style="torchvision",
    seed=None,
    no_folds=False,
    noise=None,
    points=3,
    mode="reflect",
    truncate=4.0,
    align_corners=False,
    rest=None,
    dtype="float32",
):
    """A random elastic deformation.

    The same seed gives the same field, bit for bit, on every machine, with any number of threads, and in all versions to come.

    Parameters
    ----------
    size : (H, W) or (D, H, W)
        Size of the field.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; `size` if left out.
    alpha : float or one for each axis, optional
        How strong it is: the blurred noise times `alpha / 2` pixels in style "torchvision", times `alpha` pixels in style "simard". Left
        out: 50, 34. Lists are x first.
    sigma : float or one for each axis, optional
        Standard deviation of the Gaussian in pixels; in style "bspline" that of the points' displacements. Left out: 5, 4, 25. Lists are x
        first.
    style : "torchvision", "simard" or "bspline"
        "torchvision": `v2.ElasticTransform(alpha, sigma)`, 2-D. "simard": uniform noise between -1 and 1 through
        `scipy.ndimage.gaussian_filter`, times `alpha` (Simard et al., ICDAR 2003; albumentations). "bspline": normal deviates at `points` per
        axis, from corner to corner, and the cubic spline through them (U-Net, elasticdeform).
    seed : int, optional
        0 to 2**64 - 1. Left out, one is drawn from the system and returned.
    no_folds : bool
        Multiply the field by the largest factor, to within half a percent, for which `folding` finds no fold.
    noise : array or tensor, (H, W, 2) or (D, H, W, 3), optional
        Random numbers to use in place of the seed's, x first: between -1 and 1; in style "bspline" of deviation 1 and of the points' size.
    points : int or one for each axis
        Of style "bspline", in the order of the array's axes.
    mode : "reflect", "mirror", "constant", "nearest" or "wrap"
        What style "simard" finds outside: SciPy's names.
    truncate : float
        Where style "simard" ends the Gaussian, in standard deviations.
    align_corners, rest
        As in `affine`; displacements count from rest.
    dtype : "float32", "float64", torch.float32 or torch.float64
        Of the field. torch's make it one of a tensor.

    Returns
    -------
    Elastic(field, factor, seed)
        The `Field`, of a tensor if `noise` is one or `dtype` torch's; the factor; the seed.

    Raises
    ------
    ShapeError, DTypeError, RestError, DisplaceError
        If an argument does not fit.

    Examples
    --------
    >>> import displace
    >>> made = displace.elastic((64, 64), alpha=400, sigma=5, seed=1, no_folds=True)
    >>> made.seed, made.factor < 1, displace.folding(made.field).folded
    (1, True, 0)
    """
    target = Target(size, input_size, align_corners, rest, dtype, noise)
    target.torch = target.torch or type(dtype).__module__ == "torch"
    if style not in _DEFAULTS:
        raise DisplaceError(f"style is {style!r}: expected {', '.join(map(repr, _DEFAULTS))}")
    if style == "bspline" and alpha is not None:
        raise DisplaceError(f"alpha={alpha!r} with style 'bspline', whose strength is sigma: leave alpha out")
    alpha, sigma = (default if given is None else given for given, default in zip((alpha, sigma), _DEFAULTS[style], strict=True))
    numbers = None
    if noise is not None:
        if seed is not None:
            raise DisplaceError(f"seed={seed!r} beside noise: expected one of them")
        axes = target.axes
        numbers = floats(noise, "noise", (None,) * (axes + 1), f"{(*target.size, axes)}")
        counts = _counts(points, axes) if style == "bspline" else target.size
        if numbers.shape != (*counts, axes):
            raise ShapeError(f"noise has shape {numbers.shape}: expected {(*counts, axes)}")
    else:
        seed = secrets.randbits(64) if seed is None else index(seed)
        if not 0 <= seed < 2**64:
            raise DisplaceError(f"seed={seed}: expected 0 to 2**64 - 1")
    recipe = (
        style,
        each(alpha, target.axes, "alpha", ", x first") if alpha is not None else [],
        each(sigma, target.axes, "sigma", ", x first"),
        str(mode),
        float(truncate),
        _counts(points, target.axes)[::-1],
    )
    factor = 1.0

    def write(out: Any) -> None:
        nonlocal factor
        factor = _core.make_elastic(recipe, seed or 0, numbers, bool(no_folds), out, target.frame)

    field = target.field(write)
    return Elastic(field, factor, seed)


def _counts(points: Any, axes: int) -> list[int]:
    counts = (
        [index(points)] * axes if np.ndim(points) == 0 else _arrays.whole(points, "points", "one number, or one for each axis")
    )
    if len(counts) != axes or not all(2 <= count < 2**30 for count in counts):
        raise ShapeError(f"points is {points!r}: expected 2 or more along each of {axes} axes")
    return counts
