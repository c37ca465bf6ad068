"""Pictures of where deformable convolutions and deformable attention read."""

from __future__ import annotations

from operator import index

import numpy as np

from ._deform_taps import _level_sizes, deform_receptive_field
from ._errors import DisplaceError, ShapeError
from ._field import to_numpy

_FAINT, _STRONG = "#8c8c8c", ("#d1495b", "#1f5fa8", "#2e8b57", "#b8500f", "#7b4ea3", "#00798c")


def deform_conv(taps, pixels=None, ax=None, *, show="taps", image=None, sample=0, group=None, input_size=None, colorbar=True):
    """The taps of chosen output pixels of a deformable convolution, on the input: regular places faint, where they read strong.

    Parameters
    ----------
    taps : DeformTaps
        From `deform_conv2d_displacement`.
    pixels : sequence of (y, x), optional
        Output pixels; the middle one if left out. Each has a colour.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.
    show : "taps", "density" or "mean"
        Arrows from each tap's regular place to where it reads, the area of its dot by its mask; the same on a heat map of the effective
        receptive field; or the mean displacement of every output pixel, from the middle of its regular taps.
    image : array or tensor, (H, W), (H, W, 3) or (3, H, W), optional
        The input image, drawn pale behind taps.
    sample : int
        Which sample of a batch.
    group : int, optional
        Which group of offsets; all if left out.
    input_size : (H, W), optional
        Size of the input, where the taps do not know it.
    colorbar : bool
        Whether to draw the colour scale of "density" and "mean", in space taken from `ax`.

    Returns
    -------
    matplotlib.quiver.Quiver
        `XY` holds the regular places and `U`, `V` the displacements, in input pixels, of what is drawn and is finite.

    Raises
    ------
    ShapeError, DisplaceError
        If pixels, sample, group or image do not fit.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> taps = displace.deform_conv2d_displacement(np.full((1, 18, 8, 8), 0.5), 3, padding=1, input_size=(8, 8))
    >>> arrows = displace.plot.deform_conv(taps, [(4, 4)], Figure().subplots())
    >>> arrows.XY[0].tolist(), float(arrows.U[0]), float(arrows.V[0])
    ([3.0, 3.0], 0.5, 0.5)
    """
    from . import plot

    plot._need_matplotlib()
    if show not in ("taps", "density", "mean"):
        raise DisplaceError(f"expected show to be one of 'taps', 'density', 'mean', but got: {show!r}")
    size = tuple(taps._size(input_size))
    location, displacement = to_numpy(taps.location, "location"), to_numpy(taps.displacement, "displacement")
    n, groups, _, _, height, width = location.shape[:6]
    sample = plot._index("sample", sample, n)
    chosen = slice(None) if group is None else slice(plot._index("group", group, groups), group % groups + 1)
    at, moved = location[sample, chosen], displacement[sample, chosen]
    mask = np.ones(at.shape[:-1]) if taps.mask is None else to_numpy(taps.mask, "mask")[sample, chosen]
    pixels = [(height // 2, width // 2)] if pixels is None else [tuple(pixel) for pixel in pixels]
    if any(len(pixel) != 2 or not (0 <= pixel[0] < height and 0 <= pixel[1] < width) for pixel in pixels):
        raise ShapeError(f"pixels {pixels}: expected (y, x) of output pixels, of {height} rows of {width}")
    photograph = None if image is None else plot._raster(image, "image", size)
    view = plot._eased(size)
    if show == "mean":
        share = mask / mask.sum((0, 1, 2))
        means = (share[..., None] * moved).sum((0, 1, 2)).reshape(-1, 2)
        from_ = (at - moved).mean((0, 1, 2)).reshape(-1, 2)
    else:
        means = np.concatenate([moved[:, :, :, y, x].reshape(-1, 2) for y, x in pixels])
        from_ = np.concatenate([(at - moved)[:, :, :, y, x].reshape(-1, 2) for y, x in pixels])
        weights = np.concatenate([mask[:, :, :, y, x].reshape(-1) for y, x in pixels])
        colours = np.repeat([_STRONG[i % len(_STRONG)] for i in range(len(pixels))], len(means) // len(pixels))
    good = np.isfinite(means).all(-1)
    view = plot._holding(view, np.concatenate([from_, (from_ + means)[good]]))
    ax = plot._axes(ax, view, beside=0.9 if show != "taps" and colorbar else 0.0)
    plot._background(ax, photograph, size, view, 0.45)
    from_, means = from_[good], means[good]
    options = {"angles": "xy", "scale_units": "xy", "scale": 1, "zorder": 4}
    if show == "mean":
        length = np.hypot(*means.T)
        arrows = ax.quiver(*from_.T, *means.T, length, cmap="viridis", width=0.004, **options)
        notes = [f"mean displacement of {height} x {width} output pixels"]
        if colorbar:
            plot._bar(ax, arrows, "mean displacement (px)", float(length.max(initial=0.0)))
    else:
        weights, colours = weights[good], colours[good]
        if show == "density":
            layer = taps._replace(location=taps.location[:, chosen], input_size=size)
            layer = layer._replace(mask=None if taps.mask is None else taps.mask[:, chosen])
            density = to_numpy(deform_receptive_field([layer], pixels).density, "density")[sample]
            shown = plot._pixels(ax, np.where(density > 0, density, np.nan), {"cmap": "YlOrBr", "vmin": 0, "zorder": 0.5})
            if colorbar:
                plot._bar(ax, shown, "weight of an input pixel", float(density.max()))
        most = max(float(np.abs(weights).max(initial=0.0)), 1e-30)
        ax.scatter(*from_.T, s=16, facecolors="white", edgecolors=_FAINT, linewidths=0.9, zorder=3)
        arrows = ax.quiver(*from_.T, *means.T, color=colours, width=0.0045, alpha=0.75, **options)
        heads = (from_ + means).T
        ax.scatter(*heads, s=10 + 50 * np.abs(weights) / most, c=colours, edgecolors="white", linewidths=0.6, zorder=5)
        for i, (y, x) in enumerate(pixels):
            centre = (at - moved)[..., y, x, :].mean((0, 1, 2))
            ax.plot(*centre, marker="+", color=_STRONG[i % len(_STRONG)], markersize=11, markeredgewidth=2, zorder=6)
        named = ", ".join(f"({y}, {x})" for y, x in pixels[:4]) + (" .." if len(pixels) > 4 else "")
        notes = [f"taps of output pixel{'s' if len(pixels) > 1 else ''} (y, x) = {named}"]
        if taps.mask is not None:
            notes.append("area of dots: mask")
    if (~good).any():
        notes.append(f"{int((~good).sum())} not finite, left out")
    plot._limit(ax, view)
    ax.set(xlabel="input x (px)", ylabel="input y (px)")
    if not ax.get_title():
        ax.set_title("\n".join(notes), fontsize="medium")
    return arrows


def deform_attention(locations, query, spatial_shapes, axes=None, *, weights=None, by="query", image=None, sample=0, head=None):
    """Where chosen queries of deformable attention read, on each level: reference points faint, sampling points strong.

    Parameters
    ----------
    locations : AttentionLocations
        From `deform_attention_locations`.
    query : int or sequence of int
        Which queries.
    spatial_shapes : (levels, 2)
        Height and width of each level.
    axes : sequence of matplotlib.axes.Axes, optional
        Where to draw, one for each level; a new figure with the levels side by side if left out.
    weights : array or tensor, (N, queries, heads, levels, points), optional
        Attention weights: the area of a point's dot, on one scale for all levels.
    by : "query" or "head"
        What a colour stands for.
    image : array or tensor, or a list of one for each level, optional
        Drawn pale behind the points: (H, W), (H, W, 3) or (3, H, W), of any size, since levels span the same image between outer edges.
    sample : int
        Which sample of a batch.
    head : int, optional
        Which head; all if left out.

    Returns
    -------
    list of matplotlib.quiver.Quiver
        One for each level: `XY` holds the reference points and `U`, `V` how far the sampling points are from them, in pixels of the level,
        by query, head and point; what is not finite is left out.

    Raises
    ------
    ShapeError, DisplaceError
        If query, sample, head, weights, axes or image do not fit.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    The middle of a level of 4 x 8 is between pixels, at (3.5, 1.5).

    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> middle = np.full((1, 1, 1, 2), 0.5)
    >>> offset = np.reshape([0.25, -1], (1, 1, 1, 1, 1, 2))
    >>> places = displace.deform_attention_locations(middle, offset, [(4, 8)])
    >>> (arrows,) = displace.plot.deform_attention(places, 0, [(4, 8)], [Figure().subplots()])
    >>> arrows.XY[0].tolist(), float(arrows.U[0]), float(arrows.V[0])
    ([3.5, 1.5], 0.25, -1.0)
    """
    from . import plot

    plot._need_matplotlib()
    if by not in ("query", "head"):
        raise DisplaceError(f"expected by to be one of 'query', 'head', but got: {by!r}")
    location, displacement = to_numpy(locations.location, "location"), to_numpy(locations.displacement, "displacement")
    n, queries, heads, levels, points, _ = location.shape
    sample = plot._index("sample", sample, n)
    chosen = [query] if np.ndim(query) == 0 else list(query)
    chosen = [index(one) for one in chosen]
    if not chosen or not all(0 <= one < queries for one in chosen):
        raise ShapeError(f"query is {query}: expected one or more of the {queries} queries, counted from 0")
    shown = list(range(heads)) if head is None else [plot._index("head", head, heads)]
    pick = (sample, np.array(chosen)[:, None], np.array(shown))
    # (query, head, level, point, 2)
    at, moved = location[pick], displacement[pick]
    strength = np.ones(at.shape[:-1])
    if weights is not None:
        given = to_numpy(weights, "weights")
        if given.shape != location.shape[:-1]:
            raise ShapeError(f"weights has shape {given.shape}: expected {location.shape[:-1]}")
        strength = np.abs(given[pick])
    sizes = _level_sizes(spatial_shapes, levels)
    images = image if isinstance(image, (list, tuple)) else [image] * levels
    if len(images) != levels:
        raise ShapeError(f"{len(images)} images: expected one, or one for each of {levels} levels")
    images = [None if one is None else plot._raster(one, "image") for one in images]
    if axes is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(1, levels, figsize=(4.0 * levels, 4.0), layout="compressed")
    axes = np.ravel(axes).tolist()
    if len(axes) != levels:
        raise ShapeError(f"{len(axes)} axes: expected one for each of {levels} levels")
    number = np.arange(len(chosen))[:, None] if by == "query" else np.array(shown)
    number = np.broadcast_to(number[..., None], (len(chosen), len(shown), points)).ravel()
    colours = np.array(_STRONG)[number % len(_STRONG)]
    finite = np.isfinite(at).all(-1) & np.isfinite(strength)
    most = max(float(strength[finite].max(initial=0.0)), 1e-30)
    named = ", ".join(map(str, chosen[:4])) + (" .." if len(chosen) > 4 else "")
    said = [f"{'queries' if len(chosen) > 1 else 'query'} {named}" + ("" if head is None else f", head {head}")]
    said[0] += ", a colour for each head" if by == "head" else ""
    said += [] if weights is None else ["area of dots: attention weight"]
    drawn = []
    for level, (ax, size, photograph) in enumerate(zip(axes, sizes, images, strict=True)):
        good = finite[:, :, level].ravel()
        way, to = moved[:, :, level].reshape(-1, 2)[good], at[:, :, level].reshape(-1, 2)[good]
        area = 8 + 70 * strength[:, :, level].ravel()[good] / most
        view = plot._holding(plot._eased(size), to)
        if photograph is not None:
            grey = dict(zip(("vmin", "vmax"), plot._grey_range([photograph]), strict=True))
            extent = (-0.5, size[1] - 0.5, size[0] - 0.5, -0.5)
            plot._pixels(ax, photograph, {"cmap": "gray", "alpha": 0.45, "zorder": 0, "extent": extent, **grey})
        plot._background(ax, None, size, view, 0.0)
        from_ = to - way
        # Lines without heads: many start at one reference point.
        options = {"angles": "xy", "scale_units": "xy", "scale": 1, "headwidth": 0, "headlength": 0, "headaxislength": 0}
        drawn.append(ax.quiver(*from_.T, *way.T, color=colours[good], width=0.003, alpha=0.35, zorder=3, **options))
        ax.scatter(*from_.T, s=20, facecolors="white", edgecolors=_FAINT, linewidths=1.2, zorder=6)
        ax.scatter(*to.T, s=area, c=colours[good], edgecolors="white", linewidths=0.6, zorder=5)
        plot._limit(ax, view)
        ax.set(xlabel="x (px of the level)", ylabel="y (px of the level)")
        notes = [f"level {level}, {size[0]} x {size[1]}", *(said if level == 0 else [])]
        if (~good).any():
            notes.append(f"{int((~good).sum())} not finite, left out")
        if not ax.get_title():
            ax.set_title("\n".join(notes), fontsize="medium")
    return drawn
