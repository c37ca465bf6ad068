"""Fields from scattered matches beside SciPy's griddata, and natural neighbours beside areas counted on a fine lattice."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.interpolate
import scipy.spatial
import skimage.data

import displace

METHODS = ("nearest", "linear", "natural", "inverse_distance")


def cloud(count, axes=2, seed=3):
    generator = np.random.default_rng(seed)
    destination = generator.uniform(-5, 45, (count, axes))
    return destination + generator.normal(scale=3, size=destination.shape), destination


def pixels(*size):
    """The places of the pixels, x first."""
    return np.stack(np.meshgrid(*(np.arange(length, dtype=float) for length in size), indexing="ij")[::-1], -1)


def test_linear_is_griddatas():
    source, destination = cloud(80)
    field, valid = displace.scattered(source, destination, (40, 41), dtype="float64")
    theirs = scipy.interpolate.griddata(destination, source, pixels(40, 41), "linear")
    np.testing.assert_array_equal(valid, np.isfinite(theirs[..., 0]))
    assert 0 < valid.sum() < valid.size
    assert np.isnan(field.displacement[~valid]).all()
    # Offsets of 10 pixels in 16 digits; SciPy inverts each triangle's matrix, thin ones with a condition of 1e3.
    np.testing.assert_allclose((field.displacement + pixels(40, 41))[valid], theirs[valid], rtol=0, atol=1e-11)
    single = displace.scattered(source, destination, (40, 41))
    np.testing.assert_array_equal(single.field.displacement, field.displacement.astype(np.float32))
    np.testing.assert_array_equal(single.valid, valid)


@pytest.mark.parametrize("size", [(40, 41), (12, 40, 9)])
def test_nearest_is_griddatas(size):
    source, destination = cloud(80, len(size))
    field, valid = displace.scattered(source, destination, size, method="nearest", dtype="float64")
    theirs = scipy.interpolate.griddata(destination, source - destination, pixels(*size), "nearest")
    assert valid.all()
    np.testing.assert_allclose(field.displacement, theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_reach_is_the_trees(method):
    source, destination = cloud(30)
    distance, _ = scipy.spatial.cKDTree(destination).query(pixels(40, 41))
    everywhere = displace.scattered(source, destination, (40, 41), method=method)
    within = displace.scattered(source, destination, (40, 41), method=method, reach=4.5)
    np.testing.assert_array_equal(within.valid, everywhere.valid & (distance <= 4.5))
    assert 0 < within.valid.sum() < everywhere.valid.sum()
    kept = within.valid
    np.testing.assert_array_equal(within.field.displacement[kept], everywhere.field.displacement[kept])


def test_reach_is_the_distance():
    """Pixels at the very distance that the caller computes are within reach, whatever its square rounds to."""
    for x in range(1, 9):
        for y in range(9):
            found = displace.scattered([[0, 0]], [[0, 0]], (10, 10), method="nearest", reach=math.hypot(x, y))
            assert found.valid[y, x] and not found.valid[y, x + 1], (x, y)


def test_natural_neighbours_take_areas():
    source, destination = cloud(40)
    field, valid = displace.scattered(source, destination, (40, 41), method="natural", dtype="float64")
    tree = scipy.spatial.cKDTree(destination)
    fine = 0.02
    y, x = np.mgrid[-20:20:fine, -20:20:fine]
    checked = 0
    for at in ([10, 12], [20, 20], [31, 18], [25, 7], [14, 30]):
        # Places that are nearer to the pixel than to any point, and whose they were before.
        places = np.stack([x, y], -1) + at
        distance, owner = tree.query(places)
        cell = np.hypot(x, y) < distance
        assert not cell[[0, -1]].any() and not cell[:, [0, -1]].any()
        weights = np.bincount(owner[cell], minlength=40) / cell.sum()
        expected = weights @ (source - destination)
        # A border of some hundred squares of 1e4 and more, half of them wrong by half, in both directions.
        np.testing.assert_allclose(field.displacement[at[1], at[0]], expected, rtol=0, atol=0.02)
        checked += valid[at[1], at[0]]
    assert checked == 5
    hull = np.isfinite(scipy.interpolate.griddata(destination, source[:, 0], pixels(40, 41)))
    np.testing.assert_array_equal(valid, hull)


@pytest.mark.parametrize("neighbours", [6, 500])
@pytest.mark.parametrize("size", [(20, 21), (6, 7, 8)])
def test_inverse_distances_are_their_formula(size, neighbours):
    source, destination = cloud(60, len(size))
    made = displace.scattered(
        source, destination, size, method="inverse_distance", power=3, neighbours=neighbours, dtype="float64"
    )
    distance = np.sort(scipy.spatial.distance.cdist(pixels(*size).reshape(-1, len(size)), destination))
    order = np.argsort(scipy.spatial.distance.cdist(pixels(*size).reshape(-1, len(size)), destination))
    weights = distance**-3.0
    if neighbours < 60:
        rim = distance[:, neighbours, None]
        weights = (np.clip(rim - distance, 0, None) / (rim * distance)) ** 3
    expected = np.einsum("pk,pka->pa", weights, (source - destination)[order]) / weights.sum(1, keepdims=True)
    np.testing.assert_allclose(made.field.displacement.reshape(expected.shape), expected, rtol=0, atol=1e-11)
    assert made.valid.all()


@pytest.mark.parametrize("method", METHODS)
def test_points_are_met(method):
    destination = np.array([[3, 2], [20, 5], [9, 25], [30, 28], [17, 16]])
    source = destination + np.array([[1.5, -2], [0.25, 3], [7, 1], [-4, -3], [0, 0]])
    field = displace.scattered(source, destination, (32, 36), method=method).field.displacement
    np.testing.assert_array_equal(field[destination[:, 1], destination[:, 0]], source - destination)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rest", ["index", "extent"])
def test_sizes_that_differ(method, rest):
    source, destination = cloud(60)
    same = displace.scattered(source, destination, (40, 41), method=method, dtype="float64")
    other = displace.scattered(source, destination, (40, 41), (80, 123), method=method, rest=rest, dtype="float64")
    np.testing.assert_array_equal(same.valid, other.valid)
    start = pixels(40, 41)
    if rest == "extent":
        start = (start + 0.5) * (3, 2) - 0.5
    np.testing.assert_allclose(other.field.displacement + start, same.field.displacement + pixels(40, 41), atol=1e-12)
    with pytest.raises(displace.RestError):
        displace.scattered(source, destination, (40, 41), (80, 123), method=method)


def test_tensors():
    torch = pytest.importorskip("torch")
    points = torch.tensor([[1.0, 2.0], [7.0, 3.0], [2.0, 7.0]])
    field, valid = displace.scattered(points + 1, points, (8, 9))
    assert isinstance(field.displacement, torch.Tensor) and valid.dtype == torch.bool and valid.shape == (8, 9)
    assert valid[3, 3] and not valid[0, 0]
    torch.testing.assert_close(field.displacement[valid], torch.ones(int(valid.sum()), 2))
    assert field.displacement[~valid].isnan().all()


def test_a_real_scene_from_a_hundredth_of_its_matches():
    """scikit-image's stereo pair (Middlebury 2014): the true disparity of each pixel, rebuilt from 1 % of them."""
    disparity = skimage.data.stereo_motorcycle()[2]
    known = np.isfinite(disparity)
    rows, columns = np.nonzero(known)
    chosen = np.random.default_rng(0).choice(len(rows), len(rows) // 100, replace=False)
    destination = np.stack([columns[chosen], rows[chosen]], -1).astype(float)
    source = destination - np.stack([disparity[rows[chosen], columns[chosen]], np.zeros(len(chosen))], -1)
    places = pixels(*disparity.shape)
    hull = displace.scattered(source, destination, disparity.shape).valid & known
    hull[rows[chosen], columns[chosen]] = False
    typical, right = {}, {}
    for method in METHODS:
        field, valid = displace.scattered(source, destination, disparity.shape, method=method, dtype="float64")
        found = -field.displacement[..., 0]
        assert (field.displacement[valid][:, 1] == 0).all()
        error = abs(found - disparity)[hull]
        typical[method], right[method] = round(np.median(error), 3), round(100 * np.mean(error < 1))
        # Disparities are 7 to 60 pixels, and jump where things end: there, and only there, errors are large.
        assert np.mean(error < 1) > 0.75 and error.mean() < 1.5, method
        if method in ("nearest", "linear"):
            theirs = -scipy.interpolate.griddata(destination, (source - destination)[:, 0], places, method)
            np.testing.assert_array_equal(valid, np.isfinite(theirs))
            # Points are pixels, so that four may lie on one circle, and a pixel as far from one as from another: both are right then.
            differ = valid & (abs(found - theirs) > 1e-9)
            assert differ.sum() < {"nearest": 0.02, "linear": 0.002}[method] * differ.size, differ.sum()
            assert np.median(error) == pytest.approx(np.median(abs(theirs - disparity)[hull]), rel=0.001)
    # As docs/make/scattered.md says.
    assert typical == {"nearest": 0.180, "linear": 0.050, "natural": 0.082, "inverse_distance": 0.230}
    assert right == {"nearest": 84, "linear": 80, "natural": 78, "inverse_distance": 81}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"source": [[1, 2]]}, displace.ShapeError, "1 source and 3 destination"),
        ({"source": np.zeros((0, 2)), "destination": np.zeros((0, 2))}, displace.ShapeError, "at least one"),
        ({"source": [[1, 2, 3]] * 3}, displace.ShapeError, "(K, 2)"),
        ({"method": "cubic"}, displace.DisplaceError, "'cubic': expected 'nearest', 'linear', 'natural', 'inverse_distance'"),
        ({"reach": -1}, displace.DisplaceError, "reach is -1"),
        ({"power": 2}, displace.DisplaceError, 'power is of method "inverse_distance", not of "linear": leave it out'),
        ({"method": "nearest", "neighbours": 3}, displace.DisplaceError, "neighbours is of method"),
        ({"reach": "a"}, displace.DTypeError, "reach holds"),
        ({"method": "inverse_distance", "power": 0}, displace.DisplaceError, "power is 0"),
        ({"method": "inverse_distance", "neighbours": 0}, displace.DisplaceError, "neighbours is 0"),
        ({"destination": [[0, 0], [1, 1], [2, 2]]}, displace.DisplaceError, "lie on one line, from [0.0, 0.0] to [2.0, 2.0]"),
        ({"destination": [[0, 0], [0, 0], [2, 2]]}, displace.DisplaceError, "points 0 and 1 are both at destination"),
        ({"destination": [[0, 0], [np.inf, 0], [2, 2]]}, displace.DisplaceError, "point 1"),
        ({"destination": [[0, 0], [1e70, 0], [2, 2]]}, displace.DisplaceError, "-2^200 to 2^200"),
        (
            {"source": np.eye(3), "destination": np.eye(3), "size": (4, 4, 4)},
            displace.DisplaceError,
            "method linear is for 2-D points, not for 3-D: take nearest or inverse distance",
        ),
    ],
)
def test_mistakes(change, error, said):
    given = {"source": [[0, 1], [4, 1], [2, 6]], "destination": [[0, 0], [5, 0], [1, 5]], "size": (8, 9), **change}
    with pytest.raises(error) as raised:
        displace.scattered(**given)
    assert said in str(raised.value)
