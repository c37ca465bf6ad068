"""One number at every pixel, as a heat map: determinants, counts, residuals. Parts of `plot`."""

from __future__ import annotations

import numpy as np

from ._errors import DisplaceError, DTypeError, ShapeError


def heat(values, ax=None, *, label="", sample=0, slice=None, scale=None, mark_to=None, colorbar=True, **kwargs):
    """One number at every pixel, as a heat map.

    Parameters
    ----------
    values : array or tensor, (H, W) or (D, H, W), with N in front or not
        What `invert`, `jacobian_determinant`, `splat` and others give for each pixel: numbers, or truth values. Three axes are a batch
        of images, unless `slice` says that they are a volume.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its limits, labels and aspect are set, and its title if it has none. A new figure if left out.
    label : str
        What the numbers are, beside the colour scale.
    sample : int
        Which sample of a batch.
    slice : int, optional
        Which slice of a volume along z; the middle one of four axes if left out.
    scale : float, optional
        The number at the end of the colour scale; the largest if left out.
    mark_to : float, optional
        Numbers up to this are drawn red, and counted in the title.
    colorbar : bool
        Whether to draw the colour scale, in space taken from `ax`.
    **kwargs
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
        Its array is (H, W), float64, masked where not finite (drawn grey).

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If the values, `sample`, `slice` or `scale` do not fit.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> image = displace.plot.heat(np.array([[1.0, 2.0], [-0.5, 3.0]]), ax, mark_to=0)
    >>> image.get_clim(), ax.get_title()
    ((0.0, 3.0), '1 of 4 pixels are 0 or less (red)')
    """
    from . import plot
    from ._field import to_numpy

    plot._need_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    array = np.asarray(values) if isinstance(values, (list, tuple)) else to_numpy_of(values, to_numpy)
    if array.dtype.kind not in "fiub":
        raise DTypeError(f"values hold {array.dtype}: expected real numbers")
    where = []
    if array.ndim == 4 or (array.ndim == 3 and slice is not None):
        array = array[None] if array.ndim == 3 else array
        depth = array.shape[1]
        z = plot._index("slice", depth // 2 if slice is None else slice, depth)
        array, where = array[:, z], [f"slice z = {z} of {depth}"]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ShapeError(f"values have shape {np.shape(values)}: expected (H, W) or (D, H, W), with N in front or not")
    array = array[plot._index("sample", sample, array.shape[0])].astype(np.float64)
    finite = np.isfinite(array)
    marked = finite & (array <= mark_to) if mark_to is not None else np.zeros_like(finite)
    shown = array[finite & ~marked]
    low, high = min(0.0, float(shown.min(initial=0.0))), float(shown.max(initial=0.0))
    end = high if scale is None else plot._positive("scale", scale, "number")
    view = plot._eased(array.shape)
    ax = plot._axes(ax, view, beside=0.8 if colorbar else 0.0)
    if isinstance(kwargs.setdefault("cmap", "viridis"), str):
        kwargs["cmap"] = colormaps[kwargs["cmap"]].with_extremes(bad=np.divide(plot._MISSING, 255))
    if not {"vmin", "vmax"} & kwargs.keys():
        kwargs.setdefault("norm", Normalize(low, end if end > low else low + 1.0))
    drawn = plot._pixels(ax, np.ma.masked_invalid(array), kwargs)
    if marked.any():
        red = np.zeros((*array.shape, 4))
        red[marked] = (0.78, 0.12, 0.12, 1.0)
        plot._pixels(ax, red, {"zorder": drawn.get_zorder() + 0.1})
    if colorbar:
        plot._bar(ax, drawn, label, high)
    notes = []
    if mark_to is not None and marked.any():
        notes.append(f"{marked.sum():,} of {array.size:,} pixels are {mark_to:g} or less (red)")
    if not finite.all():
        notes.append(f"{(~finite).sum():,} of {array.size:,} have no value (grey)")
    plot._limit(ax, view)
    ax.set(xlabel="x (px)", ylabel="y (px)")
    if not ax.get_title():
        ax.set_title("\n".join([*notes, *where]), fontsize="medium")
    return drawn


def to_numpy_of(values, to_numpy):
    """Anybody's array; truth values and counts are of types that images do not have."""
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "detach"):
        return values.detach().cpu().numpy()
    return to_numpy(values, "values")


def jacobian(
    field,
    ax=None,
    *,
    spacing=None,
    source_spacing=None,
    scheme="central",
    input_size=None,
    align_corners=False,
    rest=None,
    **kwargs,
):
    """The Jacobian determinant at every output pixel, as a heat map; red where it is not positive.

    Parameters
    ----------
    field, spacing, source_spacing, scheme, input_size, align_corners, rest
        As in `jacobian_determinant`.
    ax, **kwargs
        As in `plot.heat`.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError, ImportError
        As `jacobian_determinant` and `plot.heat`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> field = np.zeros((4, 4, 2))
    >>> field[..., 0] = 0.5 * np.arange(4)
    >>> displace.plot.jacobian(field, Figure().subplots()).get_array()[0].tolist()
    [1.5, 1.5, 1.5, 1.5]
    """
    from ._jacobian import jacobian_determinant

    lattices = {"input_size": input_size, "align_corners": align_corners, "rest": rest}
    determinant = jacobian_determinant(field, spacing=spacing, source_spacing=source_spacing, scheme=scheme, **lattices)
    options = {"label": "Jacobian determinant", "mark_to": 0.0, **kwargs}
    if determinant.ndim == field.shape[-1] and determinant.ndim == 3:
        options.setdefault("slice", determinant.shape[0] // 2)
    return heat(determinant, ax, **options)


def count(inverse, ax=None, **kwargs):
    """How many places of the output read each input pixel, as a heat map: 0 is read by nobody, several are folds.

    Parameters
    ----------
    inverse : Inverse
        From `invert`.
    ax, **kwargs
        As in `plot.heat`.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    ShapeError, DTypeError, DisplaceError, ImportError
        As `plot.heat`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> inverse = displace.invert(np.zeros((2, 3, 2)))
    >>> displace.plot.count(inverse, Figure().subplots()).get_array().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    return heat(_inverse(inverse).count, ax, **_of(inverse, "places that read the pixel", kwargs))


def residual(inverse, ax=None, **kwargs):
    """By how much the map misses each input pixel at the inverse's place, as a heat map; grey where there is no place.

    Parameters
    ----------
    inverse : Inverse
        From `invert`.
    ax, **kwargs
        As in `plot.heat`.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    ShapeError, DTypeError, DisplaceError, ImportError
        As `plot.heat`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> inverse = displace.invert(np.zeros((2, 3, 2)))
    >>> displace.plot.residual(inverse, Figure().subplots()).get_array().max()
    np.float64(0.0)
    """
    return heat(_inverse(inverse).residual, ax, **_of(inverse, "residual (px)", kwargs))


def _inverse(inverse):
    if not hasattr(inverse, "residual"):
        raise DisplaceError(f"inverse is a {type(inverse).__name__}: expected the Inverse that displace.invert gives")
    return inverse


def _of(inverse, label, kwargs):
    axes = inverse.field.shape[-1]
    middle = {"slice": inverse.count.shape[0] // 2} if axes == 3 and inverse.count.ndim == 3 else {}
    return {"label": label, **middle, **kwargs}
