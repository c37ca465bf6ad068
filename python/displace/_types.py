"""Types of arrays. Who gives an array of a library gets one of the same library back."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, TypeVar

Mode: TypeAlias = Literal[
    "bilinear",
    "nearest",
    "bicubic",
    "linear",
    "trilinear",
    "cubic",
    "tricubic",
    "catmull-rom",
    "mitchell",
    "lanczos3",
    "lanczos4",
    "bspline2",
    "bspline3",
    "bspline4",
    "bspline5",
    "bspline2-coefficients",
    "bspline3-coefficients",
    "bspline4-coefficients",
    "bspline5-coefficients",
]
ScipyMode: TypeAlias = Literal["reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap"]
PaddingMode: TypeAlias = Literal["zeros", "border", "reflection", "wrap", "constant"]
Rest: TypeAlias = Literal["index", "extent"]
Coords: TypeAlias = Literal["normalized", "pixel", "displacement"]
Branch: TypeAlias = Literal["largest_jacobian", "nearest", "first"]
Direction: TypeAlias = Literal["pull", "push"]
Real: TypeAlias = Literal["float32", "float64"]
BSplineStyle: TypeAlias = Literal["image", "itk"]
ElasticStyle: TypeAlias = Literal["torchvision", "simard", "bspline"]
Border: TypeAlias = Literal["reflect", "mirror", "constant", "nearest", "wrap"]
MovingKind: TypeAlias = Literal["affine", "similarity", "rigid"]
RadialKernel: TypeAlias = Literal[
    "thin_plate_spline",
    "linear",
    "cubic",
    "quintic",
    "multiquadric",
    "inverse_multiquadric",
    "inverse_quadratic",
    "gaussian",
]
ScatteredMethod: TypeAlias = Literal["nearest", "linear", "natural", "inverse_distance"]
Scheme: TypeAlias = Literal["central", "forward", "backward"]


class AnyArray(Protocol):
    """Satisfied by NumPy arrays, torch tensors, JAX arrays and whatever else follows the array API standard."""

    @property
    def shape(self) -> Any:
        """Lengths of the axes."""

    def __dlpack__(self, *args: Any, **options: Any) -> Any:
        """A capsule."""

    def __dlpack_device__(self) -> tuple[Any, Any]:
        """Where the memory lies."""


Array = TypeVar("Array", bound=AnyArray)
OtherArray = TypeVar("OtherArray", bound=AnyArray)
