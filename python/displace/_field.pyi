from collections.abc import Sequence
from typing import Any, Generic, Literal

import numpy.typing as npt

from ._stored import Placement
from ._types import AnyArray, Array, Rest

class Field(Generic[Array]):
    align_corners: bool
    coverage: Array | None
    displacement: Array
    input_size: tuple[int, ...]
    placement: Placement | None
    rest: Rest
    def __init__(
        self,
        displacement: Array,
        input_size: Sequence[int] | None = None,
        *,
        align_corners: bool = False,
        rest: Rest | None = None,
        coverage: Array | None = None,
        placement: Placement | None = None,
    ) -> None: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]: ...
    def _repr_html_(self) -> str: ...
    def _repr_png_(self) -> bytes | None: ...

def to_numpy(array: AnyArray, what: str) -> npt.NDArray[Any]: ...
def picture(
    field: Field[Any], style: Literal["lattice", "quiver", "wheel", "magnitude"] = "lattice", scale: float = 0.75
) -> bytes: ...
def image_tag(field: Field[Any]) -> str: ...
