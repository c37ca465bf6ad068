from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Real, Rest

@overload
def polynomial(
    coefficients: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def polynomial(
    coefficients: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
