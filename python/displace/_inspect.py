"""What an array is, in a few honest lines."""

from __future__ import annotations

import html
import json

import numpy as np

from . import _arrays, _core
from ._displacement import displacement
from ._errors import DisplaceError
from ._field import Field, image_tag, to_numpy


class Report:
    """A report: `print` it, look at it in a notebook, or take `facts` from it.

    Attributes
    ----------
    lines : list of (heading, text)
        What people read; the same lines as the command's `displace info`.
    facts : dict
        The same as numbers, by name.
    """

    __slots__ = ("_field", "facts", "lines")

    def __init__(self, lines, facts, field=None):
        self.lines = lines
        self.facts = facts
        self._field = field

    def __getitem__(self, name):
        return self.facts[name]

    def __repr__(self):
        width = max((len(head) for head, _ in self.lines), default=0)
        return "\n".join(f"{head:<{width}}  {text}" for head, text in self.lines)

    def _repr_html_(self):
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(head)}</th><td style="text-align:left">{html.escape(text)}</td></tr>'
            for head, text in self.lines
        )
        picture = image_tag(self._field) if self._field is not None else ""
        return f"<div><table>{rows}</table>{picture}</div>"


def inspect(array, input_size=None, align_corners=None, *, rest=None, kind=None):
    """A report on a grid, a field or any array: range, what is read outside, folds, and what limits its precision.

    Parameters
    ----------
    array : Field, array or tensor
        A `Field`; or locations, if `kind` says so; or anything of numbers, of which shape, dtype and range are reported.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read. Needed for a grid.
    align_corners : bool, optional
        As in `grid_sample`. Needed for a grid.
    rest : "index", "extent" or None
        Where "no displacement" reads; needed if the sizes differ.
    kind : "grid", "displacement" or None
        What the numbers are. Nothing is guessed, but lines of "doubt" say what speaks clearly against it; see `guess`.

    Returns
    -------
    Report

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing or does not fit.

    Examples
    --------
    >>> import numpy as np, displace
    >>> identity = displace.affine_grid(np.float32([[[1, 0, 0], [0, 1, 0]]]), (1, 1, 4, 4), align_corners=False)
    >>> report = displace.inspect(identity, (4, 4), False, kind="grid")
    >>> report["mean_px"], report["reads"]["inside"], report["cells"]["folded"]
    (0.0, 16, 0)
    """
    if isinstance(array, Field):
        if input_size is not None or align_corners is not None or rest is not None or kind not in (None, "displacement"):
            raise DisplaceError("a Field knows its input_size, align_corners, rest and kind: leave them out")
        input_size, align_corners, rest, kind = array.input_size, array.align_corners, array.rest, "displacement"
        array = array.displacement
    numbers = to_numpy(array, "array")
    if kind is not None:
        _arrays.check_memory(numbers, "array")
    _arrays.check_words("nearest", "zeros", "normalized", rest)
    if kind is None:
        known = numbers if _arrays.is_image(numbers.dtype) or numbers.dtype.kind not in "iub" else numbers.astype(np.float64)
        lines, facts = _core.inspect(np.asarray(known, order="C"), None, None, False, None)
        if known is not numbers:
            lines[0] = ("array", f"{numbers.dtype} {numbers.shape}")
            facts = json.dumps(json.loads(facts) | {"dtype": numbers.dtype.name})
        if input_size is not None or align_corners is not None:
            raise DisplaceError('input_size and align_corners describe locations: say kind="grid" or kind="displacement"')
        if numbers.ndim >= 3 and numbers.shape[-1] in (2, 3) and numbers.dtype.kind == "f":
            lines.append(
                ("meaning", 'may hold locations: add kind="grid" with input_size and align_corners, or kind="displacement"')
            )
        return Report(lines, json.loads(facts))
    axes = _arrays.check_locations(numbers.shape, "array", unbatched=True)
    size = None if input_size is None else _arrays.check_size(input_size, axes)
    if kind == "grid" and (size is None or align_corners is None):
        raise DisplaceError("a grid's report needs input_size, the size of the image it reads, and align_corners")
    batch = np.ascontiguousarray(_arrays.batched(numbers, axes))
    lines, facts = _core.inspect(batch, kind, size, bool(align_corners), rest)
    doubts, found = _doubts(batch, kind, size, bool(align_corners))
    lines, facts = lines + doubts, json.dumps(json.loads(facts) | found)
    if kind == "grid":
        batch = displacement(batch, size, align_corners=align_corners, rest=rest)
    return Report(lines, json.loads(facts), Field(batch, size, align_corners=bool(align_corners), rest=rest))


def _doubts(batch, kind, size, align_corners):
    """What speaks clearly against what the numbers are said to be."""
    declared = {"grid": "torch_grid_aligned" if align_corners else "torch_grid", "displacement": "flow"}.get(kind)
    if declared is None or 0 in batch.shape or not np.isfinite(batch[:1]).any():
        return [], {"findings": []}
    lines, facts = _core.guess(batch[:1], size, declared, None, None, None, True)
    return lines, json.loads(facts)
