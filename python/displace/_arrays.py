"""Whose array is it? NumPy arrays and torch tensors are used as they are, other libraries' through DLPack, lists by copy."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from ._errors import DeviceError, DisplaceError, DTypeError, RestError, ShapeError

# By dtype rather than by name: a dtype's name is made anew each time.
_FLOATS: dict[Any, np.dtype[Any]] = {
    np.dtype(np.float16): np.dtype(np.float32),
    np.dtype(np.float32): np.dtype(np.float32),
    np.dtype(np.float64): np.dtype(np.float64),
}
_IMAGES = {np.dtype(kind) for kind in (np.uint8, np.uint16, np.int16, np.float16, np.float32, np.float64)}
_SPLINES = tuple(f"bspline{order}" for order in (2, 3, 4, 5))
MODES = (
    *("bilinear", "nearest", "bicubic", "linear", "trilinear", "cubic", "tricubic"),
    *("catmull-rom", "mitchell", "lanczos3", "lanczos4"),
    *_SPLINES,
    *(f"{spline}-coefficients" for spline in _SPLINES),
)
_WORDS = (
    ("mode", MODES),
    ("padding_mode", ("zeros", "border", "reflection", "wrap", "constant")),
    ("coords", ("normalized", "pixel", "displacement")),
    ("rest", (None, "index", "extent")),
)
_KNOWN = frozenset(itertools.product(*(known for _, known in _WORDS)))


def is_image(dtype: np.dtype[Any]) -> bool:
    """Whether images may have this dtype."""
    return dtype in _IMAGES


def traced() -> bool:
    """Whether torch.compile reads this code rather than runs it; said to be so until torch tensors have come."""
    return True


def is_torch(*arrays: Any) -> bool:
    """Whether these are torch tensors. torch is never imported here: who has a tensor has imported it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    ours = [isinstance(array, torch.Tensor) for array in arrays]
    if any(ours) and not all(ours):
        kinds = ", ".join(type(array).__name__ for array in arrays)
        raise DTypeError(f"torch tensors beside others ({kinds}): convert one of them, for example with torch.from_numpy")
    return any(ours)


def enter(given: Any, what: str) -> npt.NDArray[Any]:
    """A NumPy view of anybody's array; a copy only of lists, of foreign byte order and of misaligned memory."""
    array: npt.NDArray[Any]
    if isinstance(given, np.ndarray):
        array = given
    elif hasattr(given, "__dlpack__") and hasattr(given, "__dlpack_device__"):
        device = int(given.__dlpack_device__()[0])
        if device != 1:
            raise DeviceError(
                f"{what} lies on DLPack device {device}: displace works on the CPU (device 1), so move it there first"
            )
        try:
            array = np.from_dlpack(given)
        except BufferError as error:
            raise DTypeError(f"{what} cannot be read by NumPy through DLPack ({error}): convert it first") from error
    else:
        array = np.asarray(given)
    if (
        not array.dtype.isnative
        or not array.flags.aligned
        or (array.itemsize and any(step % array.itemsize for step in array.strides))
    ):
        array = array.astype(array.dtype.newbyteorder("="), order="C")
    return array


def leave(like: Any) -> Callable[[npt.NDArray[Any]], Any]:
    """How results go back to the library of `like`."""
    namespace = getattr(like, "__array_namespace__", None)
    if isinstance(like, np.ndarray) or namespace is None:
        return lambda result: result
    library = namespace()

    def convert(result: npt.NDArray[Any]) -> Any:
        try:
            return library.from_dlpack(result)
        except (AttributeError, BufferError, TypeError):
            return library.asarray(result)

    return convert


def real_dtype(array: npt.NDArray[Any], what: str) -> np.dtype[Any]:
    """What locations of this dtype are computed in, and displacements made of."""
    try:
        return _FLOATS[array.dtype]
    except KeyError:
        raise DTypeError(
            f"{what} holds {array.dtype}: expected float16, float32 or float64; convert it first, for example with .astype('float32')"
        ) from None


def check_locations(shape: tuple[int, ...], what: str, unbatched: bool = False) -> int:
    """The number of axes that locations of this shape have components for: 2 or 3."""
    axes = int(shape[-1]) if shape else 0
    if axes in (2, 3) and (len(shape) == axes + 2 or (unbatched and len(shape) == axes + 1)):
        return axes
    or_less = ", N may be left out" if unbatched else ""
    raise ShapeError(
        f"{what} has shape {tuple(shape)}: expected (N, H, W, 2) or (N, D, H, W, 3){or_less}; the last axis is x, y(, z)"
    )


def whole(lengths: Any, what: str, expected: str) -> list[int]:
    """Lengths as whole numbers; while torch traces, also ones that it does not know yet."""
    if not hasattr(lengths, "__iter__"):
        raise ShapeError(f"{what} is {lengths!r}: expected {expected}")
    try:
        # An int is left alone: while torch traces it may stand for any length.
        return [length if isinstance(length, int) or _symbolic(length) else index(length) for length in lengths]
    except TypeError:
        raise DTypeError(f"{what} is {lengths!r}: expected whole numbers, {expected}") from None


def check_size(input_size: Any, axes: int) -> list[int]:
    """A size in array order with one entry for each axis."""
    expected = f"{'(H, W)' if axes == 2 else '(D, H, W)'}, the size of the image that is read (image.shape[2:])"
    size = whole(input_size, "input_size", expected)
    if len(size) != axes or any(not _symbolic(length) and not 1 <= length < 2**63 for length in size):
        raise ShapeError(f"input_size is {input_size!r}: expected {expected}")
    return size


def _symbolic(length: Any) -> bool:
    """Whether torch is tracing with a size it does not know yet."""
    return type(length).__name__ == "SymInt"


def check_sample(image: tuple[int, ...], grid: tuple[int, ...]) -> None:
    """torch's own checks of `grid_sample`, with its words where they help."""
    if len(image) not in (4, 5):
        raise ShapeError(f"grid_sample(): expected 4D or 5D input, but got input with sizes {list(image)}")
    if len(grid) != len(image):
        raise ShapeError(
            f"grid_sample(): expected grid and input to have same number of dimensions, "
            f"but got input with sizes {list(image)} and grid with sizes {list(grid)}"
        )
    if grid[-1] != len(image) - 2:
        raise ShapeError(
            f"grid_sample(): expected grid to have size {len(image) - 2} in last dimension, but got grid with sizes {list(grid)}"
        )
    if grid[0] != image[0]:
        raise ShapeError(
            f"grid_sample(): expected grid and input to have same batch size, but got input with sizes {list(image)} "
            f"and grid with sizes {list(grid)}; a batch of one can be repeated without a copy by expand or numpy.broadcast_to"
        )
    for axis, length in enumerate(image[2:], start=2):
        if length == 0:
            raise ShapeError(
                f"grid_sample(): expected input to have non-empty spatial dimensions, "
                f"but input has sizes {list(image)} with dimension {axis} being empty"
            )


def check_words(mode: str, padding_mode: str, coords: str, rest: str | None) -> None:
    """Names, before any work."""
    try:
        if (mode, padding_mode, coords, rest) in _KNOWN:
            return
    except TypeError:  # not hashable: the loop says what it is
        pass
    for (what, known), found in zip(_WORDS, (mode, padding_mode, coords, rest), strict=True):
        if found not in known:
            names = ", ".join(repr(name) for name in known)
            raise DisplaceError(f"expected {what} to be one of {names}, but got: {found!r}")


def prepare_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[npt.NDArray[Any], Callable[[], None]]:
    """Memory for a result, and what to do when it is there: into `out` itself if that is C-contiguous, else by a copy."""
    if out is None:
        return np.empty(shape, dtype), lambda: None
    if not isinstance(out, np.ndarray):
        raise DTypeError(f"out is a {type(out).__name__}: expected a NumPy array, as the inputs are")
    if out.shape != shape or out.dtype != dtype:
        raise ShapeError(f"out is {out.dtype} {out.shape}: the result is {dtype} {shape}")
    if not out.flags.writeable:
        raise ShapeError("out is read-only")
    if out.flags.c_contiguous and out.flags.aligned:
        return out, lambda: None
    result = np.empty(shape, dtype)
    return result, lambda: np.copyto(out, result)


def batched(array: npt.NDArray[Any], axes: int) -> npt.NDArray[Any]:
    """Locations with a sample axis: a view."""
    return array[None] if array.ndim == axes + 1 else array


def need_rest(source: tuple[int, ...], destination: tuple[int, ...]) -> None:
    """The core's own question, for what does not pass through it."""
    sizes = ["x".join(map(str, size)) for size in (source, destination)]
    raise RestError(
        f"the source is {sizes[0]} and the destination {sizes[1]}: when sizes differ, say what counts as no displacement: "
        'rest "index" (same pixel index) or "extent" (same place in the frame, so that a plain resize has none)'
    )


def shape_of(array: Any, what: str) -> tuple[int, ...]:
    """The shape of anybody's array."""
    return array.shape if hasattr(array, "shape") else enter(array, what).shape


def check_memory(array: npt.NDArray[Any], what: str) -> None:
    """That images hold a number type which can be read."""
    if array.dtype not in _IMAGES:
        raise DTypeError(
            f"{what} holds {array.dtype}: expected uint8, uint16, int16, float16, float32 or float64; "
            "convert it first, for example with .astype('float32')"
        )


DEFAULT_ALIGN_CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def known_align_corners(align_corners: bool | None) -> bool:
    """torch's default, with torch's warning: what -1..+1 means is worth a word."""
    if align_corners is not None:
        return bool(align_corners)
    torch = sys.modules.get("torch")
    if torch is not None and torch.compiler.is_compiling():
        from . import _torch

        return _torch.default_align_corners()
    warnings.warn(DEFAULT_ALIGN_CORNERS, stacklevel=3)
    return False
