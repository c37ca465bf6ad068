from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Rest

@overload
def resize(
    field: Field[Array],
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    source_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Literal["displacement", "normalized"] = "displacement",
) -> Field[Array]: ...
@overload
def resize(
    field: Array,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    source_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Literal["displacement", "normalized"] = "displacement",
) -> Array: ...
@overload
def resize(
    field: npt.ArrayLike,
    size: Sequence[int],
    input_size: Sequence[int] | None = None,
    *,
    source_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
    coords: Literal["displacement", "normalized"] = "displacement",
) -> npt.NDArray[Any]: ...
