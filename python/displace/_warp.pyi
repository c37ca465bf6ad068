from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import AnyArray, Array, Mode, PaddingMode, Rest

@overload
def warp(
    image: Array,
    field: Field[Any] | AnyArray,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    fill: float = 0.0,
    channels_last: bool = False,
    antialias: bool = False,
    out: Array | None = None,
) -> Array: ...
@overload
def warp(
    image: npt.ArrayLike,
    field: Field[Any] | npt.ArrayLike,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    fill: float = 0.0,
    channels_last: bool = False,
    antialias: bool = False,
    out: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]: ...
