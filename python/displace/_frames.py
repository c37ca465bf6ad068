"""Fields and grids on their way into the core: numbers, what gives them meaning, and the way back to the caller's kind."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._errors import DisplaceError
from ._field import Field, to_numpy


class Given:
    """A field or grid as the core takes it.

    `array` is (N, [D,] H, W, D) in NumPy, `size` that of the image it reads, `frame` what the core calls the meaning of the
    numbers. `back` gives results to the caller's library, without the sample axis if there was none.
    """

    def __init__(
        self,
        field: Any,
        input_size: Any,
        align_corners: bool,
        rest: Any,
        what: str,
        coords: str = "displacement",
        real: bool = False,
    ) -> None:
        self.is_field = isinstance(field, Field)
        if self.is_field:
            if input_size is not None or rest is not None or align_corners or coords != "displacement":
                raise DisplaceError(
                    f"{what} is a Field, which knows its input_size, align_corners, rest and coords: leave them out"
                )
            input_size, align_corners, rest, field = field.input_size, field.align_corners, field.rest, field.displacement
        _arrays.check_words("nearest", "zeros", coords, rest)
        self.given, self.what, self.real = field, what, real
        self.torch = _arrays.is_torch(field)
        if self.torch:
            from . import _torch

            self.dtype = _torch.real_dtype(field, what)
            shape = tuple(field.shape)
        else:
            array = to_numpy(field, what)
            self.dtype, shape = _arrays.real_dtype(array, what), array.shape
        self.axes = _arrays.check_locations(shape, what, unbatched=True)
        self.batch = len(shape) == self.axes + 2
        self.shape = shape if self.batch else (1, *shape)
        self.own = tuple(shape[-1 - self.axes : -1])
        if input_size is None and coords != "displacement":
            raise DisplaceError(f'coords="{coords}" needs input_size, the size of the image that is read')
        self.size = self.own if input_size is None else tuple(_arrays.check_size(input_size, self.axes))
        self.align_corners, self.coords = bool(align_corners), coords
        self.rest = rest or ("index" if self.size == self.own else None)
        self.frame = (list(self.size), coords, self.align_corners, rest)

    @cached_property
    def array(self) -> npt.NDArray[Any]:
        """The numbers, (N, [D,] H, W, D). What is computed in its own type has no half type."""
        array = _arrays.batched(to_numpy(self.given, self.what), self.axes)
        return array.astype(self.dtype, copy=False) if self.real else array

    def back(self, result: npt.NDArray[Any]) -> Any:
        """A result with a sample axis, as the caller's kind of array."""
        result = result if self.batch else result[0]
        if self.torch:
            import torch

            return torch.from_numpy(result)
        return _arrays.leave(self.given)(result)

    def field(self, result: npt.NDArray[Any], input_size: Any, rest: Any) -> Any:
        """Displacements as what came in: a `Field` for a `Field`."""
        array = self.back(result)
        return Field(array, input_size, align_corners=self.align_corners, rest=rest) if self.is_field else array

    def watched(self) -> bool:
        """Whether autograd or one of torch's transforms watches, so that torch's own operators have to do the work."""
        if not self.torch:
            return False
        from . import _torch

        return _torch.watched(self.given)


def numbers(buffer: Any, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The core's bytes as an array that owns them."""
    return np.frombuffer(buffer, dtype).reshape(shape)
