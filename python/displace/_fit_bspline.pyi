from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import Real, Rest

class BSplineFit(NamedTuple):
    coefficients: Any
    spacing: list[float]
    origin: list[float]
    residual: npt.NDArray[np.float64]
    rms: float
    largest: int
    frame: tuple[Any, ...]

    def field(self, *, dtype: Real = "float32") -> Field[Any]: ...

def fit_bspline(
    source: npt.ArrayLike,
    destination: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    points: int | Sequence[int] | None = None,
    spacing: float | Sequence[float] | None = None,
    levels: int = 5,
    weights: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> BSplineFit: ...
