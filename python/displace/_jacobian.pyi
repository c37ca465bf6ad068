from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy.typing as npt

from ._field import Field
from ._types import Array, Rest, Scheme

@overload
def jacobian(
    field: Field[Array],
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def jacobian(
    field: Array,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def jacobian(
    field: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
@overload
def jacobian_determinant(
    field: Field[Array],
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def jacobian_determinant(
    field: Array,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def jacobian_determinant(
    field: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
@overload
def divergence(
    field: Field[Array],
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def divergence(
    field: Array,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def divergence(
    field: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
@overload
def curl(
    field: Field[Array],
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def curl(
    field: Array,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def curl(
    field: npt.ArrayLike,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
@overload
def strain(
    field: Field[Array],
    kind: Literal["small", "green_lagrange"] = "small",
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def strain(
    field: Array,
    kind: Literal["small", "green_lagrange"] = "small",
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> Array: ...
@overload
def strain(
    field: npt.ArrayLike,
    kind: Literal["small", "green_lagrange"] = "small",
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Scheme = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Rest | None = None,
) -> npt.NDArray[Any]: ...
