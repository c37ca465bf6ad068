import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from ._field import Field
from ._types import AnyArray

def read(path: str | os.PathLike[str]) -> npt.NDArray[Any] | Field[npt.NDArray[Any]] | dict[str, npt.NDArray[Any]]: ...
def write(
    path: str | os.PathLike[str], array: Field[Any] | AnyArray | Mapping[str, AnyArray], *, compress: bool = False
) -> None: ...
