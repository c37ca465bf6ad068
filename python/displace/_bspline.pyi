from collections.abc import Sequence
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Array, BSplineStyle, Real, Rest

class BSplineBounds(NamedTuple):
    displacement: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]
    determinant: float
    one_to_one: bool

@overload
def bspline(
    coefficients: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    spacing: float | Sequence[float] | None = None,
    origin: float | Sequence[float] | None = None,
    style: BSplineStyle = "image",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def bspline(
    coefficients: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    spacing: float | Sequence[float] | None = None,
    origin: float | Sequence[float] | None = None,
    style: BSplineStyle = "image",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
@overload
def bspline_determinant(
    coefficients: Array,
    size: Sequence[int],
    *,
    spacing: float | Sequence[float] | None = None,
    origin: float | Sequence[float] | None = None,
    style: BSplineStyle = "image",
) -> Array: ...
@overload
def bspline_determinant(
    coefficients: npt.ArrayLike,
    size: Sequence[int],
    *,
    spacing: float | Sequence[float] | None = None,
    origin: float | Sequence[float] | None = None,
    style: BSplineStyle = "image",
) -> npt.NDArray[np.float64]: ...
def bspline_bounds(
    coefficients: npt.ArrayLike,
    size: Sequence[int],
    *,
    spacing: float | Sequence[float] | None = None,
    origin: float | Sequence[float] | None = None,
    style: BSplineStyle = "image",
) -> BSplineBounds: ...
