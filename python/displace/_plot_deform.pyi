from collections.abc import Sequence
from typing import Any, Literal

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver

from ._deform_taps import DeformTaps
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
