from collections.abc import Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

import numpy.typing as npt

from ._types import AnyArray, Array

_Array = TypeVar("_Array")

class DeformSpread(NamedTuple, Generic[_Array]):
    covariance: _Array
    dilation: _Array

class ReceptiveField(NamedTuple, Generic[_Array]):
    density: _Array
    box: _Array

class AttentionLocations(NamedTuple, Generic[_Array]):
    location: _Array
    displacement: _Array
    normalized: _Array

class DeformTaps(NamedTuple, Generic[_Array]):
    location: _Array
    displacement: _Array
    mask: _Array | None
    input_size: tuple[int, int] | None
    def mean(self) -> _Array: ...
    def spread(self) -> DeformSpread[_Array]: ...
    def outside(self, input_size: Sequence[int] | None = None) -> _Array: ...
    def receptive_field(
        self, input_size: Sequence[int] | None = None, pixels: Sequence[tuple[int, int]] | None = None
    ) -> ReceptiveField[_Array]: ...

@overload
def deform_conv2d_displacement(
    offset: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    mask: AnyArray | npt.ArrayLike | None = None,
    *,
    input_size: Sequence[int] | None = None,
    layout: Literal["torchvision", "onnx", "dcnv3"] = "torchvision",
    offset_scale: float = 1.0,
) -> DeformTaps[Array]: ...
@overload
def deform_conv2d_displacement(
    offset: npt.ArrayLike,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    mask: AnyArray | npt.ArrayLike | None = None,
    *,
    input_size: Sequence[int] | None = None,
    layout: Literal["torchvision", "onnx", "dcnv3"] = "torchvision",
    offset_scale: float = 1.0,
) -> DeformTaps[npt.NDArray[Any]]: ...
def deform_receptive_field(
    layers: Sequence[DeformTaps[_Array]], pixels: Sequence[tuple[int, int]] | None = None
) -> ReceptiveField[_Array]: ...
@overload
def deform_attention_locations(
    reference_points: AnyArray | npt.ArrayLike,
    sampling_offsets: Array,
    spatial_shapes: Sequence[Sequence[int]] | AnyArray,
) -> AttentionLocations[Array]: ...
@overload
def deform_attention_locations(
    reference_points: AnyArray | npt.ArrayLike,
    sampling_offsets: npt.ArrayLike,
    spatial_shapes: Sequence[Sequence[int]] | AnyArray,
) -> AttentionLocations[npt.NDArray[Any]]: ...
