from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from ._field import Field
from ._types import AnyArray, Array, RadialKernel, Real, Rest

class RadialBasis:
    residual: npt.NDArray[np.float64]
    bending_energy: float | None
    centers: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    def __init__(
        self,
        source: AnyArray | npt.ArrayLike,
        destination: AnyArray | npt.ArrayLike,
        *,
        kernel: RadialKernel = "thin_plate_spline",
        smoothing: npt.ArrayLike = 0.0,
        epsilon: float | None = None,
        degree: int | None = None,
    ) -> None: ...
    @classmethod
    def like_kornia(cls, source: AnyArray | npt.ArrayLike, destination: AnyArray | npt.ArrayLike) -> RadialBasis: ...
    @overload
    def __call__(self, points: Array) -> Array: ...
    @overload
    def __call__(self, points: npt.ArrayLike) -> npt.NDArray[Any]: ...
    @overload
    def displacement(self, points: Array) -> Array: ...
    @overload
    def displacement(self, points: npt.ArrayLike) -> npt.NDArray[Any]: ...
    @overload
    def jacobian(self, points: Array) -> Array: ...
    @overload
    def jacobian(self, points: npt.ArrayLike) -> npt.NDArray[Any]: ...
    def field(
        self,
        size: Sequence[int],
        input_size: Sequence[int] | None = None,
        *,
        tolerance: float | None = None,
        align_corners: bool = False,
        rest: Rest | None = None,
        dtype: Real = "float32",
    ) -> Field[Any]: ...

@overload
def thin_plate_spline(
    source: Array,
    destination: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    smoothing: npt.ArrayLike = 0.0,
    tolerance: float | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def thin_plate_spline(
    source: npt.ArrayLike,
    destination: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    smoothing: npt.ArrayLike = 0.0,
    tolerance: float | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
