from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Rest

_Array = TypeVar("_Array")

class Extreme(NamedTuple):
    determinant: float
    sample: int
    cell: tuple[int, ...]

class Folding(NamedTuple, Generic[_Array]):
    cells: int
    folded: int
    mirrored: int
    undecided: int
    smallest: Extreme | None
    largest: Extreme | None
    area: float
    folded_area: float | None
    mask: _Array

@overload
def folding(
    field: Field[Array],
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Folding[Array]: ...
@overload
def folding(
    field: Array,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Folding[Array]: ...
@overload
def folding(
    field: npt.ArrayLike,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Folding[npt.NDArray[Any]]: ...
