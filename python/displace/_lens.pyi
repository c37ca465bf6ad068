from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Real, Rest

@overload
def lens(
    camera_matrix: Array,
    distortion: Array | npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    model: Literal["brown", "fisheye"] = "brown",
    direction: Literal["undistort", "distort"] = "undistort",
    new_camera_matrix: npt.ArrayLike | None = None,
    rectification: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[Array]: ...
@overload
def lens(
    camera_matrix: npt.ArrayLike,
    distortion: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    model: Literal["brown", "fisheye"] = "brown",
    direction: Literal["undistort", "distort"] = "undistort",
    new_camera_matrix: npt.ArrayLike | None = None,
    rectification: npt.ArrayLike | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
