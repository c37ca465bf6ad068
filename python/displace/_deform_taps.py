"""Where the taps of deformable convolutions and the points of deformable attention read."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from . import _arrays
from ._deform_conv import pair
from ._errors import DisplaceError, DTypeError, ShapeError
from ._splat import splat

_LAYOUTS = ("torchvision", "onnx", "dcnv3")


class DeformSpread(NamedTuple):
    """`covariance` of the places of taps, (N, H', W', 2, 2) in square input pixels, x first; `dilation` relative to the regular kernel."""

    covariance: Any
    dilation: Any


class ReceptiveField(NamedTuple):
    """`density`, (N, H, W), what each input pixel weighs; `box`, (N, 4), the first and last pixel that weigh anything: x, y, x, y."""

    density: Any
    box: Any


class AttentionLocations(NamedTuple):
    """Each (N, queries, heads, levels, points, 2), x first: `location` and `displacement` in pixels of the level, `normalized` in 0..1."""

    location: Any
    displacement: Any
    normalized: Any


class DeformTaps(NamedTuple):
    """The taps of a deformable convolution: where they read, and how far from their regular places.

    `location` and `displacement` are (N, G, kh, kw, H', W', 2), in input pixels, x first; `mask` is (N, G, kh, kw, H', W') or None.

    Examples
    --------
    >>> import numpy as np, displace
    >>> offset = np.zeros((1, 18, 4, 4), np.float32)
    >>> taps = displace.deform_conv2d_displacement(offset, 3, padding=1, input_size=(4, 4))
    >>> float(taps.outside()[0, 0, 0])  # five of nine taps of the corner's pixel
    0.5555555820465088
    """

    location: Any
    displacement: Any
    mask: Any
    input_size: tuple[int, int] | None

    def _share(self):
        """The share that each tap has of its output pixel: its mask, or 1, over the sum; with an axis for components."""
        xp = _namespace(self.location)
        weights = xp.ones_like(self.location[..., 0]) if self.mask is None else self.mask
        with np.errstate(divide="ignore", invalid="ignore"):
            return (weights / weights.sum((1, 2, 3))[:, None, None, None])[..., None]

    def mean(self):
        """The mean displacement of the taps of each output pixel, weighted by the mask: a field, (N, H', W', 2), in input pixels."""
        return (self._share() * self.displacement).sum((1, 2, 3))

    def spread(self):
        """How far the taps of each output pixel lie apart, weighted by the mask.

        Returns
        -------
        DeformSpread(covariance, dilation)
            `dilation` is the root of the covariance's trace over that of the taps at their regular places, all of weight 1: 1 for a
            regular kernel, 2 if everything is twice as far away, NaN for a kernel of one tap.
        """
        xp = _namespace(self.location)
        share = self._share()
        far = self.location - (share * self.location).sum((1, 2, 3))[:, None, None, None]
        covariance = (share[..., None] * far[..., :, None] * far[..., None, :]).sum((1, 2, 3))
        regular = self.location - self.displacement
        apart = regular - regular.mean((1, 2, 3))[:, None, None, None]
        trace = (apart * apart).sum(-1).mean((1, 2, 3))
        with np.errstate(divide="ignore", invalid="ignore"):
            return DeformSpread(covariance, xp.sqrt((covariance[..., 0, 0] + covariance[..., 1, 1]) / trace))

    def outside(self, input_size=None):
        """The share of each output pixel's taps that falls outside the input, (N, H', W'), 0 to 1, weighted by the mask.

        A tap between pixels counts by its interpolation weights. The input's size is (H, W), unless it is known already.
        """
        xp = _namespace(self.location)
        inside = 1.0
        for k, length in enumerate(reversed(self._size(input_size))):
            at = self.location[..., k]
            reach = xp.minimum(at + 1, length - at)
            reach = xp.where(xp.isnan(reach), xp.zeros_like(reach), reach)
            inside = inside * xp.clip(reach, 0, 1)
        return 1 - (self._share()[..., 0] * inside).sum((1, 2, 3))

    def receptive_field(self, input_size=None, pixels=None):
        """What each input pixel weighs in chosen output pixels, through this layer alone: see `deform_receptive_field`."""
        return deform_receptive_field([self._replace(input_size=tuple(self._size(input_size)))], pixels)

    def _size(self, input_size):
        size = self.input_size if input_size is None else input_size
        if size is None:
            raise DisplaceError("input_size is not known: name it, (H, W) of what the convolution reads")
        return _arrays.check_size(size, 2)


def _namespace(array: Any) -> Any:
    """torch for its tensors, else NumPy: both know the functions used here by the same names."""
    return sys.modules["torch"] if _arrays.is_torch(array) else np


def _enter(array: Any, what: str) -> Any:
    """A tensor or NumPy array of a type that is computed in."""
    if _arrays.is_torch(array):
        from ._torch_ops import REAL

        if array.dtype not in REAL:
            raise DTypeError(f"{what} holds {array.dtype}: expected a float type; convert it first, for example with .float()")
        return array.to(REAL[array.dtype])
    array = _arrays.enter(array, what)
    return array.astype(_arrays.real_dtype(array, what), copy=False)


def deform_conv2d_displacement(
    offset,
    kernel_size,
    stride=(1, 1),
    padding=(0, 0),
    dilation=(1, 1),
    mask=None,
    *,
    input_size=None,
    layout="torchvision",
    offset_scale=1.0,
):
    """Where each tap of a deformable convolution reads, and how far that is from its regular place, in input pixels, x first.

    Tap (i, j) of output pixel (oy, ox) has its regular place at `y = oy * stride_y - padding_y + i * dilation_y`, and x likewise. Its
    location is that plus its offset, rounded once, as the convolution itself computes it.

    Parameters
    ----------
    offset : array or tensor
        (N, 2 G kh kw, H', W') in layout "torchvision", (N, H', W', 2 G kh kw) in layout "dcnv3".
    kernel_size, stride, padding, dilation : int or (y, x)
        Of the convolution.
    mask : array or tensor, optional
        (N, G kh kw, H', W'), or (N, H', W', G kh kw) in layout "dcnv3": weights for the statistics of the result.
    input_size : (H, W), optional
        Size of what the convolution reads, for the statistics that need it.
    layout : "torchvision", "onnx" or "dcnv3"
        How taps and axes are stored. "torchvision": y before x, taps row by row; ONNX's DeformConv is the same. "dcnv3" (InternImage):
        channels last, x before y, taps column by column.
    offset_scale : float
        For "dcnv3": what it multiplies a tap's way from the kernel's centre with, regular part and offset. Its displacement is counted
        from the regular kernel all the same.

    Returns
    -------
    DeformTaps
        `location` and `displacement`, each (N, G, kh, kw, H', W', 2), and the mask in the same order; with `mean`, `spread`, `outside` and
        `receptive_field`. Tensors carry gradients.

    Raises
    ------
    ShapeError, DTypeError, DisplaceError
        If shapes do not fit, or for another layout.

    Examples
    --------
    Of nine taps the last is moved by (0.5, -1), x first.

    >>> import numpy as np, displace
    >>> offset = np.zeros((1, 18, 2, 2), np.float32)
    >>> offset[:, 16], offset[:, 17] = -1, 0.5
    >>> taps = displace.deform_conv2d_displacement(offset, 3)
    >>> taps.location[0, 0, 2, 2, 0, 1], taps.displacement[0, 0, 2, 2, 0, 1]
    (array([3.5, 1. ], dtype=float32), array([ 0.5, -1. ], dtype=float32))
    """
    if layout not in _LAYOUTS:
        names = ", ".join(repr(name) for name in _LAYOUTS)
        raise DisplaceError(f"expected layout to be one of {names}, but got: {layout!r}")
    if layout != "dcnv3" and offset_scale != 1.0:
        raise DisplaceError(f'offset_scale={offset_scale} in layout "{layout}": only "dcnv3" has one')
    kernel, stride = pair(kernel_size, "kernel_size"), pair(stride, "stride")
    padding, dilation = pair(padding, "padding"), pair(dilation, "dilation")
    if 0 in (*kernel, *stride, *dilation):
        raise ShapeError(f"kernel_size {kernel}, stride {stride}, dilation {dilation}: expected no 0")
    if input_size is not None:
        input_size = tuple(_arrays.check_size(input_size, 2))
    torch = _arrays.is_torch(*(array for array in (offset, mask) if array is not None))
    like = offset
    offset = _enter(offset, "offset")
    xp = _namespace(offset)
    taps = kernel[0] * kernel[1]
    last = layout == "dcnv3"
    channels = "(N, H', W', 2 G kh kw)" if last else "(N, 2 G kh kw, H', W')"
    if offset.ndim != 4 or offset.shape[3 if last else 1] % (2 * taps) or 0 in offset.shape[1:]:
        raise ShapeError(f"offset has shape {tuple(offset.shape)}: expected {channels}, with a multiple of {2 * taps} channels")
    if last:
        n, height, width, found = offset.shape
        offset = offset.reshape(n, height, width, found // (2 * taps), kernel[1], kernel[0], 2)
        displacement = xp.moveaxis(offset, (3, 5, 4), (1, 2, 3))
    else:
        n, found, height, width = offset.shape
        displacement = xp.moveaxis(offset.reshape(n, found // (2 * taps), *kernel, 2, height, width), 4, -1)
        displacement = xp.stack([displacement[..., 1], displacement[..., 0]], -1)
    groups = found // (2 * taps)
    if mask is not None:
        mask = _enter(mask, "mask")
        expected = (n, height, width, groups * taps) if last else (n, groups * taps, height, width)
        if tuple(mask.shape) != expected:
            raise ShapeError(f"mask has shape {tuple(mask.shape)}: expected {expected}")
        if last:
            mask = xp.moveaxis(mask.reshape(n, height, width, groups, kernel[1], kernel[0]), (3, 5, 4), (1, 2, 3))
        else:
            mask = mask.reshape(n, groups, *kernel, height, width)
        if mask.dtype != displacement.dtype:
            raise DTypeError(f"mask holds {mask.dtype}, offset {displacement.dtype}: convert one of them")

    def along(axis: int, length: int) -> tuple[Any, Any]:
        """Of one axis, the places of output pixels and of taps from there, whole numbers."""
        start = np.arange(length, dtype=np.int64) * stride[axis] - padding[axis]
        return start, np.arange(kernel[axis], dtype=np.int64) * dilation[axis]

    (rows, down), (columns, right) = along(0, height), along(1, width)
    y = (down[:, None] + rows)[:, None, :, None] + np.zeros((1, kernel[1], 1, width), np.int64)
    x = (right[:, None] + columns)[None, :, None, :] + np.zeros((kernel[0], 1, height, 1), np.int64)
    regular = np.stack([x, y], -1)
    if torch:
        regular = xp.from_numpy(regular).to(displacement.device)
        regular = regular.to(displacement.dtype)
    else:
        regular = regular.astype(displacement.dtype)
    if offset_scale != 1.0:
        halves = [dilation[axis] * (kernel[axis] - 1) // 2 for axis in (0, 1)]
        way = np.stack(np.broadcast_arrays(right[None, :, None, None] - halves[1], down[:, None, None, None] - halves[0]), -1)
        way = xp.from_numpy(way).to(displacement.dtype) if torch else way.astype(displacement.dtype)
        displacement = way * (offset_scale - 1) + displacement * offset_scale
    location = regular + displacement
    leave = (lambda array: array) if torch else _arrays.leave(like)
    return DeformTaps(leave(location), leave(displacement), None if mask is None else leave(mask), input_size)


def deform_receptive_field(layers, pixels=None):
    """What each input pixel weighs in chosen output pixels, through deformable convolutions one after the other.

    Each output pixel chosen starts with the same weight, 1 in all. Going back through a layer, a pixel hands its weight to its taps, by
    mask, and each tap to the four pixels that it reads, by interpolation: the effective receptive field with all kernel weights equal
    (Luo et al., NIPS 2016). What falls outside is lost.

    Parameters
    ----------
    layers : sequence of DeformTaps
        From the input on, each with its `input_size`; the output of one is the input of the next.
    pixels : sequence of (y, x), optional
        Output pixels of the last layer; the middle one if left out.

    Returns
    -------
    ReceptiveField(density, box)
        For each sample. A box of a sample that weighs nothing is -1.

    Raises
    ------
    ShapeError, DisplaceError
        If layers do not follow on each other, or pixels are not of the output.

    Examples
    --------
    Nothing is displaced: the middle pixel weighs its nine neighbours, and with another layer 25.

    >>> import numpy as np, displace
    >>> offset = np.zeros((1, 18, 7, 7), np.float32)
    >>> layer = displace.deform_conv2d_displacement(offset, 3, padding=1, input_size=(7, 7))
    >>> displace.deform_receptive_field([layer]).box, displace.deform_receptive_field([layer, layer]).box
    (array([[2, 2, 4, 4]]), array([[1, 1, 5, 5]]))
    """
    layers = list(layers)
    if not layers or not all(isinstance(layer, DeformTaps) for layer in layers):
        raise DisplaceError("layers: expected one or more results of deform_conv2d_displacement")
    xp = _namespace(layers[0].location)
    n = len(layers[0].location)
    sizes = [tuple(layer._size(None)) for layer in layers]
    for i, layer in enumerate(layers):
        following = sizes[i + 1] if i + 1 < len(layers) else None
        made = tuple(layer.location.shape[4:6])
        if following not in (None, made):
            raise ShapeError(f"layer {i} makes {made}, layer {i + 1} reads {following}: expected the same size")
        if len(layer.location) != n:
            raise ShapeError(f"layer {i} has {len(layer.location)} samples, layer 0 {n}: expected the same")
    height, width = layers[-1].location.shape[4:6]
    pixels = (
        [(height // 2, width // 2)] if pixels is None else [tuple(_arrays.whole(pixel, "pixels", "(y, x)")) for pixel in pixels]
    )
    if not pixels or any(len(pixel) != 2 or not (0 <= pixel[0] < height and 0 <= pixel[1] < width) for pixel in pixels):
        raise ShapeError(f"pixels {pixels}: expected (y, x) of output pixels, of {height} rows of {width}")
    density = xp.zeros_like(layers[-1].location[:, 0, 0, 0, ..., 0])
    for y, x in pixels:
        density[:, y, x] += 1 / len(pixels)
    for layer, size in zip(reversed(layers), reversed(sizes), strict=True):
        share = layer._share()[..., 0]
        weights = density[:, None, None, None] * share
        # A pixel without weight has none to hand on, though its taps may have no sum.
        weights = xp.where(weights == weights, weights, xp.zeros_like(weights))
        made = layer.location.shape[4:6]
        values = weights.reshape(n, 1, -1, made[1])
        places = layer.location.reshape(n, -1, made[1], 2)
        places = xp.where(places == places, places, xp.full_like(places, -2))
        density = splat(values, places, size, coords="pixel").values[:, 0]
    boxes = []
    for sample in np.asarray(density.detach() if xp is not np else density):
        ys, xs = np.nonzero(sample)
        boxes.append([xs.min(), ys.min(), xs.max(), ys.max()] if len(ys) else [-1] * 4)
    box = np.array(boxes, np.int64).reshape(n, 4)
    return ReceptiveField(density, xp.from_numpy(box) if xp is not np else box)


def deform_attention_locations(reference_points, sampling_offsets, spatial_shapes):
    """Where deformable attention samples, in pixels of each level, and how far from the reference point that is.

    Deformable DETR's formula (Zhu et al., ICLR 2021): reference points of two coordinates are moved by `offset / (W, H)`, boxes of four,
    centre and size, by `offset / points * size / 2`. Normalised places go from 0 at the outer edge of the first pixel to 1 at that of the
    last, so that pixel `p` lies at `(p + 0.5) / W`.

    Parameters
    ----------
    reference_points : array or tensor, (N, queries, levels, 2 or 4)
        x, y or x, y, width, height, between 0 and 1.
    sampling_offsets : array or tensor, (N, queries, heads, levels, points, 2)
        x first.
    spatial_shapes : (levels, 2)
        Height and width of each level.

    Returns
    -------
    AttentionLocations(location, displacement, normalized)
        Each (N, queries, heads, levels, points, 2), x first. Tensors carry gradients.

    Raises
    ------
    ShapeError, DTypeError
        If shapes do not fit.

    Examples
    --------
    The middle of a level of 4 x 8 is between pixels, at (3.5, 1.5).

    >>> import numpy as np, displace
    >>> middle = np.full((1, 1, 1, 2), 0.5, np.float32)
    >>> offset = np.float32([0.25, -1]).reshape(1, 1, 1, 1, 1, 2)
    >>> places = displace.deform_attention_locations(middle, offset, [(4, 8)])
    >>> places.location.ravel(), places.displacement.ravel(), places.normalized.ravel()
    (array([3.75, 0.5 ], dtype=float32), array([ 0.25, -1.  ], dtype=float32), array([0.53125, 0.25   ], dtype=float32))
    """
    torch = _arrays.is_torch(reference_points, sampling_offsets)
    like = sampling_offsets
    points, offsets = _enter(reference_points, "reference_points"), _enter(sampling_offsets, "sampling_offsets")
    if offsets.ndim != 6 or offsets.shape[-1] != 2:
        raise ShapeError(
            f"sampling_offsets has shape {tuple(offsets.shape)}: expected (N, queries, heads, levels, points, 2), x first"
        )
    n, queries, _, levels, count, _ = offsets.shape
    if points.ndim != 4 or tuple(points.shape[:3]) != (n, queries, levels) or points.shape[3] not in (2, 4):
        raise ShapeError(
            f"reference_points has shape {tuple(points.shape)}: expected {(n, queries, levels)} and 2 or 4 coordinates"
        )
    if points.dtype != offsets.dtype:
        raise DTypeError(f"reference_points holds {points.dtype}, sampling_offsets {offsets.dtype}: convert one of them")
    sizes = _level_sizes(spatial_shapes, levels)
    xp = _namespace(offsets)
    size = np.array([[width, height] for height, width in sizes], np.float64)
    size = xp.from_numpy(size).to(offsets.dtype).to(offsets.device) if torch else size.astype(offsets.dtype)
    size = size[None, None, None, :, None]
    reference = points[:, :, None, :, None]
    displacement = offsets * 1 if points.shape[3] == 2 else offsets / count * reference[..., 2:] * 0.5 * size
    location = reference[..., :2] * size - 0.5 + displacement
    normalized = reference[..., :2] + displacement / size
    leave = (lambda array: array) if torch else _arrays.leave(like)
    return AttentionLocations(leave(location), leave(displacement), leave(normalized))


def _level_sizes(spatial_shapes: Any, levels: int) -> list[Any]:
    """(H, W) of each level, checked."""
    sizes = (
        spatial_shapes.tolist()
        if hasattr(spatial_shapes, "tolist")
        else [_arrays.whole(size, "spatial_shapes", "(H, W) of each level") for size in spatial_shapes]
    )
    if len(sizes) != levels or any(len(size) != 2 or min(size) < 1 for size in sizes):
        raise ShapeError(f"spatial_shapes is {sizes}: expected (H, W) of {levels} levels")
    return sizes
