"""Splines and wider kernels: beside SciPy, OpenCV and PIL, and their gradients."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pytest

import displace

scipy_ndimage = pytest.importorskip("scipy.ndimage")

MODES = ("reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap")


def _places(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Inside, at the ends, on pixels, half-way and far outside."""
    rows = []
    for length in shape:
        row = rng.uniform(-3, length + 2, count)
        kind = rng.integers(0, 8, count)
        row = np.where(kind == 0, rng.integers(-4, length + 4, count), row)
        row = np.where(kind == 1, rng.integers(-4, length + 4, count) + 0.5, row)
        row = np.where(kind == 2, rng.uniform(-200, 200, count), row)
        row = np.where(kind == 3, rng.choice([0, length - 1], count), row)
        rows.append(row)
    return np.stack(rows)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", range(6))
def test_map_coordinates_is_scipys(order: int, mode: str) -> None:
    rng = np.random.default_rng(order * 10 + MODES.index(mode))
    shapes = [(1, 1), (1, 5), (2, 3), (3, 17), (17, 5), (2, 2), (1, 2, 3), (5, 3, 2), (17, 4, 5), (3, 1, 1)]
    for shape, prefilter in itertools.product(shapes, (True, False)):
        image = rng.normal(size=shape)
        at = _places(rng, shape, 400)
        expected = scipy_ndimage.map_coordinates(image, at, order=order, mode=mode, cval=1.5, prefilter=prefilter)
        found = displace.map_coordinates(image, at, order=order, mode=mode, cval=1.5, prefilter=prefilter)
        worst = np.abs(found - expected).max()
        assert worst < 1e-12 * max(1, np.abs(expected).max()), (shape, prefilter, worst)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", (2, 3, 4, 5))
def test_spline_filter_is_scipys(order: int, mode: str) -> None:
    rng = np.random.default_rng(order)
    for shape in [(1, 1), (1, 5), (2, 3), (3, 17), (40, 35), (2, 3, 17), (33, 34, 35), (5, 300)]:
        image = rng.normal(size=shape)
        expected = scipy_ndimage.spline_filter(image, order, mode=mode)
        found = displace.spline_filter(image, order, mode=mode)
        assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max(), shape
        single = displace.spline_filter(image.astype(np.float32), order, np.float32, mode)
        assert single.dtype == np.float32
        assert np.abs(single - expected).max() < 2e-6 * np.abs(expected).max(), shape


def test_shapes_of_coordinates() -> None:
    rng = np.random.default_rng(0)
    image, volume = rng.normal(size=(9, 11)), rng.normal(size=(5, 6, 7))
    for array in (image, volume):
        for shape in [(1,), (7,), (5000,), (40, 50), (3, 40, 50), (2, 3, 4, 5), (0,), (3, 0)]:
            at = rng.uniform(0, 6, (array.ndim, *shape))
            expected = scipy_ndimage.map_coordinates(array, at, order=3)
            found = displace.map_coordinates(array, at)
            assert found.shape == expected.shape == shape
            assert np.abs(found - expected).max(initial=0) < 1e-12, shape
    at = rng.uniform(0, 6, (40, 50, 2)).transpose(2, 1, 0)
    assert np.array_equal(displace.map_coordinates(image, at), displace.map_coordinates(image, np.ascontiguousarray(at)))


def test_dtypes_and_outputs() -> None:
    rng = np.random.default_rng(1)
    at = rng.uniform(-1, 8, (2, 300))
    for dtype in (np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float32, np.float64, np.int8, np.uint32):
        image = rng.integers(0, 100, (8, 9)).astype(dtype)
        for mode in ("constant", "mirror"):
            found = displace.map_coordinates(image, at, order=2, mode=mode)
            expected = scipy_ndimage.map_coordinates(image.astype(np.float64), at, order=2, mode=mode)
            assert found.dtype == dtype
            limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
            clipped = expected if limits is None else np.clip(expected, limits.min, limits.max)
            step = 0.51 if limits is not None else 1e-4 if dtype == np.float32 else 1e-12
            assert np.abs(found.astype(float) - clipped).max() < step, dtype
    image = rng.normal(size=(8, 9))
    plain = displace.map_coordinates(image, at)
    given = np.empty(300)
    assert displace.map_coordinates(image, at, given) is given
    assert np.array_equal(given, plain)
    assert np.array_equal(displace.map_coordinates(image, at, np.float32), plain.astype(np.float32))
    narrow = np.empty(300, np.float32)
    displace.map_coordinates(image, at, output=narrow)
    assert np.array_equal(narrow, plain.astype(np.float32))


def test_single_precision_is_close() -> None:
    rng = np.random.default_rng(2)
    image = rng.uniform(0, 1, (60, 70)).astype(np.float32)
    at = rng.uniform(0, 59, (2, 4000)).astype(np.float32)
    for order in (2, 3, 4, 5):
        exact = scipy_ndimage.map_coordinates(image.astype(np.float64), at.astype(np.float64), order=order)
        found = displace.map_coordinates(image, at, order=order)
        assert found.dtype == np.float32
        # Values up to 1.3 in 24 bits: coefficients reach 4 and more, and each axis and direction rounds once.
        assert np.abs(found - exact).max() < 3e-6


@pytest.mark.parametrize("order", (2, 3, 4, 5))
def test_grid_sample_by_splines_is_map_coordinates(order: int) -> None:
    rng = np.random.default_rng(3)
    for shape in [(9, 12), (5, 6, 7)]:
        image = rng.normal(size=shape)
        at = _places(rng, shape, 900).reshape(len(shape), *(1,) * (len(shape) - 2), 30, 30)
        grid = np.moveaxis(at[::-1], 0, -1)[None]
        for padding, centers, mode in [
            ("zeros", False, "grid-constant"),
            ("constant", False, "grid-constant"),
            ("border", True, "nearest"),
            ("reflection", False, "reflect"),
            ("reflection", True, "mirror"),
            ("wrap", False, "grid-wrap"),
        ]:
            fill = -2.5 if padding == "constant" else 0.0
            found = displace.grid_sample(
                image[None, None], grid, f"bspline{order}", padding, align_corners=centers, coords="pixel", fill=fill
            )[0, 0]
            expected = displace.map_coordinates(image, at, order=order, mode=mode, cval=fill)
            # SciPy's slip under reflect: some times pole ** (2 * n), on n = 5 pixels and more.
            slip = 5 * {2: 0.1716, 3: 0.268, 4: 0.3614, 5: 0.4306}[order] ** 10 if mode == "reflect" else 0
            assert np.abs(found - expected).max() <= slip, (padding, centers)


def test_lanczos_is_opencvs() -> None:
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(4)
    image = rng.uniform(0, 1, (40, 50)).astype(np.float32)
    y, x = np.mgrid[0:40, 0:50].astype(np.float32)
    # OpenCV looks weights up in a table of 32 steps: at such steps its own are exact, divided by their sum as here.
    for dx, dy in [(0.25, 0.5), (0.5, 0.03125), (-1.75, 3.84375)]:
        expected = cv2.remap(image, x + np.float32(dx), y + np.float32(dy), cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
        field = np.broadcast_to(np.float32([dx, dy]), (40, 50, 2))
        assert np.abs(displace.warp(image, field, "lanczos4", "border") - expected).max() < 1e-5


def test_lanczos_and_catmull_rom_are_pils() -> None:
    image_module = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(5)
    image = rng.uniform(0, 1, (24, 20)).astype(np.float32)
    picture = image_module.fromarray(image)
    size = (40, 48)
    # Twice as large, pixel i reads (i + 1/2)/2 - 1/2: inside, where PIL cuts no taps off.
    y, x = np.mgrid[0:48, 0:40].astype(np.float32)
    grid = np.stack([(x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5], -1)[None]
    for mode, filter_ in (("lanczos3", "LANCZOS"), ("catmull-rom", "BICUBIC"), ("bilinear", "BILINEAR")):
        expected = np.asarray(picture.resize(size, getattr(image_module.Resampling, filter_)))
        found = displace.grid_sample(image[None, None], grid, mode, "border", align_corners=False, coords="pixel")[0, 0]
        assert np.abs(found - expected)[8:-8, 8:-8].max() < 2e-6, mode


KERNELS = ("catmull-rom", "mitchell", "lanczos3", "lanczos4", "bspline2", "bspline3", "bspline4", "bspline5")


@pytest.mark.parametrize("mode", KERNELS)
def test_constants_and_pixels(mode: str) -> None:
    rng = np.random.default_rng(6)
    for dtype in (np.float32, np.float64, np.uint8):
        flat = np.full((1, 2, 9, 10), 7, dtype)
        grid = rng.uniform(-1.5, 1.5, (1, 40, 41, 2)).astype(np.float32)
        found = displace.grid_sample(flat, grid, mode, "border", align_corners=False)
        assert np.abs(found.astype(float) - 7).max() < {"f": 1e-5, "u": 1e-9}[np.dtype(dtype).kind]
        image = rng.integers(0, 200, (1, 1, 9, 10)).astype(dtype)
        same = displace.warp(image[0], np.zeros((9, 10, 2), np.float32), mode, "border")
        exact = 0 if mode in ("catmull-rom", "lanczos3", "lanczos4") else 60 if mode == "mitchell" else 1e-3
        assert np.abs(same - image[0].astype(float)).max() <= exact


def test_order_of_accuracy() -> None:
    """Errors of a sine sampled twice as finely fall by 2 to the power of the order of accuracy."""
    expected = {"bilinear": 2, "catmull-rom": 3, "mitchell": 2, "bspline2": 3, "bspline3": 4, "bspline4": 5, "bspline5": 6}
    for mode, power in expected.items():
        errors = []
        for count in (32, 64):
            phase = np.arange(count) * (2 * np.pi / count)
            image = np.sin(phase + 0.4)[None].repeat(3, 0)
            x = np.arange(count) + 0.29
            grid = np.stack([x, np.ones(count)], -1)[None, None]
            found = displace.grid_sample(image[None, None], grid, mode, "wrap", align_corners=False, coords="pixel")
            errors.append(np.abs(found[0, 0, 0] - np.sin(x * (2 * np.pi / count) + 0.4)).max())
        assert abs(np.log2(errors[0] / errors[1]) - power) < 0.2, (mode, errors)


def test_errors() -> None:
    image = np.zeros((4, 5))
    with pytest.raises(displace.DisplaceError, match="order is 6: expected a whole number from 0 to 5"):
        displace.map_coordinates(image, np.zeros((2, 3)), order=6)
    with pytest.raises(displace.DisplaceError, match="mode is 'edge': expected one of 'reflect'"):
        displace.map_coordinates(image, np.zeros((2, 3)), mode="edge")
    with pytest.raises(displace.ShapeError, match=r"coordinates have shape \(3, 3\): expected \(2, ...\)"):
        displace.map_coordinates(image, np.zeros((3, 3)))
    with pytest.raises(displace.ShapeError, match="input has 1 axes"):
        displace.map_coordinates(image[0], np.zeros((1, 3)))
    with pytest.raises(displace.DTypeError, match="complex"):
        displace.map_coordinates(image.astype(complex), np.zeros((2, 3)))
    with pytest.raises(displace.ShapeError, match=r"output has shape \(4,\)"):
        displace.map_coordinates(image, np.zeros((2, 3)), np.empty(4))
    with pytest.raises(displace.DisplaceError, match="bspline3"):
        displace.grid_sample(image[None, None], np.zeros((1, 2, 2, 2)), "bspline6", align_corners=False)


# Antialiasing


def _zone_plate(size: int) -> np.ndarray:
    """Waves whose frequency grows with the distance from the middle, up to half a cycle per pixel at the ends."""
    at = np.arange(size) - (size - 1) / 2
    return 0.5 + 0.5 * np.cos(np.pi / size * (at[:, None] ** 2 + at[None] ** 2))


def _shrink(size: int, by: float, angle: float = 0.0) -> np.ndarray:
    """A map to an image smaller by `by`, turned about its middle."""
    count = int(size / by)
    at = (np.arange(count) - (count - 1) / 2) * by
    x, y = np.meshgrid(at, at)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], -1)[None] + (size - 1) / 2


def _ewa(image: np.ndarray, grid: np.ndarray, axes: tuple[np.ndarray, np.ndarray], steps: int = 60) -> float:
    """One pixel by a sum a tenth as far apart, over standard normal places: `axes` are a standard deviation long."""
    t = np.linspace(-3, 3, 2 * steps + 1)
    weight = np.exp(-(t**2) / 2)
    places = grid + t[:, None, None] * axes[0] + t[None, :, None] * axes[1]
    values = scipy_ndimage.map_coordinates(image, [places[..., 1], places[..., 0]], order=1, mode="nearest")
    both = weight[:, None] * weight[None]
    return float((values * both).sum() / both.sum())


def test_antialiasing_is_an_average() -> None:
    rng = np.random.default_rng(11)
    image = scipy_ndimage.gaussian_filter(rng.normal(size=(64, 64)), 1.0) * 3
    matrix = np.array([[3.0, -0.8], [0.5, 1.6]])
    index = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), -1)
    grid = ((index - 4) @ matrix.T + 31.3)[None]
    found = displace.grid_sample(
        image[None, None], grid, padding_mode="border", align_corners=False, coords="pixel", antialias=True
    )
    squares, directions = np.linalg.eigh(matrix @ matrix.T)
    axes = tuple(np.sqrt(max(square - 1.01, 0) / 4) * directions[:, k] for k, square in enumerate(squares))
    for y, x in [(4, 4), (2, 5), (6, 3)]:
        # Few places, ends included, hold up to 3 per cent more variance than many do.
        assert abs(found[0, 0, y, x] - _ewa(image, grid[0, y, x], axes)) < 1.5e-2


@pytest.mark.parametrize("angle", (0.0, 0.5))
@pytest.mark.parametrize("mode", ("bilinear", "bicubic", "bspline3"))
def test_antialiasing_removes_what_would_alias(mode: str, angle: float) -> None:
    size, by = 256, 4.0
    image = _zone_plate(size)[None, None]
    grid = _shrink(size, by, angle)
    inside = (np.hypot(*(grid[0] - (size - 1) / 2).transpose(2, 0, 1)) > size / by / 2 * 2) & (
        np.abs(grid[0] - (size - 1) / 2).max(-1) < size / 2 - 12
    )
    plain, averaged = (
        displace.grid_sample(image, grid, mode, "border", align_corners=False, coords="pixel", antialias=antialias)[0, 0]
        for antialias in (False, True)
    )
    # There the waves are shorter than two pixels of the result: all that is left of them is aliased.
    energy = [float((((found - 0.5) ** 2)[inside]).mean()) for found in (plain, averaged)]
    assert 10 * np.log10(energy[0] / energy[1]) > 20, energy
    # In the middle, where nothing aliases, the waves are still there.
    middle = np.hypot(*(grid[0] - (size - 1) / 2).transpose(2, 0, 1)) < size / 40
    assert np.abs(averaged - plain)[middle].max() < 0.12


def test_antialiasing_is_pils_in_spirit() -> None:
    image_module = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(12)
    image = rng.uniform(0, 1, (128, 128)).astype(np.float32)
    small = np.asarray(image_module.fromarray(image).resize((32, 32), image_module.Resampling.BICUBIC))
    grid = _shrink(128, 4.0).astype(np.float32)
    found = displace.grid_sample(
        image[None, None], grid, "bilinear", "border", align_corners=False, coords="pixel", antialias=True
    )
    inner = (slice(2, -2), slice(2, -2))
    assert np.corrcoef(found[0, 0][inner].ravel(), small[inner].ravel())[0, 1] > 0.85
    plain = displace.grid_sample(image[None, None], grid, "bilinear", "border", align_corners=False, coords="pixel")
    assert found[0, 0][inner].std() < 0.4 * plain[0, 0][inner].std()


def test_antialiasing_leaves_alone_what_does_not_shrink() -> None:
    rng = np.random.default_rng(13)
    for dtype in (np.float32, np.float64, np.uint8):
        image = (rng.uniform(0, 200, (3, 40, 50))).astype(dtype)
        for field in (np.zeros((40, 50, 2), np.float32), np.full((40, 50, 2), 0.3, np.float32)):
            plain = displace.warp(image, field, padding_mode="border")
            assert np.array_equal(displace.warp(image, field, padding_mode="border", antialias=True), plain)
        flat = np.full((1, 1, 60, 60), 7, dtype)
        shrunk = displace.grid_sample(
            flat, _shrink(60, 5.0), padding_mode="border", align_corners=False, coords="pixel", antialias=True
        )
        assert np.abs(shrunk.astype(float) - 7).max() < 1e-5
    # Larger is no shrinking, and shrinking begins without a jump.
    image = rng.normal(size=(1, 1, 40, 40))
    for by, least, most in [(0.5, 0, 0), (1.0, 0, 0), (1.004, 0, 0), (1.006, 1e-6, 2e-2), (1.05, 1e-3, 0.5)]:
        grid = _shrink(40, by, 0.3)
        plain, averaged = (
            displace.grid_sample(image, grid, "bicubic", "border", align_corners=False, coords="pixel", antialias=antialias)
            for antialias in (False, True)
        )
        assert least <= np.abs(plain - averaged).max() <= most, by


def test_antialiasing_of_a_hundredfold_shrink_ends() -> None:
    image = np.random.default_rng(14).uniform(0, 1, (1, 1, 300, 300)).astype(np.float32)
    grid = _shrink(300, 100.0).astype(np.float32)
    found = displace.grid_sample(image, grid, padding_mode="reflection", align_corners=False, coords="pixel", antialias=True)
    assert np.abs(found - 0.5).max() < 0.05


def test_antialiasing_of_volumes_is_an_error() -> None:
    with pytest.raises(displace.ShapeError, match="3 axes: only images, of 2 axes"):
        displace.grid_sample(np.zeros((1, 1, 2, 2, 2)), np.zeros((1, 1, 1, 1, 3)), align_corners=False, antialias=True)


# Gradients

torch = pytest.importorskip("torch")
torchs_own = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")


def _inside(rng: np.random.Generator, shape: tuple[int, ...], count: tuple[int, ...]) -> torch.Tensor:
    """Locations in pixels away from where nearest pixels or clamps change."""
    rows = [np.floor(rng.uniform(-2, length + 1, count)) + rng.uniform(0.1, 0.4, count) for length in reversed(shape)]
    return torch.tensor(np.stack(rows, -1)[None])


@torchs_own
@pytest.mark.parametrize("mode", KERNELS)
@pytest.mark.parametrize(
    ("padding", "centers"), [("zeros", False), ("border", False), ("reflection", False), ("reflection", True), ("wrap", False)]
)
def test_gradients(mode: str, padding: str, centers: bool) -> None:
    rng = np.random.default_rng(7)
    for shape, count in [((4, 5), (2, 3)), ((1, 3), (1, 2)), ((3, 2, 4), (1, 2, 2))]:
        image = torch.tensor(rng.normal(size=(1, 2, *shape)), requires_grad=True)
        grid = _inside(rng, shape, count).requires_grad_()

        def read(image: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
            return displace.grid_sample(image, grid, mode, padding, align_corners=centers, coords="pixel")

        assert torch.autograd.gradcheck(read, (image, grid), check_forward_ad=True)
        if len(shape) == 2:
            assert torch.autograd.gradgradcheck(read, (image, grid))


@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_map_coordinates(mode: str) -> None:
    rng = np.random.default_rng(8)
    for order, prefilter in [(1, True), (2, True), (3, True), (3, False), (5, True)]:
        image = torch.tensor(rng.normal(size=(4, 5)), requires_grad=True)
        at = torch.tensor(rng.integers(0, 3, (2, 7)) + rng.uniform(0.1, 0.4, (2, 7)), requires_grad=True)

        read = partial(displace.map_coordinates, order=order, mode=mode, prefilter=prefilter)

        assert torch.autograd.gradcheck(read, (image, at))
        expected = scipy_ndimage.map_coordinates(
            image.detach().numpy(), at.detach().numpy(), order=order, mode=mode, prefilter=prefilter
        )
        assert np.abs(read(image, at).detach().numpy() - expected).max() < 1e-12


@torchs_own
@pytest.mark.parametrize("mode", ("mirror", "reflect", "grid-wrap"))
def test_gradients_of_the_filter(mode: str) -> None:
    rng = np.random.default_rng(9)
    for order, shape in [(2, (4, 5)), (3, (1, 6)), (4, (2, 3, 4)), (5, (5, 2))]:
        image = torch.tensor(rng.normal(size=shape), requires_grad=True)

        read = partial(displace.spline_filter, order=order, mode=mode)

        assert torch.autograd.gradcheck(read, image, check_forward_ad=True)
        assert torch.autograd.gradgradcheck(read, image)


def test_threads_and_batches() -> None:
    rng = np.random.default_rng(10)
    image = rng.normal(size=(2, 3, 90, 300)).astype(np.float32)
    grid = rng.uniform(-1.2, 1.2, (2, 120, 200, 2)).astype(np.float32)
    grad = torch.tensor(rng.normal(size=(2, 3, 120, 200)).astype(np.float32))
    before = displace.get_num_threads()
    try:
        for mode in ("bspline3", "bspline4", "lanczos3", "mitchell"):
            found = []
            for threads in (1, 2, 5):
                displace.set_num_threads(threads)
                tensors = torch.tensor(image, requires_grad=True), torch.tensor(grid, requires_grad=True)
                values = displace.grid_sample(*tensors, mode, "reflection", align_corners=False)
                found.append((values.detach(), *torch.autograd.grad(values, tensors, grad)))
            for other in found[1:]:
                assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))
            single = displace.grid_sample(image[1:, 2:], grid[1:], mode, "reflection", align_corners=False)
            assert np.array_equal(single[0, 0], found[0][0][1, 2].numpy())
    finally:
        displace.set_num_threads(before)


@torchs_own
@pytest.mark.parametrize("mode", ("bilinear", "bicubic", "bspline3"))
def test_gradients_of_antialiasing(mode: str) -> None:
    rng = np.random.default_rng(15)
    image = torch.tensor(rng.normal(size=(1, 2, 12, 11)), requires_grad=True)
    grid = torch.tensor(_shrink(12, 2.6, 0.4) + rng.uniform(-0.3, 0.3, (1, 4, 4, 2)))

    def read(image: torch.Tensor, grid: torch.Tensor = grid) -> torch.Tensor:
        return displace.grid_sample(image, grid, mode, "reflection", align_corners=False, coords="pixel", antialias=True)

    assert torch.autograd.gradcheck(read, image)
    # The grid's gradient holds the ellipses fixed: it is exact for a map that is moved as a whole.
    shift = torch.tensor([0.03, -0.02], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda shift: read(image.detach(), grid + shift), shift)
    with pytest.raises(NotImplementedError, match="first derivatives"):
        (first,) = torch.autograd.grad(read(image).square().sum(), image, create_graph=True)
        first.sum().backward()


def test_gradients_of_antialiasing_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(16)
    image = torch.tensor(rng.normal(size=(2, 3, 200, 210)).astype(np.float32), requires_grad=True)
    grid = torch.tensor(np.concatenate([_shrink(200, 3.0), _shrink(200, 3.0, 0.7)]).astype(np.float32), requires_grad=True)
    before, found = displace.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            displace.set_num_threads(threads)
            values = displace.grid_sample(image, grid, "bilinear", "zeros", align_corners=False, coords="pixel", antialias=True)
            found.append((values.detach(), *torch.autograd.grad(values.square().sum(), (image, grid))))
    finally:
        displace.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))
