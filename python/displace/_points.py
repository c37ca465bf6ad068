"""Points, boxes, polygons and label masks through a map, in both directions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError, ShapeError
from ._field import to_numpy
from ._frames import Given, numbers


class Points(NamedTuple):
    """Where points went: `points`, how many answers there were (`count`), and by how much they miss (`residual`)."""

    points: Any
    count: Any
    residual: Any


def _any(array, what):
    """Numbers of any type, as NumPy sees them."""
    if _arrays.is_torch(array):
        from . import _torch

        return _torch.any_to_numpy(array, what)
    return to_numpy(array, what)


def _numbers(given, what, tail):
    """float64 in C order, with one entry of `tail` numbers for each thing."""
    array = np.ascontiguousarray(_any(given, what), dtype=np.float64)
    if array.ndim < len(tail) or array.shape[array.ndim - len(tail) :] != tail:
        raise ShapeError(f"{what} has shape {array.shape}: expected (..., {', '.join(map(str, tail))}), x first")
    return array


def _back(like, result):
    if _arrays.is_torch(like):
        import torch

        return torch.from_numpy(np.array(result))
    return _arrays.leave(like)(result)


def _numbered(labels):
    """Labels of a type that images do not have as numbers that they do, and what the numbers stand for: 0 for label 0."""
    if _arrays.is_torch(labels) and labels.is_floating_point():
        return None, labels
    array = _any(labels, "labels")
    if array.dtype.kind not in "biu" or array.dtype in (np.uint8, np.uint16, np.int16):
        return None, labels
    known, numbered = np.unique(array, return_inverse=True)
    if len(known) > 65535:
        raise DisplaceError(f"labels has {len(known)} different labels: expected at most 65535")
    table = np.concatenate([np.zeros(1, array.dtype), known])
    return table, (numbered.reshape(array.shape) + 1).astype(np.uint16)


def _given(field, input_size, align_corners, rest, coords, sample):
    # Absolute places count from nothing.
    rest = rest or ("index" if coords != "displacement" and not hasattr(field, "input_size") else None)
    given = Given(field, input_size, align_corners, rest, "field", coords)
    if given.rest is None:
        _arrays.need_rest(given.size, given.own)
    samples = given.shape[0]
    if sample is None and samples != 1:
        raise DisplaceError(f"field has {samples} samples: say which one by sample=")
    sample = 0 if sample is None else sample
    if not 0 <= sample < samples:
        raise DisplaceError(f"sample={sample}: the field has {samples}")
    return given, sample


def transform_points(
    points,
    field,
    direction="push",
    *,
    branch="largest_jacobian",
    input_size=None,
    align_corners=False,
    rest=None,
    coords="displacement",
    sample=None,
):
    """Key points through a map: with the image ("push"), or from the output back to the input ("pull").

    A field says where output pixels read. So what is at a place of the input is found in the output by the inverse: "push" looks
    for the places that read it, cell by cell as `invert` does. "pull" evaluates the map at places of the output.

    Parameters
    ----------
    points : array or tensor, (..., 2) or (..., 3)
        x, y(, z) in pixels, centres at integers: of the input for "push", of the output for "pull".
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        A displacement field, or what `coords` says.
    direction : "push" or "pull"
        Which way.
    branch : "largest_jacobian", "nearest" or "first"
        Which of several answers, as in `invert`.
    input_size, align_corners, rest, coords
        As in `invert`.
    sample : int, optional
        Which map of a batch; needed if there are several.

    Returns
    -------
    Points(points, count, residual)
        `points`: float64, NaN where there is no answer: outside the output's end centres for "pull", read by nobody for "push".
        `count`: the number of answers. `residual`: how far what the map reads at the answer lies from the point, in input pixels.
        No gradients.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    Every pixel reads half a pixel to its right, so what is at 2 goes to 1.5.

    >>> import numpy as np, displace
    >>> field = np.zeros((3, 5, 2), np.float32)
    >>> field[..., 0] = 0.5
    >>> displace.transform_points([[2.0, 1.0], [0.25, 1.0]], field)
    Points(points=array([[1.5, 1. ],
           [nan, nan]]), count=array([1, 0], dtype=int32), residual=array([ 0., nan]))
    >>> displace.transform_points([1.5, 1.0], field, "pull").points
    array([2., 1.])
    """
    given, sample = _given(field, input_size, align_corners, rest, coords, sample)
    array = _numbers(points, "points", (given.axes,))
    moved, count, residual = _core.transform_points(
        array.reshape(-1, given.axes), given.array, given.frame, sample, direction, branch
    )
    shape = array.shape[:-1]
    return Points(
        _back(points, numbers(moved, np.float64, array.shape)),
        _back(points, numbers(count, np.uint32, shape).view(np.int32)),
        _back(points, numbers(residual, np.float64, shape)),
    )


def transform_boxes(
    boxes,
    field,
    direction="push",
    *,
    branch="largest_jacobian",
    input_size=None,
    align_corners=False,
    rest=None,
    coords="displacement",
    sample=None,
):
    """The boxes round what boxes become on their way through a map.

    Places all over each box, at most a pixel apart or 65 along each axis, go through; the box round those that arrive is exact where
    the map is linear. What leaves the image is left out.

    Parameters
    ----------
    boxes : array or tensor, (..., 4) or (..., 6)
        x_min, y_min(, z_min), x_max, y_max(, z_max) in pixels, centres at integers (torchvision's "xyxy" minus half a pixel).
    field, direction, branch, input_size, align_corners, rest, coords, sample
        As in `transform_points`.

    Returns
    -------
    array or tensor, (..., 4) or (..., 6)
        float64; NaN for a box of which nothing arrives.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `transform_points`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((4, 8, 2), np.float32)
    >>> field[..., 0] = 2
    >>> displace.transform_boxes([3, 1, 5, 2], field)
    array([1., 1., 3., 2.])
    """
    given, sample = _given(field, input_size, align_corners, rest, coords, sample)
    array = _numbers(boxes, "boxes", (2 * given.axes,))
    pairs = array.reshape(-1, 2, given.axes)
    moved = _core.transform_boxes(pairs, given.array, given.frame, sample, direction, branch)
    return _back(boxes, numbers(moved, np.float64, array.shape))


def transform_polygons(
    polygons,
    field,
    direction="push",
    *,
    step=1.0,
    branch="largest_jacobian",
    input_size=None,
    align_corners=False,
    rest=None,
    coords="displacement",
    sample=None,
):
    """Polygons through a map: their straight sides become curves, so corners are added first.

    Parameters
    ----------
    polygons : array or tensor (M, 2), or a list of such
        Corners in order, x and y in pixels; the last is joined to the first. A list of pairs of numbers is one polygon.
    step : float or None
        The longest side, in pixels, before they move; None moves the corners alone.
    field, direction, branch, input_size, align_corners, rest, coords, sample
        As in `transform_points`.

    Returns
    -------
    array or tensor (K, 2), or a list of such
        float64; corners that do not arrive are left out.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `transform_points`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((4, 8, 2), np.float32)
    >>> field[..., 0] = 2
    >>> displace.transform_polygons(np.float64([[3, 1], [5, 1], [5, 2]]), field, step=None)
    array([[1., 1.],
           [3., 1.],
           [3., 2.]])
    """
    if step is not None and not step > 0:
        raise DisplaceError(f"step={step}: expected a positive length in pixels, or None")
    one = hasattr(polygons, "shape") or (len(polygons) > 0 and np.ndim(polygons[0]) == 1)
    given = [polygons] if one else list(polygons)
    corners = []
    for polygon in given:
        array = _numbers(polygon, "polygons", (2,))
        if array.ndim != 2:
            raise ShapeError(f"polygons has shape {array.shape}: expected (M, 2) for each polygon, or a list of such")
        corners.append(array if step is None else numbers(_core.densified(array, float(step)), np.float64, (-1, 2)))
    options = {"input_size": input_size, "align_corners": align_corners, "rest": rest, "coords": coords, "sample": sample}
    # All at once: the map is looked through once.
    result = transform_points(np.concatenate([np.empty((0, 2)), *corners]), field, direction, branch=branch, **options)
    ends = np.cumsum([len(array) for array in corners])[:-1]
    parts = zip(given, np.split(result.points, ends), np.split(result.count, ends), strict=True) if given else ()
    moved = [_back(polygon, points[count > 0]) for polygon, points, count in parts]
    return moved[0] if one else moved


def transform_labels(labels, field, direction="push", *, branch="largest_jacobian", align_corners=False, rest=None):
    """Label masks through a map, each pixel with the label of one pixel: nothing is blended.

    "push" moves labels as the image moves, by reading the nearest pixel through the map; "pull" moves labels on the output back to the
    input, through the exact inverse.

    Parameters
    ----------
    labels : array or tensor, (H, W), (C, H, W) or (N, C, H, W); volumes one axis more
        Of the input's size for "push", of the output's for "pull"; of a type that images may have, or bool or other integers with at
        most 65535 labels.
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        A displacement field.
    direction, branch, align_corners, rest
        As in `transform_points`.

    Returns
    -------
    array or tensor
        Labels on the other side, 0 where nothing is read. Same type.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        As `warp` and `invert`.

    Examples
    --------
    >>> import numpy as np, displace
    >>> field = np.zeros((1, 5, 2), np.float32)
    >>> field[..., 0] = 2
    >>> labels = np.uint8([[1, 2, 3, 4, 5]])
    >>> displace.transform_labels(labels, field), displace.transform_labels(labels, field, "pull")
    (array([[3, 4, 5, 0, 0]], dtype=uint8), array([[0, 0, 1, 2, 3]], dtype=uint8))
    """
    from ._invert import invert
    from ._warp import warp

    if direction not in ("push", "pull"):
        raise DisplaceError(f"unknown direction {direction!r}: expected 'pull' or 'push'")
    if direction == "pull":
        known = hasattr(field, "input_size")
        if rest is not None and not known:
            raise DisplaceError("labels go back between other sizes through a Field, which knows both sizes and its rest")
        field = invert(field, align_corners=align_corners and not known, branch=branch).field
        align_corners, rest = align_corners and not known, None
    table, numbered = _numbered(labels)
    if table is None:
        moved = warp(labels, field, "nearest", align_corners=align_corners, rest=rest)
        # A sampler reads NaN, where the type has it, at a place that is not known.
        if (moved == moved).all():
            return moved
        known = _back(labels, np.nan_to_num(to_numpy(moved, "labels"), posinf=np.inf, neginf=-np.inf))
        return known.to(labels.dtype) if _arrays.is_torch(labels) else known
    if hasattr(field, "input_size"):
        by = to_numpy(field.displacement, "field")
        places = type(field)(by, field.input_size, align_corners=field.align_corners, rest=field.rest)
    else:
        places = to_numpy(field, "field")
    return _back(labels, table[warp(numbered, places, "nearest", align_corners=align_corners, rest=rest)])
