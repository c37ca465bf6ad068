from collections.abc import Sequence
from typing import Any, Literal

from ._field import Field
from ._types import AnyArray, Rest

class Report:
    facts: dict[str, Any]
    lines: list[tuple[str, str]]
    def __init__(self, lines: list[tuple[str, str]], facts: dict[str, Any], field: Field[Any] | None = None) -> None: ...
    def __getitem__(self, name: str) -> Any: ...
    def _repr_html_(self) -> str: ...

def inspect(
    array: Field[Any] | AnyArray,
    input_size: Sequence[int] | None = None,
    align_corners: bool | None = None,
    *,
    rest: Rest | None = None,
    kind: Literal["grid", "displacement"] | None = None,
) -> Report: ...
