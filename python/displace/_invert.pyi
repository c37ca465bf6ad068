from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Array, Branch, Coords, Rest

_By = TypeVar("_By")
_Array = TypeVar("_Array")

class Convergence(NamedTuple):
    steps: list[tuple[int, float, float]]
    converged: int
    pixels: int

class Inverse(NamedTuple, Generic[_By, _Array]):
    field: _By
    valid: _Array
    # The name has another meaning for tuples, which this one gives up.
    count: _Array  # type: ignore[assignment]
    residual: _Array
    convergence: Convergence | None

@overload
def invert(
    field: Field[Array],
    input_size: None = None,
    *,
    align_corners: bool = False,
    rest: None = None,
    coords: Coords = "displacement",
    method: Literal["exact", "fixed_point", "newton"] = "exact",
    branch: Branch = "largest_jacobian",
    tolerance: float | None = None,
    steps: int = 100,
) -> Inverse[Field[Array], Array]: ...
@overload
def invert(
    field: npt.NDArray[Any],
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    method: Literal["exact", "fixed_point", "newton"] = "exact",
    branch: Branch = "largest_jacobian",
    tolerance: float | None = None,
    steps: int = 100,
) -> Inverse[npt.NDArray[np.floating[Any]], npt.NDArray[Any]]: ...
@overload
def invert(
    field: Array,
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    method: Literal["exact", "fixed_point", "newton"] = "exact",
    branch: Branch = "largest_jacobian",
    tolerance: float | None = None,
    steps: int = 100,
) -> Inverse[Array, Array]: ...
@overload
def invert(
    field: npt.ArrayLike,
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    method: Literal["exact", "fixed_point", "newton"] = "exact",
    branch: Branch = "largest_jacobian",
    tolerance: float | None = None,
    steps: int = 100,
) -> Inverse[npt.NDArray[Any], npt.NDArray[Any]]: ...
