import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._field import Field
from ._types import AnyArray

class Placement:
    direction: tuple[tuple[float, ...], ...]
    origin: tuple[float, ...]
    spacing: tuple[float, ...]
    def __init__(self, spacing: Sequence[float], origin: Sequence[float], direction: npt.ArrayLike | None = None) -> None: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class _Arraylike:
    @property
    def shape(self) -> tuple[int, ...]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]: ...

class StoredField(_Arraylike):
    array: npt.NDArray[Any]
    placement: Placement | None
    readings: tuple[str, ...]
    remarks: tuple[str, ...]
    valid: npt.NDArray[np.bool_] | None
    def __init__(
        self,
        array: AnyArray,
        convention: str,
        placement: Placement | None = None,
        valid: npt.ArrayLike | None = None,
    ) -> None: ...
    @property
    def _held(self) -> _core.Held: ...

class Volume(_Arraylike):
    array: npt.NDArray[Any]
    placement: Placement
    def __init__(self, array: AnyArray, placement: Placement) -> None: ...
    @property
    def _held(self) -> _core.Held: ...

class Transform:
    _held: _core.Held
    def __init__(self) -> None: ...

def copied(stored: _core.Stored | None) -> npt.NDArray[Any]: ...
def dense(array: AnyArray, what: str) -> npt.NDArray[Any]: ...
def pixels_of_image(image: StoredField | Volume) -> tuple[npt.NDArray[Any], bool]: ...
def pixels_of(
    image: Volume | StoredField | Field[Any] | AnyArray | str | os.PathLike[str], what: str, axes: int | None
) -> tuple[list[int], tuple[list[float], list[float], list[float]] | None]: ...
