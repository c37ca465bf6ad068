"""Radial basis functions beside SciPy's and kornia's."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
import torch
from kornia.geometry.transform import get_tps_transform, warp_points_tps
from scipy.interpolate import RBFInterpolator

import displace

KERNELS = (
    "thin_plate_spline",
    "linear",
    "cubic",
    "quintic",
    "multiquadric",
    "inverse_multiquadric",
    "inverse_quadratic",
    "gaussian",
)


def pairs(count, size, by=3.0, seed=1):
    generator = np.random.default_rng(seed)
    destination = generator.uniform(0, np.array(size[::-1]) - 1.0, (count, len(size)))
    return destination + generator.normal(scale=by, size=destination.shape), destination


def lattice(size):
    return np.stack(np.meshgrid(*map(np.arange, size), indexing="ij")[::-1], -1).astype(float)


@pytest.mark.parametrize("smoothing", [0.0, 2.5])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(30, 41), (12, 14, 16)])
def test_scipy(size, kernel, smoothing):
    source, destination = pairs(60, size)
    options = {"kernel": kernel, "smoothing": smoothing, "epsilon": 0.25 if len(size) == 2 else 0.5}
    map_ = displace.RadialBasis(source, destination, **options)
    # SciPy's degree where none is said: the least that its theory asks for, and 0 where that is none.
    theirs = RBFInterpolator(destination, source - destination, **options)
    at = lattice(size)
    expected = theirs(at.reshape(-1, len(size))).reshape(at.shape)
    # Rounding times the equations' condition, up to 1e7 for quintics and gaussians here.
    np.testing.assert_allclose(map_.displacement(at), expected, atol=1e-7, rtol=0)
    np.testing.assert_allclose(map_(at), at + expected, atol=1e-7, rtol=0)
    exact = map_.field(size, tolerance=0, dtype="float64").displacement
    np.testing.assert_allclose(exact, expected, atol=1e-7, rtol=0)
    np.testing.assert_allclose(map_.field(size).displacement, exact, atol=1e-5, rtol=1e-6)
    np.testing.assert_allclose(map_.weights, theirs._coeffs[: len(source)], rtol=1e-5, atol=1e-6 * np.abs(theirs._coeffs).max())


def test_thin_plates_to_rounding():
    source, destination = pairs(100, (200, 200))
    field = displace.thin_plate_spline(source, destination, (200, 200), dtype="float64", tolerance=0)
    at = lattice((200, 200)).reshape(-1, 2)
    expected = RBFInterpolator(destination, source - destination)(at).reshape(200, 200, 2)
    # Both sum 100 terms of up to 1e6 with weights about 0.1.
    np.testing.assert_allclose(field.displacement, expected, atol=1e-8, rtol=0)
    by_tiles = displace.thin_plate_spline(source, destination, (200, 200), dtype="float64")
    np.testing.assert_allclose(by_tiles.displacement, field.displacement, atol=1.1e-9, rtol=0)


@pytest.mark.parametrize("degree", [-1, 0, 1, 2])
def test_degrees(degree):
    source, destination = pairs(30, (30, 30))
    options = {"kernel": "gaussian", "epsilon": 0.3, "degree": degree}
    expected = RBFInterpolator(destination, source - destination, **options)([[3.0, 4.0]])
    found = displace.RadialBasis(source, destination, **options).displacement([[3, 4]])
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_each_point_its_own_smoothing():
    source, destination = pairs(25, (40, 40))
    smoothing = np.linspace(0, 50, 25)
    map_ = displace.RadialBasis(source, destination, smoothing=smoothing)
    expected = RBFInterpolator(destination, source - destination, smoothing=smoothing)(destination)
    np.testing.assert_allclose(map_.displacement(destination), expected, atol=1e-8)
    np.testing.assert_allclose(map_.residual, np.linalg.norm(expected + destination - source, axis=1), atol=1e-8)


def test_much_smoothing_is_least_squares():
    source, destination = pairs(40, (50, 50))
    map_ = displace.RadialBasis(source, destination, smoothing=1e12)
    expected = displace.fit(source, destination).field((50, 50), dtype="float64")
    np.testing.assert_allclose(map_.field((50, 50), dtype="float64"), expected, atol=1e-5)
    assert map_.bending_energy < 1e-9 < displace.RadialBasis(source, destination).bending_energy


@pytest.mark.parametrize("normalized", [False, True])
def test_kornia(normalized):
    size = 64
    source, destination = pairs(25, (size, size))
    map_ = displace.RadialBasis.like_kornia(source, destination)
    at = lattice((size, size)).reshape(-1, 2)
    # Normalised at the ends: pixel 0 is -1 and the last one 1.
    scale, shift = (2 / (size - 1), -1) if normalized else (1, 0)
    src, dst, places = (torch.tensor(points * scale + shift)[None] for points in (source, destination, at))
    kernel, affine = get_tps_transform(dst, src)
    expected = (warp_points_tps(places, src, kernel, affine)[0].numpy() - shift) / scale
    np.testing.assert_allclose(map_(at), expected, atol=1e-8)
    np.testing.assert_allclose(map_.centers, source, atol=1e-12)
    # It is another map than the spline.
    assert np.abs(displace.RadialBasis(source, destination)(at) - expected).max() > 0.05


def test_ten_thousand_points():
    source, destination = pairs(10_000, (512, 512), by=1.0)
    map_ = displace.RadialBasis(source, destination)
    assert map_.residual.max() < 1e-6
    field = map_.field((512, 512)).displacement
    some = np.random.default_rng(2).integers(0, 512, (400, 2))
    expected = map_.displacement(some)
    # The tolerance and float32's rounding.
    np.testing.assert_allclose(field[some[:, 1], some[:, 0]], expected, atol=1e-5, rtol=1e-7)


@pytest.mark.parametrize("kernel", KERNELS)
def test_jacobian_is_the_maps(kernel):
    source, destination = pairs(20, (40, 50))
    map_ = displace.RadialBasis(source, destination, kernel=kernel, epsilon=0.2, smoothing=5.0)
    at, step = lattice((40, 50)) + 0.3, 1e-4
    for axis in range(2):
        by = step * np.eye(2)[axis]
        expected = (map_(at + by) - map_(at - by)) / (2 * step)
        # Third derivatives, up to 1/r^2 of a point at distance r, times step^2, and rounding over the step.
        np.testing.assert_allclose(map_.jacobian(at)[..., axis], expected, atol=1e-5, rtol=0)


def test_points_come_back():
    source, destination = pairs(20, (64, 64), by=1.0)
    field = displace.thin_plate_spline(source, destination, (64, 64))
    inside = ((destination > 4) & (destination < 59)).all(1)
    found = displace.transform_points(source[inside], field)
    assert (found.count >= 1).all()
    # The field is linear between pixels, where second derivatives are up to some 0.3 per pixel.
    assert np.abs(found.points - destination[inside]).max() < 0.15


def test_tensors_and_sizes():
    source, destination = (torch.tensor(points) for points in pairs(9, (12, 10)))
    field = displace.thin_plate_spline(source, destination, (12, 10), (8, 30), rest="extent", dtype="float64")
    assert isinstance(field.displacement, torch.Tensor) and field.input_size == (8, 30)
    map_ = displace.RadialBasis(source, destination)
    place = map_(torch.tensor([[7.0, 4.0]]))
    assert isinstance(place, torch.Tensor)
    rest = torch.tensor([7.5 * 3 - 0.5, 4.5 * 8 / 12 - 0.5])
    torch.testing.assert_close(field.displacement[4, 7], place[0] - rest, atol=1e-8, rtol=0)
    assert isinstance(map_([[1, 2]]), np.ndarray)
    assert map_.displacement(np.zeros((2, 5, 2))).shape == (2, 5, 2)
    assert map_.jacobian([3.0, 4.0]).shape == (2, 2)
    assert repr(map_) == "RadialBasis(9 centers, 2 axes)"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"kernel": "plate"}, displace.DisplaceError, 'unknown kernel "plate": expected "thin_plate_spline", "linear"'),
        ({"kernel": "gaussian"}, displace.DisplaceError, 'kernel "gaussian" has a width: it needs epsilon'),
        ({"epsilon": -1}, displace.DisplaceError, "epsilon is -1: expected a finite number above 0"),
        ({"epsilon": "a"}, displace.DTypeError, "epsilon holds"),
        ({"smoothing": [1, 2]}, displace.ShapeError, "smoothing has shape (2,): expected a number or 9"),
        ({"smoothing": []}, displace.ShapeError, "smoothing has shape (0,): expected a number or 9"),
        ({"smoothing": -1}, displace.DisplaceError, "smoothing 0 is -1"),
        ({"degree": 0}, displace.DisplaceError, "polynomial of degree 0: expected 1 to 2"),
        ({"degree": 1.5}, displace.DisplaceError, "degree is 1.5: expected a whole number from -1 to 2"),
        ({"degree": 2**40}, displace.DisplaceError, "expected a whole number from -1 to 2"),
    ],
)
def test_what_does_not_fit_is_said(options, error, said):
    with pytest.raises(error, match=re.escape(said)):
        displace.RadialBasis(*pairs(9, (10, 10)), **options)


@pytest.mark.parametrize("near", [1e-11, 1e-12, 1e-13, 3e-13, 1e-14])
def test_points_too_close_together_are_said(near):
    destination = [[0, 0], [10, 0], [0, 10], [10, 10], [4, 5], [near, 0]]
    source = [[0, 0], [10, 0], [0, 10], [10, 10], [4, 5], [5, 0]]
    with pytest.raises(displace.DisplaceError, match="points are too close together"):
        displace.RadialBasis(source, destination)


@pytest.mark.parametrize(("kernel", "epsilon"), [("inverse_multiquadric", 0.01), ("multiquadric", 0.02), ("gaussian", 0.05)])
def test_kernels_too_wide_are_said(kernel, epsilon):
    """Points are met, or it is said that they are not."""
    for seed in range(20):
        source, destination = pairs(150, (40, 40), by=1.0, seed=seed)
        try:
            map_ = displace.RadialBasis(source, destination, kernel=kernel, epsilon=epsilon)
        except displace.DisplaceError as e:
            assert "points are too close together" in str(e)
        else:
            assert map_.residual.max() < 5e-3


def test_it_pickles():
    source, destination = pairs(9, (10, 10))
    for map_ in (displace.RadialBasis(source, destination, smoothing=2.0), displace.RadialBasis.like_kornia(source, destination)):
        again = pickle.loads(pickle.dumps(map_))
        np.testing.assert_array_equal(again.weights, map_.weights)
        np.testing.assert_array_equal(again([[3, 4]]), map_([[3, 4]]))


def test_equal_pairs_count_once_where_they_are_met():
    destination = np.array([[0, 0], [9, 0], [0, 9], [0, 0], [5, 6]], float)
    source = destination + np.array([[1, 0], [0, 1], [2, 0], [1, 0], [0, 0]])
    smoothing = [0, 1, 1, 0, 2]
    twice = displace.RadialBasis(source, destination, smoothing=smoothing)
    keep = [0, 1, 2, 4]
    once = displace.RadialBasis(source[keep], destination[keep], smoothing=np.array(smoothing)[keep])
    np.testing.assert_array_equal(twice.weights, once.weights)


def test_strips():
    generator = np.random.default_rng(4)
    destination = np.stack([generator.uniform(0, 5e4, 60), generator.uniform(0, 2, 60)], 1)
    source = destination + generator.normal(size=destination.shape)
    map_ = displace.RadialBasis(source, destination, kernel="quintic")
    expected = RBFInterpolator(destination, source - destination, kernel="quintic")(destination + 0.5)
    # Both miss their equations by up to 5e-4 px: terms of 1e23 cancel.
    assert map_.residual.max() < 1e-3
    np.testing.assert_allclose(map_.displacement(destination + 0.5), expected, atol=1e-2)


def test_no_energy_where_it_is_infinite():
    source, destination = pairs(20, (30, 30))
    assert displace.RadialBasis(source, destination, degree=2).bending_energy is None


def test_points_that_make_no_map_are_said():
    line = np.arange(8.0).reshape(4, 2)
    with pytest.raises(
        displace.DisplaceError, match=r"4 destination points leave a polynomial of degree 1 open .* not all on one line"
    ):
        displace.thin_plate_spline(line, line, (5, 5))
    with pytest.raises(displace.ShapeError, match=r"source has shape \(4, 2\) and destination \(3, 2\)"):
        displace.thin_plate_spline(line, line[:3], (5, 5))
    source, destination = pairs(9, (10, 10))
    with pytest.raises(displace.ShapeError, match="the map is of 2 axes"):
        displace.thin_plate_spline(source, destination, (5, 5, 5))
    with pytest.raises(displace.DisplaceError, match="tolerance is -1: expected 0 or more"):
        displace.thin_plate_spline(source, destination, (5, 5), tolerance=-1)
    with pytest.raises(displace.ShapeError, match=r"points has shape \(3,\): expected \(\.\.\., 2\)"):
        displace.RadialBasis(source, destination)([1, 2, 3])
    with pytest.raises(displace.DisplaceError, match=r"points 0 and 9 are both at destination .* or smoothing"):
        displace.RadialBasis([*source, [0, 0]], [*destination, destination[0]])
