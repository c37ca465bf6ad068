from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, MovingKind, Real, Rest

@overload
def moving_least_squares(
    source: Array,
    destination: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    kind: MovingKind = "rigid",
    alpha: float = 1.0,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def moving_least_squares(
    source: npt.ArrayLike,
    destination: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    kind: MovingKind = "rigid",
    alpha: float = 1.0,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
