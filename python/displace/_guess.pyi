import os
from collections.abc import Sequence
from typing import Any

from ._field import Field
from ._inspect import Report
from ._stored import StoredField, Volume
from ._types import AnyArray

def guess(
    array: AnyArray | Field[Any] | StoredField | str | os.PathLike[str],
    input_size: Sequence[int] | None = None,
    *,
    declared: str | None = None,
    source: AnyArray | Volume | str | os.PathLike[str] | None = None,
    destination: AnyArray | Volume | str | os.PathLike[str] | None = None,
    recorded: bool = False,
) -> Report: ...
