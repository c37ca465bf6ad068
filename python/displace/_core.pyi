from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, final

# (mode, padding_mode, fill, coords, align_corners, rest)
_Sampling: TypeAlias = tuple[str, str, float, str, bool, str | None]
_Notes: TypeAlias = tuple[list[int], bool, str]

__version__: Final[str]
__all__ = [
    "Stored",
    "__version__",
    "affine_grid",
    "affine_grid_grad",
    "ask_for_large_pages",
    "displacement",
    "effective_displacement",
    "get_num_threads",
    "grid_from_displacement",
    "inspect",
    "overlap",
    "picture",
    "read",
    "sample",
    "sample_grad",
    "sample_grad_grad",
    "sample_grads_small",
    "sample_small",
    "set_num_threads",
    "use_torch",
    "write",
]

@final
class Stored:
    @property
    def shape(self) -> list[int]: ...
    @property
    def dtype(self) -> str: ...
    def copy_into(self, out: Any) -> None: ...

def displacement(
    grid: Any, out: Any, input_size: Sequence[int], align_corners: bool, rest_name: str | None, arithmetic: str
) -> None: ...
def effective_displacement(
    grid: Any,
    field: Any,
    coverage: Any,
    input_size: Sequence[int],
    align_corners: bool,
    rest_name: str | None,
    mode: str,
    padding_mode: str,
) -> None: ...
def grid_from_displacement(
    field: Any, out: Any, input_size: Sequence[int], align_corners: bool, rest_name: str | None
) -> None: ...
def affine_grid(theta: Any, out: Any, align_corners: bool) -> None: ...
def affine_grid_grad(grad: Any, out: Any, align_corners: bool) -> None: ...
def sample(image: Any, grid: Any, out: Any, sampling: _Sampling) -> None: ...
def sample_small(
    image: Any,
    grid: Any,
    mode: Any,
    padding_mode: Any,
    align_corners: Any,
    coords: Any,
    rest: Any,
    fill: Any,
) -> Any: ...
def sample_grads_small(
    grad: Any, image: Any, grid: Any, needed: tuple[bool, bool], sampling: _Sampling
) -> tuple[Any, Any] | None: ...
def use_torch(
    kind: Any,
    watching: list[Callable[[], Any]],
    forward_ad: Any,
    is_grad_enabled: Callable[[], bool],
    empty: tuple[Callable[..., Any], Callable[..., Any]],
) -> None: ...
def set_num_threads(threads: int) -> None: ...
def get_num_threads() -> int: ...
def ask_for_large_pages(array: Any) -> None: ...
def overlap(out: Any, inputs: list[Any]) -> bool: ...
def sample_grad(grad: Any, image: Any, grid: Any, out_image: Any, out_grid: Any, sampling: _Sampling) -> None: ...
def sample_grad_grad(
    tangent: Any, grad: Any, image: Any, grid: Any, out_grad: Any, out_image: Any, out_grid: Any, sampling: _Sampling
) -> None: ...
def inspect(
    array: Any, meaning: str | None, input_size: Sequence[int] | None, align_corners: bool, rest_name: str | None
) -> tuple[list[tuple[str, str]], str]: ...
def picture(
    field: Any,
    style: str,
    input_size: Sequence[int],
    align_corners: bool,
    rest_name: str | None,
    sample: int,
    scale: float,
) -> bytes: ...
def read(path: str) -> tuple[str, list[tuple[str, Stored]], _Notes | None]: ...
def write(path: str, arrays: list[tuple[str, Any]], notes: _Notes | None, compress: bool) -> None: ...
