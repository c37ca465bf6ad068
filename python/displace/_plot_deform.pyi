from collections.abc import Sequence
from typing import Any, Literal

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver

from ._deform_taps import AttentionLocations, DeformTaps
from ._types import AnyArray

def deform_conv(
    taps: DeformTaps[Any],
    pixels: Sequence[tuple[int, int]] | None = None,
    ax: Axes | None = None,
    *,
    show: Literal["taps", "density", "mean"] = "taps",
    image: npt.ArrayLike | AnyArray | None = None,
    sample: int = 0,
    group: int | None = None,
    input_size: Sequence[int] | None = None,
    colorbar: bool = True,
) -> Quiver: ...
def deform_attention(
    locations: AttentionLocations[Any],
    query: int | Sequence[int],
    spatial_shapes: Sequence[Sequence[int]] | AnyArray,
    axes: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
    *,
    weights: npt.ArrayLike | AnyArray | None = None,
    by: Literal["query", "head"] = "query",
    image: npt.ArrayLike | AnyArray | Sequence[npt.ArrayLike | AnyArray | None] | None = None,
    sample: int = 0,
    head: int | None = None,
) -> list[Quiver]: ...
