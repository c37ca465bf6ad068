from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._field import Field
from ._types import AnyArray, Array, Branch, Coords, Direction, Rest

_Array = TypeVar("_Array")

class Points(NamedTuple, Generic[_Array]):
    points: _Array
    # The name has another meaning for tuples, which this one gives up.
    count: _Array  # type: ignore[assignment]
    residual: _Array

@overload
def transform_points(
    points: Array,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> Points[Array]: ...
@overload
def transform_points(
    points: npt.ArrayLike,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> Points[npt.NDArray[Any]]: ...
@overload
def transform_boxes(
    boxes: Array,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> Array: ...
@overload
def transform_boxes(
    boxes: npt.ArrayLike,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> npt.NDArray[Any]: ...
@overload
def transform_polygons(
    polygons: list[Array],
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    step: float | None = 1.0,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> list[Array]: ...
@overload
def transform_polygons(
    polygons: Array,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    step: float | None = 1.0,
    branch: Branch = "largest_jacobian",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Coords = "displacement",
    sample: int | None = None,
) -> Array: ...
@overload
def transform_labels(
    labels: Array,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def transform_labels(
    labels: npt.ArrayLike,
    field: Field[Any] | AnyArray | npt.ArrayLike,
    direction: Direction = "push",
    *,
    branch: Branch = "largest_jacobian",
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
