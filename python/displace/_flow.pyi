from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Mode

_By = TypeVar("_By")

class Exponential(NamedTuple, Generic[_By]):
    field: _By
    squarings: int
    bound: float

class Logarithm(NamedTuple, Generic[_By]):
    velocity: _By
    residual: float
    residuals: list[float]
    converged: bool

@overload
def exp(
    velocity: Field[Array],
    squarings: int | None = None,
    *,
    tolerance: float = 0.01,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Exponential[Field[Array]]: ...
@overload
def exp(
    velocity: Array,
    squarings: int | None = None,
    *,
    tolerance: float = 0.01,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Exponential[Array]: ...
@overload
def exp(
    velocity: npt.ArrayLike,
    squarings: int | None = None,
    *,
    tolerance: float = 0.01,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Exponential[npt.NDArray[Any]]: ...
@overload
def log(
    field: Field[Array],
    *,
    tolerance: float = 1e-3,
    steps: int = 50,
    squarings: int | None = None,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Logarithm[Field[Array]]: ...
@overload
def log(
    field: Array,
    *,
    tolerance: float = 1e-3,
    steps: int = 50,
    squarings: int | None = None,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Logarithm[Array]: ...
@overload
def log(
    field: npt.ArrayLike,
    *,
    tolerance: float = 1e-3,
    steps: int = 50,
    squarings: int | None = None,
    mode: Mode = "bilinear",
    align_corners: bool = False,
) -> Logarithm[npt.NDArray[Any]]: ...
