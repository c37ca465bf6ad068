import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from ._field import Field
from ._stored import StoredField, Transform, Volume
from ._types import AnyArray

def read(
    path: str | os.PathLike[str],
) -> npt.NDArray[Any] | Field[npt.NDArray[Any]] | dict[str, npt.NDArray[Any]] | StoredField | Volume | Transform: ...
def write(
    path: str | os.PathLike[str],
    array: Field[Any] | StoredField | Transform | Volume | AnyArray | Mapping[str, AnyArray],
    *,
    compress: bool = False,
) -> None: ...
