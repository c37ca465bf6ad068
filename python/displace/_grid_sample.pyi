from typing import Any, overload

import numpy.typing as npt

from ._types import AnyArray, Array, Coords, Mode, PaddingMode, Rest

@overload
def grid_sample(
    input: Array,
    grid: AnyArray,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    align_corners: bool | None = None,
    *,
    coords: Coords = "normalized",
    rest: Rest | None = None,
    fill: float = 0.0,
    antialias: bool = False,
    out: Array | None = None,
) -> Array: ...
@overload
def grid_sample(
    input: npt.ArrayLike,
    grid: npt.ArrayLike,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    align_corners: bool | None = None,
    *,
    coords: Coords = "normalized",
    rest: Rest | None = None,
    fill: float = 0.0,
    antialias: bool = False,
    out: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]: ...
