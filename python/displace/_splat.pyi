from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._field import Field
from ._types import AnyArray, Array, Coords, Mode, PaddingMode, Rest

_Array = TypeVar("_Array")

class Splat(NamedTuple, Generic[_Array]):
    values: _Array
    coverage: _Array

@overload
def splat(
    input: Array,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    input_size: Sequence[int] | None = None,
    *,
    reduce: Literal["sum", "average"] = "sum",
    weights: AnyArray | npt.ArrayLike | None = None,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    align_corners: bool = False,
    coords: Coords = "displacement",
    rest: Rest | None = None,
) -> Splat[Array]: ...
@overload
def splat(
    input: npt.ArrayLike,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    input_size: Sequence[int] | None = None,
    *,
    reduce: Literal["sum", "average"] = "sum",
    weights: AnyArray | npt.ArrayLike | None = None,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
    align_corners: bool = False,
    coords: Coords = "displacement",
    rest: Rest | None = None,
) -> Splat[npt.NDArray[Any]]: ...
