from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Direction, Real, Rest

@overload
def affine(
    matrix: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    direction: Direction = "pull",
    center: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def affine(
    matrix: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    direction: Direction = "pull",
    center: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
@overload
def affine_from_theta(
    theta: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def affine_from_theta(
    theta: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
def affine_from_parts(
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    rotation: float | npt.ArrayLike = 0.0,
    scale: float | npt.ArrayLike = 1.0,
    shear: float | npt.ArrayLike = 0.0,
    translation: npt.ArrayLike | None = None,
    center: npt.ArrayLike | None = None,
    direction: Direction = "pull",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
def similarity(
    angle: float | npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    scale: float = 1.0,
    center: npt.ArrayLike | None = None,
    translation: npt.ArrayLike | None = None,
    direction: Direction = "pull",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
