"""Pictures of fields on matplotlib's axes.

    quiver     arrows from each pixel to where it is read from, true to length
    lattice    rows and columns of the output where they are read from, folds in red
    wheel      direction as hue, length as saturation
    magnitude  length as a heat map
    jacobian   determinants as a heat map, what is not positive in red
    count      how many places read each input pixel, from an inverse
    residual   by how much an inverse misses
    heat       any number at every pixel
    deform_conv  where the taps of a deformable convolution read
    deform_attention  where queries of deformable attention read on each level
    compare    two images side by side at one scale

All draw pixel centres at integers, y downwards, at equal aspect, and return matplotlib's own artists. Without `ax` they make
a figure with pyplot; with `ax` they draw on it, never import pyplot and change nothing else. `displace[plot]` brings
matplotlib, which is imported at the first picture.
"""

from __future__ import annotations

import functools
import math
import operator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import _arrays
from ._errors import DisplaceError, DTypeError, ShapeError
from ._heat import count, heat, jacobian, residual
from ._plot_deform import deform_attention, deform_conv

if TYPE_CHECKING:
    from matplotlib.collections import LineCollection, PolyCollection

__all__ = [
    "Lattice",
    "compare",
    "count",
    "deform_attention",
    "deform_conv",
    "heat",
    "jacobian",
    "lattice",
    "magnitude",
    "quiver",
    "residual",
    "wheel",
]

# As the command's pictures: arrows and lines across the longer side that a step chosen here aims at.
_ARROWS, _LINES = 28, 32
_LINE_COLOUR = "#1f4e8c"
# What is not finite: a grey that neither viridis nor the wheel holds, and for images, which hold every grey, a mauve.
_MISSING = (150, 150, 150)
_MISSING_IN_IMAGE = (0.80, 0.55, 0.70)
# More folded cells than this are drawn in blocks, about as large as a pixel of the screen.
_MOST_POLYGONS, _BLOCKS = 50_000, 512
# Pixels whose cells are judged at once, which bounds the memory for it.
_BAND = 1_000_000
# Inches of a new figure: the longer side of the frame, and the rest around it.
_FRAME, _AROUND = 4.8, (1.0, 1.1)


class Lattice(NamedTuple):
    """What `lattice` draws.

    Attributes
    ----------
    lines : matplotlib.collections.LineCollection
        The rows, then the columns; each a line through the locations of all its pixels, broken where one is not finite.
    folds : matplotlib.collections.PolyCollection
        The folded cells; empty if there are none.
    """

    lines: LineCollection
    folds: PolyCollection


def quiver(
    field,
    ax=None,
    *,
    input_size=None,
    align_corners=False,
    rest=None,
    sample=0,
    slice=None,
    step=None,
    scale=None,
    arrow_scale=1.0,
    image=None,
    colorbar=True,
    **kwargs,
):
    """Arrows from each output pixel's rest place to the place it is read from, true to length, coloured by length.

    Parameters
    ----------
    field : Field, array or tensor, (H, W, 2) or (D, H, W, 3), with N in front or not
        Displacements in input pixels, x first, pull direction.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its limits, labels and aspect are set, and its title if it has none. A new figure if left out.
    input_size, align_corners, rest
        What gives an array its meaning, as for `Field`, which has its own.
    sample : int
        Which sample of a batch.
    slice : int, optional
        Which slice of a volume along z, x and y components; the middle one, D // 2, if left out.
    step : int, optional
        Draws every so many-th pixel; chosen for about 28 arrows across if left out. The title says which.
    scale : float, optional
        The length in pixels at the end of the colour scale; the largest if left out.
    arrow_scale : float
        Multiplies the drawn lengths. At 1, an arrow's head is where its pixel is read from; else the x label says so.
    image : array or tensor, (H, W), (H, W, 3) or (3, H, W), optional
        The input image, drawn pale behind the arrows.
    colorbar : bool
        Whether to draw the colour scale, in space taken from `ax`.
    **kwargs
        For `matplotlib.axes.Axes.quiver`. With `color` there is no colour scale.

    Returns
    -------
    matplotlib.quiver.Quiver
        `XY` holds rest places and `U`, `V` displacements, in input pixels. Displacements that are not finite are left out
        (the title counts them); zeros are dots.

    Raises
    ------
    ShapeError
        If the field, `sample`, `slice` or `image` does not fit.
    DisplaceError
        If `step`, `scale` or `arrow_scale` is not positive.
    RestError
        If input and output differ in size and nobody has said what no displacement means.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    Pixel (2, 1), the last of six, is read 3 pixels to the right and 4 below: 5 pixels away.

    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> field = np.zeros((2, 3, 2))
    >>> field[1, 2] = 3, 4
    >>> arrows = displace.plot.quiver(field, Figure().subplots(), step=1)
    >>> arrows.XY[5].tolist(), float(arrows.U[5]), float(arrows.V[5]), float(arrows.get_array()[5])
    ([2.0, 1.0], 3.0, 4.0, 5.0)
    """
    _need_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize

    arrow_scale = _positive("arrow_scale", arrow_scale, "number")
    shown = _shown(field, input_size, align_corners, rest, sample, slice)
    photograph = None if image is None else _raster(image, "image", shown.source)
    step = _step(step, shown.shape, _ARROWS)
    length = shown.length()
    end = _scale_end(scale, length)

    rows, columns = (np.arange((n - 1) % step // 2, n, step) for n in shown.shape)
    drawn = np.ix_(rows, columns)
    at = np.stack(np.broadcast_arrays(shown.rest_x[columns], shown.rest_y[rows, None]), axis=-1)
    by, length_there = shown.by[drawn], length[drawn]
    with np.errstate(over="ignore", invalid="ignore"):
        heads = at + arrow_scale * by
    good = np.isfinite(length_there) & np.isfinite(heads).all(axis=-1)
    at, by, heads, length_there = at[good], by[good], heads[good], length_there[good]

    view = _holding(_eased(shown.source), np.concatenate([at, heads]))
    ax = _axes(ax, view, beside=0.8 if colorbar else 0.0)
    _background(ax, photograph, shown.source, view, 0.45)
    coloured = not {"color", "facecolor", "facecolors", "fc"} & kwargs.keys()
    if coloured:
        # Plasma without its yellow end, which has no contrast with white paper.
        kwargs.setdefault("cmap", ListedColormap(colormaps["plasma"](np.linspace(0, 0.78, 256)), name="displace_arrows"))
        kwargs.setdefault("norm", Normalize(0, end))
    kwargs.setdefault("zorder", 2.5)
    if not {"width", "units"} & kwargs.keys():
        # In pixels, by the distance of the arrows: sparse ones are heavier, within limits.
        normal = max(view[1] - view[0]) / _ARROWS
        kwargs.update(units="xy", width=0.065 * min(max(step, normal), 1.6 * normal))
    kwargs = {"headwidth": 4.0, "headlength": 5.0, "headaxislength": 4.5, **kwargs}
    arrows = ax.quiver(
        at[:, 0],
        at[:, 1],
        by[:, 0],
        by[:, 1],
        *([length_there] if coloured else []),
        angles="xy",
        scale_units="xy",
        scale=1 / arrow_scale,
        **kwargs,
    )
    if coloured and colorbar:
        _bar(ax, arrows, shown.label, float(np.nanmax(length, initial=0.0)))
    notes = [("every pixel" if step == 1 else f"every {_ordinal(step)} pixel") + shown.sizes(), *shown.notes("left out")]
    if cut := int(np.count_nonzero(((heads < view[0]) | (heads > view[1])).any(axis=-1))):
        notes.append(f"{cut:,} of {len(heads):,} arrows leave the frame")
    _frame(ax, view, shown, notes)
    if arrow_scale != 1:
        ax.set_xlabel(f"{ax.get_xlabel()}; arrows {_measured(arrow_scale)} × true length")
    return arrows


def lattice(
    field,
    ax=None,
    *,
    input_size=None,
    align_corners=False,
    rest=None,
    sample=0,
    slice=None,
    step=None,
    image=None,
    fold_color="red",
    **kwargs,
):
    """Rows and columns of the output, drawn through the places where their pixels are read from, with folds.

    A cell of four neighbouring pixels is folded if the determinant of its bilinear map is zero or negative at one of its
    four corners. If it is negative at all corners of all cells the map is a mirror and has no folds; the title says so. All
    cells are tested, whatever the step. Of a volume, the x and y components of one slice are judged.

    Parameters
    ----------
    field : Field, array or tensor, (H, W, 2) or (D, H, W, 3), with N in front or not
        Displacements in input pixels, x first, pull direction.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its limits, labels and aspect are set, and its title if it has none. A new figure if left out.
    input_size, align_corners, rest
        What gives an array its meaning, as for `Field`, which has its own.
    sample : int
        Which sample of a batch.
    slice : int, optional
        Which slice of a volume along z, x and y components; the middle one, D // 2, if left out.
    step : int, optional
        Draws every so many-th row and column, and the last; chosen for about 32 across if left out. The title says which.
    image : array or tensor, (H, W), (H, W, 3) or (3, H, W), optional
        The input image, drawn pale behind the lines.
    fold_color : colour
        Fills the folded cells.
    **kwargs
        Properties of the lines, such as `color` and `linewidth`.

    Returns
    -------
    Lattice
        The artists `lines` and `folds`, in input pixels. Locations that are not finite break the lines, and their cells are
        not judged (the title counts them). One polygon is one folded cell, up to 50 000; more are drawn in blocks.

    Raises
    ------
    ShapeError
        If the field, `sample`, `slice` or `image` does not fit.
    DisplaceError
        If `step` is not positive.
    RestError
        If input and output differ in size and nobody has said what no displacement means.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    The second of three pixels in each row is read 1.5 pixels further right, beyond the third: the cells between them fold.

    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> field = np.zeros((2, 3, 2))
    >>> field[:, 1, 0] = 1.5
    >>> drawn = displace.plot.lattice(field, Figure().subplots())
    >>> drawn.lines.get_segments()[0].tolist()
    [[0.0, 0.0], [2.5, 0.0], [2.0, 0.0]]
    >>> len(drawn.folds.get_paths())
    1
    """
    _need_matplotlib()
    from matplotlib.collections import LineCollection, PolyCollection

    shown = _shown(field, input_size, align_corners, rest, sample, slice)
    photograph = None if image is None else _raster(image, "image", shown.source)
    step = _step(step, shown.shape, _LINES)
    places, finite = shown.locations(), np.isfinite(shown.length())
    folded, unusable, mirror = _folds(places, finite)

    (height, width), segments = shown.shape, []
    for y in _every(height, step):
        segments += _runs(places[y], finite[y])
    for x in _every(width, step):
        segments += _runs(places[:, x], finite[:, x])

    # Some ten thousand places are enough to choose the drawn area; an odd stride does not stay in a few columns.
    stride = (finite.size // 10_000) | 1
    points = places.reshape(-1, 2)[::stride][finite.reshape(-1)[::stride]]
    view = _holding(_eased(shown.source), points)
    ax = _axes(ax, view)
    _background(ax, photograph, shown.source, view, 0.5)
    if photograph is not None:
        halo = LineCollection(segments, colors="white", linewidths=2.0, alpha=0.6, capstyle="round", zorder=1.9)
        ax.add_collection(halo)
    lines = LineCollection(segments, colors=_LINE_COLOUR, linewidths=0.8, capstyle="round", joinstyle="round", zorder=2)
    lines.set(**kwargs)
    ax.add_collection(lines)
    # Over the lines, which would hide a small fold; with an outline, or cells that collapse to a line would vanish.
    folds = PolyCollection(
        _polygons(places, finite, folded), facecolors=fold_color, edgecolors=fold_color, linewidths=0.8, alpha=0.8, zorder=2.1
    )
    ax.add_collection(folds)

    every = "every row and column" if step == 1 else f"every {_ordinal(step)} row and column"
    cells, count = folded.size, int(np.count_nonzero(folded))
    if mirror:
        judged = f"all {cells - unusable:,} cells turned over, as by a mirror: no folds"
    else:
        judged = f"{count:,} of {cells:,} cells folded" if cells else "no cells, so no folds"
    notes = [every + shown.sizes(), judged]
    if unusable:
        notes.append(f"{unusable:,} cells with a corner that is not finite")
    _frame(ax, view, shown, [*notes, *shown.notes()])
    return Lattice(lines, folds)


def wheel(
    field,
    ax=None,
    *,
    input_size=None,
    align_corners=False,
    rest=None,
    sample=0,
    slice=None,
    scale=None,
    legend=True,
    **kwargs,
):
    """Every output pixel in the colour of its displacement: hue is direction, white is zero, full colour the longest.

    Right, down, left and up are near red, yellow-green, cyan and violet. The colours are those of the command's pictures:
    equally light in all directions at each length, so that no direction looks longer than another (OKLCh).

    Parameters
    ----------
    field : Field, array or tensor, (H, W, 2) or (D, H, W, 3), with N in front or not
        Displacements in input pixels, x first, pull direction.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its limits, labels and aspect are set, and its title if it has none. A new figure if left out.
    input_size, align_corners, rest
        What gives an array its meaning, as for `Field`, which has its own.
    sample : int
        Which sample of a batch.
    slice : int, optional
        Which slice of a volume along z, x and y components; the middle one, D // 2, if left out.
    scale : float, optional
        The length in pixels of full colour; the largest if left out. What is longer is darkened.
    legend : bool
        Whether to draw the wheel, in space taken from `ax`.
    **kwargs
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
        Its array is (H, W, 3), sRGB bytes; grey (150, 150, 150) where a displacement is not finite.

    Raises
    ------
    ShapeError
        If the field, `sample` or `slice` does not fit.
    DisplaceError
        If `scale` is not positive.
    RestError
        If input and output differ in size and nobody has said what no displacement means.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    One pixel read from its right, one from its own place:

    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> image = displace.plot.wheel(np.array([[[2.0, 0.0], [0.0, 0.0]]]), Figure().subplots())
    >>> image.get_array().tolist()
    [[[232, 96, 91], [255, 255, 255]]]
    """
    _need_matplotlib()
    shown = _shown(field, input_size, align_corners, rest, sample, slice)
    length = shown.length()
    end, largest = _scale_end(scale, length), float(np.nanmax(length, initial=0.0))
    view = _eased(shown.shape)
    ax = _axes(ax, view, beside=1.5 if legend else 0.0)
    drawn = _pixels(ax, _wheel_colours(shown.by, length / end), kwargs)
    beyond = int(np.count_nonzero(length > end))
    if legend:
        _wheel_legend(ax, end, beyond > 0, bool(np.isnan(length).any()))
    notes = [f"full colour = {_measured(end)} px" + (", the largest" if scale is None and largest > 0 else "")]
    if beyond:
        notes.append(f"{beyond:,} of {length.size:,} are longer (dark)")
    _frame(ax, view, shown, [*notes, *shown.notes("grey")], own_pixels=True)
    return drawn


def magnitude(
    field,
    ax=None,
    *,
    input_size=None,
    align_corners=False,
    rest=None,
    sample=0,
    slice=None,
    scale=None,
    colorbar=True,
    **kwargs,
):
    """The length of every output pixel's displacement, as a heat map.

    Parameters
    ----------
    field : Field, array or tensor, (H, W, 2) or (D, H, W, 3), with N in front or not
        Displacements in input pixels, x first, pull direction.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its limits, labels and aspect are set, and its title if it has none. A new figure if left out.
    input_size, align_corners, rest
        What gives an array its meaning, as for `Field`, which has its own.
    sample : int
        Which sample of a batch.
    slice : int, optional
        Which slice of a volume along z; the middle one, D // 2, if left out. The length is that of x and y together.
    scale : float, optional
        The length in pixels at the end of the colour scale; the largest if left out.
    colorbar : bool
        Whether to draw the colour scale, in space taken from `ax`.
    **kwargs
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
        Its array is (H, W), lengths in input pixels, float64, masked where not finite (drawn grey).

    Raises
    ------
    ShapeError
        If the field, `sample` or `slice` does not fit.
    DisplaceError
        If `scale` is not positive.
    RestError
        If input and output differ in size and nobody has said what no displacement means.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> image = displace.plot.magnitude(np.array([[[3.0, 4.0], [0.0, -1.0]]]), Figure().subplots())
    >>> image.get_array().tolist(), image.get_clim()
    ([[5.0, 1.0]], (0.0, 5.0))
    """
    _need_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    shown = _shown(field, input_size, align_corners, rest, sample, slice)
    length = shown.length()
    end, largest = _scale_end(scale, length), float(np.nanmax(length, initial=0.0))
    view = _eased(shown.shape)
    ax = _axes(ax, view, beside=0.8 if colorbar else 0.0)
    if isinstance(kwargs.setdefault("cmap", "viridis"), str):
        kwargs["cmap"] = colormaps[kwargs["cmap"]].with_extremes(bad=np.divide(_MISSING, 255))
    if not {"vmin", "vmax"} & kwargs.keys():
        kwargs.setdefault("norm", Normalize(0.0, end))
    drawn = _pixels(ax, np.ma.masked_invalid(length), kwargs)
    if colorbar:
        _bar(ax, drawn, shown.label, largest)
    if np.isnan(length).all():
        notes = []
    elif largest > 0:
        y, x = np.unravel_index(np.nanargmax(length), length.shape)
        notes = [f"largest {_measured(largest)} px, at x = {x}, y = {y}"]
    else:
        notes = ["all are zero"]
    _frame(ax, view, shown, [*notes, *shown.notes("grey")], own_pixels=True)
    return drawn


def compare(before, after, ax=None, *, titles=("before", "after"), **kwargs):
    """Two images side by side: one scale in pixels, one scale of grey.

    Parameters
    ----------
    before, after : array or tensor, (H, W), (H, W, 3 or 4) or (3 or 4, H, W); one sample may have its axis in front
        Images, not necessarily of one size. Colours are uint8 or uint16 over their whole range, or floats from 0 to 1. Grey
        is 0 to 255 if both images are uint8, else it spans all finite values of both.
    ax : sequence of two matplotlib.axes.Axes, optional
        Where to draw; limits, labels, titles and aspect are set. A new figure if left out, whose two axes zoom together.
    titles : (str, str)
        What is written over them.
    **kwargs
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    (matplotlib.image.AxesImage, matplotlib.image.AxesImage)
        Mauve where a value is not finite. Both axes show as many pixels as the larger image has along each axis.

    Raises
    ------
    ShapeError
        If an image's shape or the number of axes or titles does not fit.
    DTypeError
        If an image does not hold real numbers.
    ImportError
        If matplotlib is missing.

    Examples
    --------
    >>> import numpy as np, displace
    >>> from matplotlib.figure import Figure
    >>> one, other = displace.plot.compare(np.eye(4), 2 * np.eye(4), Figure().subplots(1, 2))
    >>> one.get_clim(), other.get_clim()
    ((0.0, 2.0), (0.0, 2.0))
    """
    _need_matplotlib()
    from matplotlib import colormaps

    images = [_raster(image, what) for image, what in ((before, "before"), (after, "after"))]
    if isinstance(titles, str) or len(titles) != 2:
        raise ShapeError(f"titles is {titles!r}: expected two, for before and after")
    view = _eased(np.max([image.shape[:2] for image in images], axis=0))
    if ax is None:
        import matplotlib.pyplot as plt

        width, height = (view[1] - view[0]) * _FRAME / max(view[1] - view[0])
        size = (2 * max(width, 2.0) + 1.3, height + _AROUND[1])
        _, ax = plt.subplots(1, 2, figsize=size, layout="compressed", sharex=True, sharey=True)
    axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) != 2:
        raise ShapeError(f"ax holds {len(axes)} axes: expected two, for before and after")
    if isinstance(kwargs.setdefault("cmap", "gray"), str):
        kwargs["cmap"] = colormaps[kwargs["cmap"]].with_extremes(bad=_MISSING_IN_IMAGE)
    if not {"norm", "vmin", "vmax"} & kwargs.keys():
        kwargs["vmin"], kwargs["vmax"] = _grey_range(images)
    drawn = []
    for one, image, title in zip(axes, images, titles, strict=True):
        drawn.append(_pixels(one, image, dict(kwargs)))
        _limit(one, view)
        one.set(xlabel="x (px)", ylabel="y (px)", title=title)
    if axes[0].get_shared_y_axes().joined(*axes):
        axes[1].set_ylabel("")
    return drawn[0], drawn[1]


class _Shown:
    """The two-dimensional slice of a field that a picture shows, in float64."""

    def __init__(self, by, source, rest, align_corners, where):
        self.by = by
        self.source = source
        self.shape = by.shape[:2]
        self.rest_y, self.rest_x = (_rest(n, size, rest, align_corners) for n, size in zip(self.shape, source, strict=True))
        self.where = where
        self.label = "displacement (px)" if where is None else "displacement in x and y (px)"

    def locations(self):
        """Where each pixel is read from, (H, W, 2)."""
        places = self.by.copy()
        places[..., 0] += self.rest_x
        places[..., 1] += self.rest_y[:, None]
        return places

    def length(self):
        """(H, W); NaN where a displacement cannot be drawn."""
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.hypot(self.by[..., 0], self.by[..., 1])
        length[~np.isfinite(length)] = np.nan
        return length

    def sizes(self):
        """What is drawn in what, where that differs."""
        if self.shape == self.source:
            return ""
        (height, width), (rows, columns) = self.shape, self.source
        return f" of {width} × {height}, in the {columns} × {rows} input"

    def notes(self, fate=None):
        """What a title must not leave out."""
        missing = 0 if fate is None else int(np.count_nonzero(np.isnan(self.length())))
        count = [f"{missing:,} of {self.by[..., 0].size:,} not finite ({fate})"] if missing else []
        return count if self.where is None else [*count, self.where]


def _shown(field, input_size, align_corners, rest, sample, slice):
    # Field needs the compiled module; this module does not.
    from ._field import Field, to_numpy

    if isinstance(field, Field):
        asked = None if input_size is None else tuple(_arrays.check_size(input_size, field.shape[-1]))
        for what, given, own in (
            ("input_size", asked, tuple(field.input_size)),
            ("align_corners", True if align_corners else None, field.align_corners),
            ("rest", rest, field.rest),
        ):
            if given is not None and given != own:
                raise DisplaceError(f"{what} is {given!r}, but the Field's own is {own!r}: leave it out")
    else:
        field = Field(field, input_size, align_corners=align_corners, rest=rest)
    axes = field.shape[-1]
    array = _arrays.batched(to_numpy(field.displacement, "field"), axes)
    if array.dtype.kind not in "fiu":
        raise DTypeError(f"field holds {array.dtype}: expected real numbers")
    array = array[_index("sample", sample, array.shape[0])]
    where = None
    if axes == 3:
        depth = array.shape[0]
        z = _index("slice", depth // 2 if slice is None else slice, depth)
        array, where = array[z], f"slice z = {z} of {depth}"
    elif slice is not None:
        raise ShapeError(f"slice is {slice!r}, but a field of shape {field.shape} has no z axis")
    source = tuple(field.input_size[-2:])
    for what, (rows, columns) in (("field", array.shape[:2]), ("input", source)):
        if rows < 1 or columns < 1:
            raise ShapeError(f"the {what} is {rows}x{columns}: a picture needs at least one pixel")
    return _Shown(array[..., :2].astype(np.float64), source, field.rest, field.align_corners, where)


def _rest(n, size, rest, align_corners):
    """Rest places of `n` output pixels along an input axis of `size` (CONVENTIONS.md, section 3)."""
    j = np.arange(n, dtype=np.float64)
    if rest == "index" or n == size:
        return j
    if align_corners:
        return j * (size - 1) / (n - 1) if n > 1 else np.full(1, (size - 1) / 2)
    return ((2 * j + 1) * size - n) / (2 * n)


def _folds(places, finite):
    """Which cells are folded, how many cannot be judged, and whether all are turned over (CONVENTIONS.md, section 11)."""
    cells = (places.shape[0] - 1, places.shape[1] - 1)
    folded = np.zeros(cells, bool)
    usable = mirrored = 0
    band = max(1, _BAND // places.shape[1])
    for start in range(0, cells[0], band):
        rows = places[start : start + band + 1]
        good = finite[start : start + band + 1]
        good = good[:-1, :-1] & good[:-1, 1:] & good[1:, :-1] & good[1:, 1:]
        with np.errstate(over="ignore", invalid="ignore"):
            across, down = np.diff(rows, axis=1), np.diff(rows, axis=0)
            sides = [(e, f) for e in (across[:-1], across[1:]) for f in (down[:, :-1], down[:, 1:])]
            corners = [e[..., 0] * f[..., 1] - e[..., 1] * f[..., 0] for e, f in sides]
        folded[start : start + band] = good & ~np.logical_and.reduce([corner > 0 for corner in corners])
        usable += np.count_nonzero(good)
        mirrored += np.count_nonzero(good & np.logical_and.reduce([corner < 0 for corner in corners]))
    mirror = usable > 0 and mirrored == usable
    if mirror:
        folded[:] = False
    return folded, folded.size - usable, mirror


def _polygons(places, finite, folded):
    """Corners of the folded cells in drawing order, (cells, 4, 2)."""

    def around(y, x, low, right):
        return np.stack([np.stack([y, y, low, low], axis=-1), np.stack([x, right, right, x], axis=-1)])

    y, x = np.nonzero(folded)
    corners = around(y, x, y + 1, x + 1)
    if len(y) > _MOST_POLYGONS:
        size = -(-max(folded.shape) // _BLOCKS)
        across = -(-folded.shape[1] // size)
        block, first = np.unique(y // size * across + x // size, return_index=True)
        top, left = block // across * size, block % across * size
        blocks = around(top, left, np.minimum(top + size, folded.shape[0]), np.minimum(left + size, folded.shape[1]))
        # A block with a corner that has no place is shown by its first folded cell, which has all four.
        corners = np.where(finite[tuple(blocks)].all(axis=-1)[:, None], blocks, corners[:, first])
    return places[tuple(corners)]


def _every(n, step):
    """Every `step`-th index and the last one."""
    return sorted({*range(0, n, step), n - 1})


def _runs(points, good):
    """The unbroken parts of a line; a single point twice, so that it is drawn as a dot."""
    if good.all() and len(points) > 1:
        return [points]
    ends = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0))
    runs = (points[start:stop] for start, stop in zip(ends[::2], ends[1::2], strict=True))
    return [run if len(run) > 1 else np.repeat(run, 2, axis=0) for run in runs]


@functools.cache
def _wheel_table():
    """sRGB bytes, (length, hue, 3): 129 rows from white to full colour and one for what lies beyond."""
    hue = np.arange(720) * (2 * np.pi / 720) + np.deg2rad(25)

    def linear(lightness, chroma):
        a, b = chroma * np.cos(hue), chroma * np.sin(hue)
        # Ottosson's OKLab to linear sRGB (2020, revision of 2021-01-25).
        l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
        m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s
        green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s
        blue = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
        return np.stack([red, green, blue], axis=-1)

    def held(lightness, wanted):
        """The most chroma, up to `wanted`, that sRGB holds at each hue."""

        def fits(chroma):
            rgb = linear(lightness, chroma)
            return ((rgb >= -1e-4) & (rgb <= 1 + 1e-4)).all(axis=-1)

        low, high = np.zeros(720), np.broadcast_to(wanted, 720).copy()
        whole = fits(high)
        for _ in range(20):
            middle = 0.5 * (low + high)
            inside = fits(middle)
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        return np.where(whole, wanted, low)

    def encoded(lightness, chroma):
        v = linear(lightness, held(lightness, chroma)).clip(0, 1)
        curved = np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
        return np.floor(255 * curved + 0.5).astype(np.uint8)

    # Chroma grows evenly to what the rim holds: clipped on the way it would draw creases.
    rim = held(0.66, 0.17)
    rows = [encoded(1 - 0.34 * part, part * rim) for part in np.arange(129) / 128]
    table = np.stack([*rows, encoded(0.40, 0.14)])
    table.flags.writeable = False
    return table


def _wheel_colours(by, part):
    """sRGB bytes of displacements whose lengths are `part` of the scale; grey where that is not finite."""
    finite = np.isfinite(part)
    known = np.where(finite, part, 0.0)
    turn = np.arctan2(by[..., 1], by[..., 0], where=finite, out=np.zeros_like(known)) / (2 * np.pi) % 1.0
    hue = np.floor(turn * 720 + 0.5).astype(np.intp) % 720
    # With room for the rounding of a division.
    row = np.where(known > 1 + 1e-12, 129, np.floor(known.clip(0, 1) * 128 + 0.5)).astype(np.intp)
    colours = _wheel_table()[row, hue]
    colours[~finite] = _MISSING
    return colours


def _wheel_legend(ax, end, beyond, missing):
    """The wheel and what it means, laid out in points, so that nothing collides however small the axes are."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    size = FontProperties(size="small").get_size_in_points()
    radius, side, line = 2.6 * size, 3.2 * size, 1.3 * size
    points = ax.get_window_extent().width * 72 / ax.figure.dpi
    beside = _beside(ax, fraction=min(2 * (radius + side) / points, 0.4), pad=0.03, aspect=3.0, anchor=(0.0, 1.0))
    beside.set_axis_off()
    beside.set_label("<wheel>")

    pixels = 301
    y, x = np.mgrid[-1 : 1 : pixels * 1j, -1 : 1 : pixels * 1j]
    part, rim = np.hypot(x, y), 0.84 if beyond else 1.0
    disc = np.dstack([_wheel_colours(np.dstack([x, y]), part / rim if beyond else part.clip(0, 1)), 255 * (part <= 1)])
    for ring in (0.985, rim):
        disc[abs(part - ring) < 0.015, :3] = 40
    drawn = OffsetImage(disc.astype(np.uint8), zoom=2 * radius / pixels, interpolation="hanning")
    middle = (side + radius, -line - radius)
    where = {"xycoords": "axes fraction", "annotation_clip": False}
    beside.add_artist(AnnotationBbox(drawn, (0, 1), middle, boxcoords="offset points", frameon=False, pad=0, **where))
    lines = [f"{'inner ring' if beyond else 'rim'}: {_measured(end)} px", "white: zero"]
    lines += ["dark: beyond"] * beyond + ["grey: not finite"] * missing
    gap = radius + 0.3 * size
    for text, dx, dy, across, down in (
        ("right", gap, 0, "left", "center"),
        ("left", -gap, 0, "right", "center"),
        ("up", 0, gap, "center", "bottom"),
        ("down", 0, -gap, "center", "top"),
        ("\n".join(lines), 0, -gap - 1.6 * line, "center", "top"),
    ):
        at = (middle[0] + dx, middle[1] + dy)
        beside.annotate(text, (0, 1), at, textcoords="offset points", ha=across, va=down, fontsize=size, **where)


def _raster(image, what, size=None):
    """An image as imshow takes it, (H, W) or (H, W, 3 or 4); `size` is what it must have, and settles which axes are which."""
    from ._field import to_numpy

    array = to_numpy(image, what)
    shape = tuple(array.shape)
    if array.dtype.kind not in "buif":
        raise DTypeError(f"{what} holds {array.dtype}: expected real numbers")
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and not (array.shape[-1] in (1, 3, 4) and (size is None or array.shape[:2] == size)):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    coloured = array.ndim == 3 and array.shape[-1] in (3, 4)
    if not (coloured or array.ndim == 2) or 0 in array.shape or (size is not None and array.shape[:2] != size):
        expected = "(H, W), (H, W, 3) or (3, H, W)"
        if size is not None:
            expected = f"{size}, {(*size, 3)} or {(3, *size)}, the size of the input"
        raise ShapeError(f"{what} has shape {shape}: expected {expected}")
    if array.dtype.kind == "b":
        array = array * np.uint8(255)
    if array.dtype.kind == "f":
        array = array.astype(np.float32 if array.dtype.itemsize < 8 else np.float64)
        if coloured and not np.isfinite(array).all():
            bad = ~np.isfinite(array).all(axis=-1)
            array[bad] = (*_MISSING_IN_IMAGE, 1.0)[: array.shape[-1]]
    elif coloured and array.dtype == np.uint16:
        array = array / np.float32(65535)
    return array


def _grey_range(images):
    if all(image.dtype == np.uint8 for image in images):
        return 0.0, 255.0
    values = [image[np.isfinite(image)] for image in images if image.ndim == 2]
    values = np.concatenate([[one.min(), one.max()] for one in values if one.size] or [[0.0, 1.0]])
    return float(values.min()), float(values.max())


def _need_matplotlib():
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ImportError("displace.plot needs matplotlib: pip install displace[plot]", name="matplotlib") from error


def _axes(ax, view, beside=0.0):
    """The caller's axes, or those of a new figure in the shape of what is drawn."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    width, height = (view[1] - view[0]) * _FRAME / max(view[1] - view[0])
    _, ax = plt.subplots(figsize=(max(width, 2.6) + _AROUND[0] + beside, height + _AROUND[1]), layout="compressed")
    return ax


def _eased(size):
    """The outer edges of an image's pixels, widened so that a single row stays readable: the low and the high corner, x first."""
    low, high = np.full(2, -0.5), np.array([size[1], size[0]]) - 0.5
    more = np.maximum(0.5 * (max(high - low) / 6 - (high - low)), 0.0)
    return np.stack([low - more, high + more])


def _holding(view, points):
    """A view widened to hold points, by at most 0.3 of its longer side; if that does not hold all, then 98 in 100 of them."""
    if len(points) == 0:
        return view
    room, gap = 0.3 * max(view[1] - view[0]), 0.02 * max(view[1] - view[0])
    ordered = np.sort(points, axis=0)
    view = view.copy()
    for axis in range(2):
        for side, sign in ((0, -1), (1, 1)):
            beyond = sign * (ordered[::-sign, axis] - view[side, axis])
            wanted = beyond[0] if beyond[0] <= room else beyond[len(points) // 100]
            if wanted > 0.5 * gap:
                view[side, axis] += sign * min(wanted + gap, room)
    return view


def _limit(ax, view):
    from matplotlib.ticker import MaxNLocator

    (left, top), (right, bottom) = view
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set_aspect("equal")
    for axis in (ax.xaxis, ax.yaxis):
        # No tick between pixels.
        axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def _frame(ax, view, shown, notes, own_pixels=False):
    _limit(ax, view)
    of = "" if own_pixels or shown.shape == shown.source else "input "
    ax.set(xlabel=f"{of}x (px)", ylabel=f"{of}y (px)")
    if not ax.get_title():
        ax.set_title("\n".join(notes), fontsize="medium")


def _background(ax, photograph, source, view, alpha):
    """The input image, and its outline where more than it is in view."""
    from matplotlib.patches import Rectangle

    height, width = source
    if photograph is not None:
        black, white = _grey_range([photograph])
        _pixels(ax, photograph, {"cmap": "gray", "vmin": black, "vmax": white, "alpha": alpha, "zorder": 0})
    if not np.array_equal(view, [[-0.5, -0.5], [width - 0.5, height - 0.5]]):
        ax.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor="0.6", linewidth=0.8, zorder=1))


def _pixels(ax, array, kwargs):
    """imshow, whatever the defaults of the caller's session are."""
    height, width = array.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    return ax.imshow(array, **{"origin": "upper", "extent": extent, "aspect": "equal", **kwargs})


def _beside(ax, *, fraction, pad, aspect, anchor):
    """New axes in space taken from `ax`, as a colour bar takes it, but as high as `ax` is with its aspect."""
    from matplotlib import colorbar
    from matplotlib.transforms import Bbox

    def as_high(made, renderer):
        locator = ax.get_axes_locator()
        ax.apply_aspect(locator(ax, renderer) if locator else None)
        slot, drawn = made.get_position(original=True), ax.get_position()
        return Bbox.from_extents(slot.x0, drawn.y0, slot.x1, drawn.y1)

    figure = ax.figure
    engine = figure.get_layout_engine()
    simple = (engine is None or engine.colorbar_gridspec) and ax.get_subplotspec() is not None
    make = colorbar.make_axes_gridspec if simple else colorbar.make_axes
    current = figure.gca()
    made, _ = make(ax, location="right", fraction=fraction, pad=pad, aspect=aspect, anchor=anchor)
    figure.sca(current)
    # Where tight_layout looks for it.
    as_high.get_subplotspec = made.get_subplotspec
    made.set_axes_locator(as_high)
    return made


def _bar(ax, artist, label, largest):
    beside = _beside(ax, fraction=0.07, pad=0.04, aspect=20, anchor=(0.0, 0.5))
    beside.grid(visible=False, which="both", axis="both")
    artist.autoscale_None()
    ax.figure.colorbar(artist, cax=beside, label=label, extend="max" if largest > artist.norm.vmax else "neither")


def _index(what, asked, count):
    index = operator.index(asked)
    if not 0 <= index < count:
        raise ShapeError(f"{what} is {index}: expected one of {count} {what}s, counted from 0")
    return index


def _step(asked, shape, wanted):
    step = -(-max(shape) // wanted) if asked is None else operator.index(asked)
    if step < 1:
        raise DisplaceError(f"step is {step}: expected 1 or more")
    return step


def _positive(what, value, unit):
    number = float(value)
    if not (math.isfinite(number) and number > 0):
        raise DisplaceError(f"{what} is {value!r}: expected a positive {unit}")
    return number


def _scale_end(scale, length):
    if scale is not None:
        return _positive("scale", scale, "number of pixels")
    return float(np.nanmax(length, initial=0.0)) or 1.0


def _measured(value: float) -> str:
    """Three figures."""
    if value == 0 or not 1e-3 <= value < 1e6:
        return f"{value:.2e}" if value else "0"
    text = f"{value:.{min(max(2 - math.floor(math.log10(value)), 0), 3)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ordinal(n: int) -> str:
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
