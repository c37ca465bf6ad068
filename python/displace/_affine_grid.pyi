from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._types import Array

@overload
def affine_grid(theta: Array, size: Sequence[int], align_corners: bool | None = None) -> Array: ...
@overload
def affine_grid(theta: npt.ArrayLike, size: Sequence[int], align_corners: bool | None = None) -> npt.NDArray[Any]: ...
