from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ._field import Field
from ._types import Real, Rest

def swirl(
    strength: float,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    radius: float = 100.0,
    rotation: float = 0.0,
    center: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
