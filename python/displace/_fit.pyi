from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Direction, Real, Rest

class Fit(NamedTuple):
    kind: str
    direction: str
    matrix: npt.NDArray[np.float64]
    residual: npt.NDArray[np.float64]
    rms: float
    largest: int

    def field(
        self,
        size: Sequence[int],
        input_size: Sequence[int] | None = None,
        *,
        align_corners: bool = False,
        rest: Rest | None = None,
        dtype: Real = "float32",
    ) -> Field[npt.NDArray[Any]]: ...

def fit(
    source_points: npt.ArrayLike,
    destination_points: npt.ArrayLike,
    kind: Literal["affine", "similarity", "rigid", "homography", "polynomial"] = "affine",
    *,
    order: int = 2,
    weights: npt.ArrayLike | None = None,
    direction: Direction = "pull",
) -> Fit: ...
