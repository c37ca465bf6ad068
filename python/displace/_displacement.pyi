from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from ._types import Array, Rest

@overload
def displacement(
    grid: npt.NDArray[np.float16] | npt.NDArray[np.float32],
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    arithmetic: Literal["exact", "torch"] = "exact",
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]: ...
@overload
def displacement(
    grid: Array,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    arithmetic: Literal["exact", "torch"] = "exact",
    out: Array | None = None,
) -> Array: ...
@overload
def displacement(
    grid: npt.ArrayLike,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    arithmetic: Literal["exact", "torch"] = "exact",
    out: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]: ...
