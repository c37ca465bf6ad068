import os
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy.typing as npt

from ._field import Field
from ._inspect import Report
from ._stored import StoredField, Transform, Volume
from ._types import AnyArray, Array, Rest

_Known: TypeAlias = Field[Any] | StoredField | Transform | str | os.PathLike[str]
_Image: TypeAlias = Volume | StoredField | Field[Any] | AnyArray | str | os.PathLike[str]

@overload
def convert(
    array: _Known,
    src: str | None = None,
    dst: str | None = None,
    *,
    input_size: Sequence[int] | None = None,
    source: _Image | None = None,
    reference: _Image | None = None,
    rest: Rest | None = None,
    align_corners: bool | None = None,
    invert: bool = False,
    dtype: npt.DTypeLike | None = None,
    report: Literal[False] = False,
) -> npt.NDArray[Any]: ...
@overload
def convert(
    array: _Known,
    src: str | None = None,
    dst: str | None = None,
    *,
    input_size: Sequence[int] | None = None,
    source: _Image | None = None,
    reference: _Image | None = None,
    rest: Rest | None = None,
    align_corners: bool | None = None,
    invert: bool = False,
    dtype: npt.DTypeLike | None = None,
    report: Literal[True],
) -> tuple[npt.NDArray[Any], Report]: ...
@overload
def convert(
    array: Array,
    src: str | None = None,
    dst: str | None = None,
    *,
    input_size: Sequence[int] | None = None,
    source: _Image | None = None,
    reference: _Image | None = None,
    rest: Rest | None = None,
    align_corners: bool | None = None,
    invert: bool = False,
    dtype: npt.DTypeLike | None = None,
    report: Literal[False] = False,
) -> Array: ...
@overload
def convert(
    array: Array,
    src: str | None = None,
    dst: str | None = None,
    *,
    input_size: Sequence[int] | None = None,
    source: _Image | None = None,
    reference: _Image | None = None,
    rest: Rest | None = None,
    align_corners: bool | None = None,
    invert: bool = False,
    dtype: npt.DTypeLike | None = None,
    report: Literal[True],
) -> tuple[Array, Report]: ...
def conventions() -> dict[str, str]: ...
