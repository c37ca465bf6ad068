from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Array, Rest

@overload
def grid_from_displacement(
    field: npt.NDArray[np.float16] | npt.NDArray[np.float32],
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[np.float32]: ...
@overload
def grid_from_displacement(field: Field[Array], input_size: Sequence[int] | None = None) -> Array: ...
@overload
def grid_from_displacement(
    field: Array,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def grid_from_displacement(
    field: npt.ArrayLike,
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
