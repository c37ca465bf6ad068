from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, final

# (mode, padding_mode, fill, coords, align_corners, rest)
_Sampling: TypeAlias = tuple[str, str, float, str, bool, str | None]

# (input_size, coords, align_corners, rest)
_Frame: TypeAlias = tuple[Sequence[int], str, bool, str | None]
_Place: TypeAlias = tuple[float, int, list[int]]
_Report: TypeAlias = tuple[list[tuple[int, float, float]], int, int]
_Place3: TypeAlias = tuple[list[float], list[float], list[float]]
# (input, offset, weight, mask, bias) and (stride, padding, dilation), y first
_Operands: TypeAlias = tuple[Any, Any, Any, Any | None, Any | None]
_Steps: TypeAlias = Sequence[tuple[int, int]]
_Notes: TypeAlias = tuple[list[int], bool, str, _Place3 | None]
_Image: TypeAlias = tuple[list[int], _Place3 | None]
# (spacing, origin, style), x first
_Knots: TypeAlias = tuple[Sequence[float], Sequence[float], str]
# (style, alpha, sigma, mode, truncate, points), x first
_Recipe: TypeAlias = tuple[str, Sequence[float], Sequence[float], str, float, Sequence[int]]
_Pair: TypeAlias = tuple[Sequence[float], Sequence[float]]

__version__: Final[str]
__all__ = [
    "Held",
    "Radial",
    "Stored",
    "__version__",
    "affine_about",
    "affine_grid",
    "affine_grid_grad",
    "affine_of_parts",
    "affine_of_theta",
    "ask_for_large_pages",
    "axes_of",
    "bspline_bounds",
    "bspline_determinants",
    "compose",
    "conventions",
    "convert",
    "deform_conv2d",
    "deform_conv2d_grad",
    "deform_conv2d_shape",
    "densified",
    "displacement",
    "effective_displacement",
    "exp",
    "exp_plan",
    "fit",
    "fit_bspline",
    "fit_radial",
    "folding",
    "get_num_threads",
    "grid_from_displacement",
    "guess",
    "hold",
    "hold_file",
    "hold_volume",
    "inspect",
    "invert",
    "jacobian",
    "log",
    "make_affine",
    "make_bspline",
    "make_crop",
    "make_elastic",
    "make_flip",
    "make_homography",
    "make_lens",
    "make_moving",
    "make_polar",
    "make_polynomial",
    "make_resize",
    "make_roll",
    "make_scattered",
    "make_swirl",
    "map_coordinates",
    "overlap",
    "picture",
    "read",
    "resize",
    "resize_grid",
    "sample",
    "sample_ewa",
    "sample_ewa_grad",
    "sample_grad",
    "sample_grad_grad",
    "sample_grads_small",
    "sample_small",
    "set_num_threads",
    "splat",
    "spline_filter",
    "transform_boxes",
    "transform_points",
    "use_torch",
    "write",
    "write_held",
]

@final
class Stored:
    @property
    def shape(self) -> list[int]: ...
    @property
    def dtype(self) -> str: ...
    def copy_into(self, out: Any) -> None: ...

@final
class Radial:
    def centers(self) -> list[float]: ...
    def weights(self) -> list[float]: ...
    def residuals(self) -> list[float]: ...
    def bending_energy(self) -> float | None: ...
    def field(self, tolerance: float, out: Any, frame: _Frame) -> float: ...
    def displacements(self, places: Any, out: Any) -> None: ...
    def jacobians(self, places: Any, out: Any) -> None: ...

@final
class Held:
    def array(self) -> Stored | None: ...
    def readings(self) -> list[str]: ...
    def valid(self) -> Stored | None: ...
    def placement(self) -> _Place3 | None: ...
    def remarks(self) -> list[str]: ...
    def image(self) -> Stored | None: ...
    def axes(self, src: str | None) -> int | None: ...
    def size(self) -> list[int] | None: ...

def guess(
    array: Any,
    input_size: Sequence[int] | None,
    declared: str | None,
    pair: tuple[Any, Any, bool] | None,
    here: _Place3 | None,
    there: _Place3 | None,
    only_findings: bool,
) -> tuple[list[tuple[str, str]], str]: ...
def axes_of(shape: Sequence[int], reading: str) -> tuple[int | None, list[int], bool]: ...
def hold(array: Any, readings: Sequence[str], valid: Any, place: _Place3 | None, remarks: Sequence[str]) -> Held: ...
def hold_file(path: str) -> Held: ...
def hold_volume(array: Any, place: _Place3, channels: int) -> Held: ...
def convert(
    held: Held,
    from_: str | None,
    to: str,
    source: _Image | None,
    same: bool,
    reference: _Image | None,
    rest: tuple[str | None, bool | None],
    invert: bool,
    double: bool | None,
) -> tuple[Held, list[tuple[str, str]], str]: ...
def write_held(path: str, held: Held) -> None: ...
def conventions() -> list[tuple[str, str, str]]: ...
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
def make_bspline(coefficients: Any, knots: _Knots, out: Any, frame: _Frame) -> None: ...
def bspline_determinants(coefficients: Any, knots: _Knots, out: Any) -> None: ...
def bspline_bounds(coefficients: Any, knots: _Knots) -> tuple[list[list[float]], list[list[list[float]]], float, bool]: ...
def make_elastic(recipe: _Recipe, seed: int, noise: Any, no_folds: bool, out: Any, frame: _Frame) -> float: ...
def fit_bspline(
    source: Any,
    destination: Any,
    weights: Sequence[float] | None,
    size: Sequence[int],
    points: Sequence[int],
    spacing: Sequence[float] | None,
    levels: int,
    frame: _Frame,
) -> tuple[bytes, list[int], list[float], list[float], list[float], float, int]: ...
def make_moving(source: Any, destination: Any, kind: str, alpha: float, out: Any, frame: _Frame) -> None: ...
def fit_radial(
    source: Any, destination: Any, options: tuple[str, Sequence[float], float | None, int | None] | None
) -> Radial: ...
def make_scattered(
    source: Any, destination: Any, how: tuple[str, float, int], reach: float | None, out: Any, frame: _Frame
) -> None: ...
def make_affine(numbers: Sequence[float], direction: str, out: Any, frame: _Frame) -> None: ...
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
def read(path: str) -> tuple[str, list[tuple[str, Stored]], _Notes | None, Held | None]: ...
def write(path: str, arrays: list[tuple[str, Any]], notes: _Notes | None, compress: bool) -> None: ...
def invert(
    field: Any, out: tuple[Any, Any, Any], frame: _Frame, method: str, branch: str, stop: tuple[float | None, int]
) -> tuple[bytearray, _Report | None]: ...
def compose(
    outer: Any,
    outer_frame: _Frame,
    inner: Any,
    inner_frame: _Frame,
    out: Any,
    rest_name: str | None,
    sampling: tuple[str, str, float],
) -> str: ...
def exp(velocity: Any, out: Any, frame: _Frame, squarings: int | None, tolerance: float, mode: str) -> tuple[int, float]: ...
def exp_plan(velocity: Any, frame: _Frame, squarings: int | None, tolerance: float) -> tuple[int, float]: ...
def log(
    field: Any, frame: _Frame, tolerance: float, steps: int, squarings: int | None, mode: str
) -> tuple[bytearray, float, list[float], bool]: ...
def resize(
    field: Any, frame: _Frame, size: Sequence[int], input_size: Sequence[int], rest_name: str | None
) -> tuple[bytearray, str]: ...
def resize_grid(grid: Any, size: Sequence[int], align_corners: bool) -> bytearray: ...
def jacobian(field: Any, out: Any, frame: _Frame, what: str, spacing: _Pair | None, scheme: str) -> None: ...
def folding(
    field: Any, frame: _Frame
) -> tuple[tuple[int, int, int, int], _Place | None, _Place | None, float, float | None, bytearray]: ...
def transform_points(
    points: Any, field: Any, frame: _Frame, sample: int, direction: str, branch: str
) -> tuple[bytearray, bytearray, bytearray]: ...
def transform_boxes(boxes: Any, field: Any, frame: _Frame, sample: int, direction: str, branch: str) -> bytearray: ...
def densified(polygon: Any, step: float) -> bytearray: ...
def splat(
    values: Any,
    weights: Any | None,
    grid: Any,
    out: tuple[Any, Any],
    size: Sequence[int],
    sampling: _Sampling,
    reduce: str,
) -> None: ...
def deform_conv2d(operands: _Operands, out: Any, steps: _Steps) -> None: ...
def deform_conv2d_shape(operands: _Operands, steps: _Steps) -> list[int]: ...
def deform_conv2d_grad(grad: Any, operands: _Operands, outs: Sequence[Any | None], steps: _Steps) -> None: ...
def map_coordinates(image: Any, coordinates: Any, out: Any, order: int, mode: str, cval: float, prefilter: bool) -> None: ...
def spline_filter(image: Any, out: Any, order: int, mode: str, adjoint: bool) -> None: ...
def sample_ewa(image: Any, grid: Any, out: Any, sampling: _Sampling) -> None: ...
def sample_ewa_grad(
    grad: Any, image: Any, grid: Any, out_image: Any | None, out_grid: Any | None, sampling: _Sampling
) -> None: ...
def affine_about(numbers: Sequence[float], center: Sequence[float]) -> list[float]: ...
def affine_of_parts(
    angles: Sequence[float], scale: Sequence[float], shear: Sequence[float], translation: Sequence[float], center: Sequence[float]
) -> list[float]: ...
def affine_of_theta(
    theta: Sequence[float], input_size: Sequence[int], size: Sequence[int], align_corners: bool
) -> list[float]: ...
def fit(
    at: Sequence[Sequence[float]], onto: Sequence[Sequence[float]], weights: Sequence[float] | None, kind: str, order: int
) -> tuple[list[float], list[float], float, int]: ...
def make_homography(numbers: Sequence[float], direction: str, out: Any, frame: _Frame) -> None: ...
def make_polynomial(numbers: Sequence[float], out: Any, frame: _Frame) -> None: ...
def make_polar(
    disc: tuple[Sequence[float], float], size: Sequence[int], spacing: str, inverse: bool, out: Any, frame: _Frame
) -> None: ...
def make_swirl(center: Sequence[float], strength: float, radius: float, rotation: float, out: Any, frame: _Frame) -> None: ...
def make_lens(
    lens: tuple[Sequence[Sequence[float]], Sequence[float]],
    model: str,
    direction: str,
    ideal: tuple[Sequence[Sequence[float]] | None, Sequence[Sequence[float]] | None],
    out: Any,
    frame: _Frame,
) -> None: ...
def make_crop(start: Sequence[float], out: Any, frame: _Frame) -> None: ...
def make_flip(axes: Sequence[bool], out: Any, frame: _Frame) -> None: ...
def make_roll(shift: Sequence[int], out: Any, frame: _Frame) -> None: ...
def make_resize(out: Any, frame: _Frame) -> None: ...
