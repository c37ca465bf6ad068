from collections.abc import Sequence
from typing import Any, overload

import numpy.typing as npt

from ._types import AnyArray, Array

@overload
def deform_conv2d(
    input: Array,
    offset: AnyArray | npt.ArrayLike,
    weight: AnyArray | npt.ArrayLike,
    bias: AnyArray | npt.ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    mask: AnyArray | npt.ArrayLike | None = None,
) -> Array: ...
@overload
def deform_conv2d(
    input: npt.ArrayLike,
    offset: AnyArray | npt.ArrayLike,
    weight: AnyArray | npt.ArrayLike,
    bias: AnyArray | npt.ArrayLike | None = None,
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    mask: AnyArray | npt.ArrayLike | None = None,
) -> npt.NDArray[Any]: ...
def pair(given: Any, what: str) -> tuple[int, int]: ...
def check_dimensions(given: dict[str, Any]) -> None: ...
