from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Direction, Real, Rest

@overload
def homography(
    matrix: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    direction: Direction = "pull",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def homography(
    matrix: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    direction: Direction = "pull",
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
