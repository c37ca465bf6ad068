"""What numbers may mean."""

from __future__ import annotations

import json
import os

from . import _arrays, _core
from ._errors import DisplaceError
from ._field import Field
from ._inspect import Report
from ._stored import StoredField, Transform, Volume, dense


def guess(array, input_size=None, *, declared=None, source=None, destination=None, recorded=False):
    """Which conventions numbers may have, the likeliest first, with evidence; and what speaks against the one declared.

    Numbers alone tell locations from displacements, often the extent and the layout. The sign, pull or push, and x or y first take two
    images.

    Parameters
    ----------
    array : array, tensor, Field, StoredField or path
        Numbers that say where pixels go.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read. A `Field` knows it.
    declared : str, optional
        What somebody says they are: see `conventions`.
    source, destination : array, tensor, Volume or path, optional
        The image that is read, and what it looks like when it is warped by the numbers: the other frame, the fixed image.
    recorded : bool
        Whether the destination is the very output of a sampler.

    Returns
    -------
    Report
        `report["candidates"]` has conventions, confidences (0 to 1) and evidence, `report["findings"]` what speaks clearly against
        `declared`.

    Raises
    ------
    DisplaceError
        If no axis can be that of components, the images do not fit, or there is nothing to guess: a transform, an image.

    Examples
    --------
    The identity for an image of 3 rows and 4 columns, align_corners=True, declared to be align_corners=False.

    >>> import numpy as np, displace
    >>> grid = displace.affine_grid(np.float64([[[1, 0, 0], [0, 1, 0]]]), (1, 1, 3, 4), align_corners=True)
    >>> report = displace.guess(grid, declared="torch_grid")
    >>> report["candidates"][0]["convention"], report["findings"][0]["fault"]
    ('torch_grid_aligned', 'WrongExtent')
    """
    if (source is None) != (destination is None):
        raise DisplaceError(
            "source and destination go together: the image that is read, and what it looks like when it is warped"
        )
    if isinstance(array, (str, os.PathLike)):
        from ._files import read

        array = read(array)
    here = there = None
    if isinstance(array, Transform):
        raise DisplaceError("a transform says what it is: nothing to guess")
    if isinstance(array, Volume):
        raise DisplaceError("an image: numbers that say where pixels go are expected")
    if isinstance(array, dict):
        array, declared = _member(array, declared)
    if isinstance(array, Field):
        here = array.placement
        declared = declared or "flow"
        input_size = array.input_size if input_size is None else input_size
        array = array.displacement
    elif isinstance(array, StoredField):
        here = array.placement
        if declared is None and len(array.readings) == 1:
            declared = array.readings[0]
        array = array.array
    pair = None
    if source is not None:
        (source, there), (destination, _) = _image(source, "source"), _image(destination, "destination")
        pair = (source, destination, bool(recorded))
    size = None if input_size is None else [int(n) for n in _arrays.whole(input_size, "input_size", "(H, W) or (D, H, W)")]
    lines, facts = _core.guess(
        dense(array, "array"),
        size,
        declared,
        pair,
        None if here is None else here._place(),
        None if there is None else there._place(),
        False,
    )
    return Report(lines, json.loads(facts))


def _member(archive, declared):
    """The one array of an archive that may be meant, and what it is called."""
    if "displacement" in archive:
        return archive["displacement"], declared or "flow"
    if len(archive) != 1:
        raise DisplaceError(f"an archive of {', '.join(archive)}: give one of its arrays")
    return next(iter(archive.values())), declared


def _image(image, what):
    if isinstance(image, (str, os.PathLike)):
        from ._files import read

        image = read(image)
    placement = image.placement if isinstance(image, Volume) else None
    return dense(image.array if isinstance(image, Volume) else image, what), placement
