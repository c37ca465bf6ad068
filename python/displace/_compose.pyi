from typing import Any, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Mode, PaddingMode, Rest

@overload
def compose(
    outer: Field[Array],
    inner: Field[Array],
    *,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "border",
    fill: float = 0.0,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Field[Array]: ...
@overload
def compose(
    outer: Array,
    inner: Array,
    *,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "border",
    fill: float = 0.0,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def compose(
    outer: npt.ArrayLike,
    inner: npt.ArrayLike,
    *,
    mode: Mode = "bilinear",
    padding_mode: PaddingMode = "border",
    fill: float = 0.0,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
