from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ._field import Field
from ._types import Real, Rest

def crop_field(
    start: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
def flip_field(
    axis: int | Sequence[int],
    size: Sequence[int],
    *,
    align_corners: bool = False,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
def roll_field(
    shift: int | Sequence[int],
    axis: int | Sequence[int],
    size: Sequence[int],
    *,
    align_corners: bool = False,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
def resize_field(
    size: Sequence[int],
    input_size: Sequence[int],
    *,
    align_corners: bool = False,
    rest: Rest | None = None,
    dtype: Real = "float32",
) -> Field[npt.NDArray[Any]]: ...
