from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Array, Real, Rest, ScatteredMethod

_By = TypeVar("_By")
_Is = TypeVar("_Is")

class Scattered(NamedTuple, Generic[_By, _Is]):
    field: _By
    valid: _Is

@overload
def scattered(
    source: Array,
    destination: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    method: ScatteredMethod = "linear",
    reach: float | None = None,
    power: float | None = None,
    neighbours: int | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Scattered[Field[Array], Array]: ...
@overload
def scattered(
    source: npt.ArrayLike,
    destination: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    method: ScatteredMethod = "linear",
    reach: float | None = None,
    power: float | None = None,
    neighbours: int | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Scattered[Field[npt.NDArray[Any]], npt.NDArray[np.bool_]]: ...
