"""Where a map folds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._frames import Given, numbers


class Extreme(NamedTuple):
    """An extreme Jacobian `determinant`, the `sample`, and the `cell`: its first pixel, in the order of the array's axes."""

    determinant: float
    sample: int
    cell: tuple[int, ...]


class Folding(NamedTuple):
    """The folds of a map: `cells`, those `folded`, `mirrored` and `undecided`, extremes, areas, and the `mask`."""

    cells: int
    folded: int
    mirrored: int
    undecided: int
    smallest: Extreme | None
    largest: Extreme | None
    area: float
    folded_area: float | None
    mask: Any


def folding(field, *, input_size=None, align_corners=False, rest=None):
    """Every fold of a field's interpolated map, found exactly.

    Between four (eight) neighbouring output pixels the map is bilinear (trilinear). Its Jacobian determinant is most extreme at a
    square's corners; in cubes Bernstein bounds decide. Where it is positive everywhere, the map is one to one in each cell.
    Central differences do not find all folds.

    Parameters
    ----------
    field : Field, array or tensor, (N, H, W, 2) or (N, D, H, W, 3); N may be left out
        Displacements in input pixels, x first.
    input_size, align_corners, rest
        As in `invert`.

    Returns
    -------
    Folding(cells, folded, mirrored, undecided, smallest, largest, area, folded_area, mask)
        `folded`: cells where the determinant is not positive somewhere; `mirrored`: those where it is negative everywhere;
        `undecided`: cells with a corner that is not finite. `smallest`, `largest`: extreme determinants and where. `area`: the
        non-diffeomorphic area (volume) of Liu et al. (arXiv 2212.06060) in input pixels; `folded_area`: the area turned over, exactly
        (None for volumes). `mask`: (N, H - 1, W - 1) or (N, D - 1, H - 1, W - 1), which cells are folded.

    Raises
    ------
    RestError, ShapeError, DTypeError, DeviceError, DisplaceError
        If something is missing, unknown or does not fit.

    Examples
    --------
    The second pixel of the first row reads to the right of the third.

    >>> import numpy as np, displace
    >>> field = np.zeros((2, 3, 2), np.float32)
    >>> field[0, 1, 0] = 1.5
    >>> folds = displace.folding(field)
    >>> folds.folded, folds.mask
    (1, array([[False,  True]]))
    >>> folds.smallest
    Extreme(determinant=-0.5, sample=0, cell=(0, 1))
    """
    given = Given(field, input_size, align_corners, rest, "field")
    counts, smallest, largest, area, folded_area, mask = _core.folding(given.array, given.frame)
    shape = (given.array.shape[0], *(max(length - 1, 0) for length in given.own))
    extremes = [None if e is None else Extreme(e[0], e[1], tuple(e[2])) for e in (smallest, largest)]
    return Folding(*counts, *extremes, area, folded_area, given.back(numbers(mask, np.bool_, shape)))
