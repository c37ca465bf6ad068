"""A displacement field together with what gives its numbers meaning."""

from __future__ import annotations

import base64
import html
from types import GenericAlias
from typing import Any

import numpy as np

from . import _arrays, _core
from ._errors import ShapeError


class Field:
    """A displacement field that knows the image it reads.

    `displacement` and the other functions give plain arrays; a `Field` adds the size of the input, `align_corners` and
    `rest`, so that it can be written to a file, warped with and shown without saying them again.

    Parameters
    ----------
    displacement : array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacements in input pixels, x first, pull direction.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read; the field's own if left out.
    align_corners : bool
        What -1..+1 spans in that image; plays a part in reflection and in rest "extent".
    rest : "index", "extent" or None
        Where "no displacement" reads; needed if the sizes differ.
    coverage : array, optional
        The share of each result that comes from the image, as `effective_displacement` gives it.
    placement : Placement, optional
        Where the field's own pixels lie: what `convert` goes by to and from conventions in mm. Files keep it.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = displace.Field(np.full((4, 6, 2), 0.5, np.float32))
    >>> field
    Field(float32 (4, 6, 2), input_size=(4, 6), align_corners=False, rest='index')
    >>> displace.warp(np.arange(24.0).reshape(4, 6), field)[0, :2]
    array([3.5, 4.5])
    """

    __slots__ = ("align_corners", "coverage", "displacement", "input_size", "placement", "rest")

    # Field[ndarray] in annotations.
    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, displacement, input_size=None, *, align_corners=False, rest=None, coverage=None, placement=None):
        if not hasattr(displacement, "shape"):
            displacement = _arrays.enter(displacement, "displacement")
        axes = _arrays.check_locations(displacement.shape, "displacement", unbatched=True)
        own = tuple(displacement.shape[-1 - axes : -1])
        size = own if input_size is None else tuple(_arrays.check_size(input_size, axes))
        _arrays.check_words("nearest", "zeros", "normalized", rest)
        if coverage is not None and tuple(coverage.shape) != tuple(displacement.shape[:-1]):
            raise ShapeError(f"coverage has shape {tuple(coverage.shape)}: expected {tuple(displacement.shape[:-1])}")
        if placement is not None:
            from ._stored import Placement

            if not isinstance(placement, Placement):
                raise TypeError(f"placement is {type(placement).__name__}: expected a displace.Placement")
            if len(placement.spacing) != axes:
                raise ShapeError(f"placement has {len(placement.spacing)} axes: expected {axes}, as the field has components")
        if rest is None and size == own:
            rest = "index"
        if rest is None:
            _arrays.need_rest(size, own)
        self.displacement = displacement
        self.input_size = size
        self.align_corners = bool(align_corners)
        self.rest = rest
        self.coverage = coverage
        self.placement = placement

    @property
    def shape(self):
        """Shape of the displacements."""
        return tuple(self.displacement.shape)

    def __array__(self, dtype=None, copy=None):
        array = to_numpy(self.displacement, "field")
        return np.array(array, dtype=dtype, copy=copy) if copy is not None else np.asarray(array, dtype=dtype)

    def __repr__(self):
        return (
            f"Field({str(self.displacement.dtype).removeprefix('torch.')} {self.shape}, input_size={self.input_size}, "
            f"align_corners={self.align_corners}, rest={self.rest!r}"
            f"{'' if self.placement is None else f', placement={self.placement!r}'})"
        )

    def _repr_html_(self):
        return f"<div>{html.escape(repr(self))}<br>{image_tag(self)}</div>"

    def _repr_png_(self):
        return None if 0 in self.shape else picture(self)


def to_numpy(array: Any, what: str) -> np.ndarray:
    """Anybody's array as NumPy's, to look at."""
    if _arrays.is_torch(array):
        from . import _torch

        return _torch.to_numpy(array, what)
    return _arrays.enter(array, what)


def picture(field: Field, style: str = "lattice", scale: float = 0.75) -> bytes:
    """A PNG of the first sample, and of the middle slice of a volume."""
    array = to_numpy(field.displacement, "field")
    array = _arrays.batched(array, array.shape[-1])
    return _core.picture(array, style, list(field.input_size), field.align_corners, field.rest, 0, scale)


def image_tag(field: Field) -> str:
    """The picture for notebooks; nothing for a field without pixels."""
    if 0 in field.shape:
        return ""
    return f'<img alt="lattice of the field" src="data:image/png;base64,{base64.b64encode(picture(field)).decode()}">'
