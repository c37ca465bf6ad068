"""One converter for every convention."""

from __future__ import annotations

import json
import os

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError
from ._field import Field, to_numpy
from ._inspect import Report
from ._stored import StoredField, Transform, Volume, copied, pixels_of

_PRECISIONS = {None: None, "float32": False, "float64": True}


def convert(
    array,
    src=None,
    dst=None,
    *,
    input_size=None,
    source=None,
    reference=None,
    rest=None,
    align_corners=None,
    invert=False,
    dtype=None,
    report=False,
):
    """Numbers of one convention as those of another.

    What comes out is the number that the real number behind the given one becomes, rounded once. Nothing is guessed: what is not known has
    to be named.

    Parameters
    ----------
    array : array, tensor, Field, StoredField, Transform or path
        Numbers that say where pixels go. A path is read first.
    src : str, optional
        What they are: a convention's name (`conventions` lists them) and what differs from it, such as "flow,order=ij,layout=first". May be
        left out where the object or file says it.
    dst : str
        What they are to be.
    input_size : (H, W) or (D, H, W), optional
        Size of the image that is read. Needed where a convention depends on it: normalised units, fractions, y upwards.
    source : "same", Volume, StoredField, Field, array or path, optional
        The image that is read, instead of `input_size`; for conventions in mm, which need its place. "same": it has the pixels of the field.
        An array is (H, W) or (D, H, W), or has up to 4 channels at its end as images read from files do; channels first are refused.
    reference : Volume, StoredField, Field or path, optional
        An image with the field's own pixels, where the field does not know their place; and the pixels on which a transform is worked
        out.
    rest : "index", "extent" or None
        What pixel displacements count from; needed if the sizes differ.
    align_corners : bool, optional
        What the ends of the image are that rest "extent" counts by, where the conventions do not say it.
    invert : bool
        Whether the map is inverted if one convention pulls and the other pushes. Pixels reached by nobody are NaN.
    dtype : "float32", "float64" or None
        Of the result; None keeps it (half types become float32).
    report : bool
        Whether a report on what was taken for true and what changed comes too.

    Returns
    -------
    array or tensor
        The numbers, in the layout of `dst`; a tensor for a tensor. No gradients.
    Report
        With `report=True`, beside the array: the same lines as the command's `displace convert`.

    Raises
    ------
    DisplaceError
        If something is missing, unknown or does not fit: the choices.

    Examples
    --------
    Half a pixel to the right in an image of 4 columns is a quarter of torch's range.

    >>> import numpy as np, displace
    >>> flow = np.zeros((1, 4, 2), np.float32)
    >>> flow[..., 0] = 0.5
    >>> displace.convert(flow, "flow", "torch_grid", input_size=(1, 4))[0, :, 0]
    array([-0.5,  0. ,  0.5,  1. ], dtype=float32)
    >>> displace.convert(flow, "flow", "scipy").shape
    (2, 1, 4)
    """
    if dst is None:
        raise DisplaceError(f"dst is missing: name what the numbers are to be, one of {', '.join(conventions())}")
    name = None if dtype is None else np.dtype(dtype).name
    if name not in _PRECISIONS:
        raise DisplaceError(f"dtype is {dtype!r}: expected float32, float64 or None")
    if isinstance(array, (str, os.PathLike)):
        array = _core.hold_file(os.fspath(array))
    torch = _arrays.is_torch(array)
    held, src, known = _held(array, src)
    same = isinstance(source, str) and source == "same"
    if source is not None and input_size is not None:
        raise DisplaceError("source and input_size both say the size of the image that is read: leave out one")
    image = None
    if input_size is not None:
        image = ([int(length) for length in _arrays.whole(input_size, "input_size", "(H, W) or (D, H, W)")], None)
    elif source is not None and not same:
        image = pixels_of(source, "source", held.axes(src))
    if known is not None:
        _agree(known, image, same, rest, align_corners)
        rest, align_corners = known.rest, known.align_corners
        if image is None and not same:
            image = (list(known.input_size), None)
    out, lines, facts = _core.convert(
        held,
        src,
        dst,
        image,
        same,
        None if reference is None else pixels_of(reference, "reference", held.axes(src)),
        (rest, None if align_corners is None else bool(align_corners)),
        bool(invert),
        _PRECISIONS[name],
    )
    result = copied(out.array())
    if torch:
        import torch as library

        result = library.from_numpy(result)
    elif not isinstance(array, (Field, StoredField, Transform, _core.Held)):
        result = _arrays.leave(array)(result)
    return (result, Report(lines, json.loads(facts))) if report else result


def _agree(field, image, same, rest, align_corners):
    """That nobody contradicts what a field knows of itself."""
    own = tuple(field.shape[-1 - len(field.input_size) : -1])
    named = own if same else None if image is None else tuple(image[0])
    against = []
    if named not in (None, tuple(field.input_size)):
        against.append(f"an input of {named}")
    # Between equal sizes both rests are the same.
    if rest not in (None, field.rest) and own != tuple(field.input_size):
        against.append(f"rest={rest!r}")
    if align_corners not in (None, field.align_corners):
        against.append(f"align_corners={align_corners}")
    if against:
        raise DisplaceError(
            f"{' and '.join(against)} contradict{'s' * (len(against) == 1)} what the field says of itself: {field!r}"
        )


def _held(array, src):
    """The core's own, the convention that is still to be named, and the field that knows its sizes."""
    if isinstance(array, _core.Held):
        return array, src, None
    if isinstance(array, (StoredField, Transform)):
        return array._held, src, None
    if isinstance(array, Volume):
        raise DisplaceError("a Volume is an image: numbers that say where pixels go are expected")
    if isinstance(array, Field):
        if src not in (None, "flow"):
            raise DisplaceError(f'a Field is "flow"; src={src!r} contradicts it')
        numbers = to_numpy(array.displacement, "field")
        place = None if array.placement is None else array.placement._place()
        return _core.hold(np.asarray(numbers, order="C"), ["flow"], None, place, []), None, array
    if isinstance(array, dict):
        raise DisplaceError(f"an archive of {', '.join(array)}: give one of its arrays")
    if src is None:
        raise DisplaceError(f"src is missing: an array does not say what its numbers are; one of {', '.join(conventions())}")
    numbers = to_numpy(array, "array")
    _arrays.check_memory(numbers, "array")
    return _core.hold(np.asarray(numbers, order="C"), [], None, None, []), src, None


def conventions():
    """The conventions that have a name, and what each means.

    Parameters
    ----------
    None

    Returns
    -------
    dict of str to str

    Raises
    ------
    Nothing.

    Examples
    --------
    >>> import displace
    >>> displace.conventions()["tfa"]
    'TensorFlow Addons dense_image_warp: reads at rest minus flow, row first'
    """
    return {name: about for name, _, about in _core.conventions()}
