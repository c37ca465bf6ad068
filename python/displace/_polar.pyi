from collections.abc import Sequence
from typing import Any, Literal

import numpy.typing as npt

from ._field import Field
from ._types import Real, Rest

def polar(
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    center: npt.ArrayLike | None = None,
    radius: float | None = None,
    spacing: Literal["linear", "log", "log1p"] = "linear",
    inverse: bool = False,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
