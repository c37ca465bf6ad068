from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ._field import Field
from ._invert import Inverse
from ._types import AnyArray

def heat(
    values: AnyArray | npt.ArrayLike,
    ax: Axes | None = None,
    *,
    label: str = "",
    sample: int = 0,
    slice: int | None = None,
    scale: float | None = None,
    mark_to: float | None = None,
    colorbar: bool = True,
    **kwargs: Any,
) -> AxesImage: ...
def jacobian(
    field: Field[Any] | AnyArray,
    ax: Axes | None = None,
    *,
    spacing: float | Sequence[float] | None = None,
    source_spacing: float | Sequence[float] | None = None,
    scheme: Literal["central", "forward", "backward"] = "central",
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Literal["index", "extent"] | None = None,
    **kwargs: Any,
) -> AxesImage: ...
def count(inverse: Inverse[Any, Any], ax: Axes | None = None, **kwargs: Any) -> AxesImage: ...
def residual(inverse: Inverse[Any, Any], ax: Axes | None = None, **kwargs: Any) -> AxesImage: ...
def to_numpy_of(values: Any, to_numpy: Callable[..., npt.NDArray[Any]]) -> npt.NDArray[Any]: ...
