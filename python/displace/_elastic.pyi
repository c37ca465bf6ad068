from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Border, ElasticStyle, Real, Rest

_By = TypeVar("_By")

class Elastic(NamedTuple, Generic[_By]):
    field: _By
    factor: float
    seed: int | None

@overload
def elastic(
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    alpha: float | Sequence[float] | None = None,
    sigma: float | Sequence[float] | None = None,
    style: ElasticStyle = "torchvision",
    seed: int | None = None,
    no_folds: bool = False,
    noise: None = None,
    points: int | Sequence[int] = 3,
    mode: Border = "reflect",
    truncate: float = 4.0,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Elastic[Field[npt.NDArray[Any]]]: ...
@overload
def elastic(
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    alpha: float | Sequence[float] | None = None,
    sigma: float | Sequence[float] | None = None,
    style: ElasticStyle = "torchvision",
    seed: None = None,
    no_folds: bool = False,
    noise: Array,
    points: int | Sequence[int] = 3,
    mode: Border = "reflect",
    truncate: float = 4.0,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Elastic[Field[Array]]: ...
@overload
def elastic(
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    alpha: float | Sequence[float] | None = None,
    sigma: float | Sequence[float] | None = None,
    style: ElasticStyle = "torchvision",
    seed: int | None = None,
    no_folds: bool = False,
    noise: npt.ArrayLike | None = None,
    points: int | Sequence[int] = 3,
    mode: Border = "reflect",
    truncate: float = 4.0,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: object = "float32",
) -> Elastic[Field[Any]]: ...
