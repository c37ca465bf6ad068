from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from ._types import Array, Mode, PaddingMode, Rest

class Effective(NamedTuple, Generic[Array]):
    field: Array
    coverage: Array

@overload
def effective_displacement(
    grid: npt.NDArray[np.float16] | npt.NDArray[np.float32],
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
) -> Effective[npt.NDArray[np.float32]]: ...
@overload
def effective_displacement(
    grid: Array,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
) -> Effective[Array]: ...
@overload
def effective_displacement(
    grid: npt.ArrayLike,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "zeros",
) -> Effective[npt.NDArray[Any]]: ...
