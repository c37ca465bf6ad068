from typing import Any, overload

import numpy.typing as npt

from ._types import AnyArray, Array, ScipyMode

@overload
def map_coordinates(
    input: Array,
    coordinates: AnyArray,
    output: Any = None,
    order: int = 3,
    mode: ScipyMode = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Array: ...
@overload
def map_coordinates(
    input: npt.ArrayLike,
    coordinates: npt.ArrayLike,
    output: Any = None,
    order: int = 3,
    mode: ScipyMode = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> npt.NDArray[Any]: ...
@overload
def spline_filter(input: Array, order: int = 3, output: Any = None, mode: ScipyMode = "mirror") -> Array: ...
@overload
def spline_filter(input: npt.ArrayLike, order: int = 3, output: Any = None, mode: ScipyMode = "mirror") -> npt.NDArray[Any]: ...
