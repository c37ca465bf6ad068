"""Files in and out."""

from __future__ import annotations

import os

import numpy as np

from . import _arrays, _core
from ._errors import DisplaceError
from ._field import Field, to_numpy
from ._stored import Placement, StoredField, Transform, Volume


def read(path):
    """What a file holds, whatever its name ends in.

    Parameters
    ----------
    path : str or os.PathLike
        An array (.npy), an archive of arrays or a field (.npz), an image (PNG, JPEG, TIFF, EXR, PFM), a volume (NIfTI, MetaImage,
        NRRD), a flow (.flo, .flo5), OpenCV's matrices, tensors (safetensors, .pt), a displacement field of ITK, ANTs, FSL, AFNI, SPM,
        MRtrix or nitransforms (NIfTI, .mha, .nrrd, .x5), a transform of ITK or AFNI (.h5, .tfm, .txt, .mat, .1D), or an OME-Zarr
        folder.

    Returns
    -------
    numpy.ndarray
        Of an array; of an image, (H, W) when grey, otherwise (H, W, C).
    Field
        Of a field written by `write` or by the command.
    dict of numpy.ndarray
        Of any other archive.
    StoredField
        Of other formats' numbers that say where pixels go: `convert` makes any convention of it.
    Volume
        Of an image that knows where its pixels lie.
    Transform
        Of a map of places in mm.

    Raises
    ------
    OSError
        Python's own, `FileNotFoundError` and so on.
    FileFormatError
        If the file is damaged, or of no known kind: what was found and what expected.

    Examples
    --------
    >>> import numpy as np, displace, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "field.npz")
    >>> displace.write(path, displace.Field(np.zeros((1, 4, 6, 2), np.float32)))
    >>> displace.read(path)
    Field(float32 (1, 4, 6, 2), input_size=(4, 6), align_corners=False, rest='index')
    """
    kind, members, notes, held = _core.read(os.fspath(path))
    if kind == "located":
        return StoredField._of(held)
    if kind == "volume":
        return Volume._of(held)
    if kind == "transform":
        return Transform._of(held)
    arrays = {}
    for name, stored in members:
        arrays[name] = np.empty(stored.shape, stored.dtype)
        stored.copy_into(arrays[name])
    if kind == "field":
        size, align_corners, rest, place = notes
        displacement, coverage = arrays["displacement"], arrays.get("coverage")
        if coverage is not None and coverage.shape != displacement.shape[:-1]:
            coverage = coverage.reshape(displacement.shape[:-1])
        return Field(
            displacement, size, align_corners=align_corners, rest=rest, coverage=coverage, placement=Placement._of(place)
        )
    return arrays if kind == "archive" else arrays[""]


def write(path, array, *, compress=False):
    """Writes a field, an array, arrays or an image: the whole file or, if that fails, none.

    Parameters
    ----------
    path : str or os.PathLike
        The extension says what is written: .npy, .npz, .png, .jpg, .tif; for a `StoredField` any format that holds its convention, for
        a `Volume` .nii, .nii.gz, .mha, .mhd or .nrrd, for a `Transform` .tfm, .txt or .h5.
    array : Field, StoredField, Volume, Transform, array or tensor, or dict of them
        A `Field` as .npz keeps everything that gives it meaning (the command reads it too), as .npy only its numbers. Arrays
        go to .npy, or to images if their shape is (H, W) or (H, W, C); a dict of arrays to .npz.
    compress : bool
        Whether the members of an .npz are deflated: smaller and slower.

    Raises
    ------
    OSError
        Python's own, `FileNotFoundError` and so on.
    DisplaceError
        If what is to be written does not fit the kind of file.

    Examples
    --------
    >>> import numpy as np, displace, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "grid.npy")
    >>> displace.write(path, np.zeros((1, 4, 6, 2), np.float32))
    >>> np.load(path).shape
    (1, 4, 6, 2)
    """
    path = os.fspath(path)
    if isinstance(array, (StoredField, Transform, Volume)):
        _core.write_held(path, array._held)
        return
    notes = None
    archive = path.lower().endswith(".npz")
    if isinstance(array, Field):
        field = to_numpy(array.displacement, "field")
        axes = field.shape[-1]
        members = {"displacement" if archive else "": _arrays.batched(field, axes) if archive else field}
        if archive:
            place = None if array.placement is None else array.placement._place()
            notes = (list(array.input_size), array.align_corners, array.rest, place)
            if array.coverage is not None:
                members["coverage"] = _arrays.batched(to_numpy(array.coverage, "coverage"), axes - 1)
    elif isinstance(array, dict):
        if not archive:
            raise DisplaceError(f"{path}: several arrays are written as .npz")
        members = {name: to_numpy(member, name) for name, member in array.items()}
    elif archive:
        raise DisplaceError(
            f"{path}: a bare array says too little for an archive: give displace.Field(array, ...) or a dict of arrays"
        )
    else:
        members = {"": to_numpy(array, "array")}
    _core.write(path, [(name, np.asarray(member, order="C")) for name, member in members.items()], notes, bool(compress))
