from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.image import AxesImage
from matplotlib.quiver import Quiver
from matplotlib.typing import ColorType

from . import Field
from ._heat import count as count
from ._heat import heat as heat
from ._heat import jacobian as jacobian
from ._heat import residual as residual
from ._plot_deform import deform_attention as deform_attention
from ._plot_deform import deform_conv as deform_conv

__all__ = [
    "Lattice",
    "compare",
    "count",
    "deform_attention",
    "deform_conv",
    "heat",
    "jacobian",
    "lattice",
    "magnitude",
    "quiver",
    "residual",
    "wheel",
]

class _DLPack(Protocol):
    def __dlpack__(self) -> Any: ...
    def __dlpack_device__(self) -> tuple[Any, int]: ...

class Lattice(NamedTuple):
    lines: LineCollection
    folds: PolyCollection

def quiver(
    field: Field[Any] | npt.ArrayLike | _DLPack,
    ax: Axes | None = None,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Literal["index", "extent"] | None = None,
    sample: int = 0,
    slice: int | None = None,
    step: int | None = None,
    scale: float | None = None,
    arrow_scale: float = 1.0,
    image: npt.ArrayLike | _DLPack | None = None,
    colorbar: bool = True,
    **kwargs: Any,
) -> Quiver: ...
def lattice(
    field: Field[Any] | npt.ArrayLike | _DLPack,
    ax: Axes | None = None,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Literal["index", "extent"] | None = None,
    sample: int = 0,
    slice: int | None = None,
    step: int | None = None,
    image: npt.ArrayLike | _DLPack | None = None,
    fold_color: ColorType = "red",
    **kwargs: Any,
) -> Lattice: ...
def wheel(
    field: Field[Any] | npt.ArrayLike | _DLPack,
    ax: Axes | None = None,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Literal["index", "extent"] | None = None,
    sample: int = 0,
    slice: int | None = None,
    scale: float | None = None,
    legend: bool = True,
    **kwargs: Any,
) -> AxesImage: ...
def magnitude(
    field: Field[Any] | npt.ArrayLike | _DLPack,
    ax: Axes | None = None,
    *,
    input_size: Sequence[int] | None = None,
    align_corners: bool = False,
    rest: Literal["index", "extent"] | None = None,
    sample: int = 0,
    slice: int | None = None,
    scale: float | None = None,
    colorbar: bool = True,
    **kwargs: Any,
) -> AxesImage: ...
def compare(
    before: npt.ArrayLike | _DLPack,
    after: npt.ArrayLike | _DLPack,
    ax: Sequence[Axes] | npt.NDArray[Any] | None = None,
    *,
    titles: Sequence[str] = ("before", "after"),
    **kwargs: Any,
) -> tuple[AxesImage, AxesImage]: ...
