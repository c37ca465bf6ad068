"""Splines fitted to scattered points, beside ITK's and a plain writing of the paper."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.interpolate
import SimpleITK as sitk
import torch

import displace
from displace import DisplaceError, DTypeError, RestError, ShapeError

PLANE, SPACE = (30, 41), (12, 17, 14)


def pairs(size, count, seed=0):
    rng = np.random.default_rng(seed)
    destination = rng.random((count, len(size))) * (np.array(size[::-1]) - 1)
    return destination + rng.normal(size=destination.shape), destination


def basis(places, patches):
    """SciPy's B-splines of a lattice of so many patches at places in patches, (K, patches + 3)."""
    knots = np.arange(-3.0, patches + 4)
    return scipy.interpolate.BSpline.design_matrix(np.clip(places, 0, patches - 1e-12), knots, 3).toarray()


def plain(source, destination, size, points, levels, weights=None):
    """Lee, Wolberg and Shin's equations 3 to 5 with SciPy's basis, level by level; each level's lattice, x first."""
    axes = len(size)
    weights = np.ones(len(source)) if weights is None else np.asarray(weights)
    left, lattices = source - destination, []
    reach = np.array(size[::-1]) - 1.0
    for level in range(levels):
        patches = [(points - 3) * 2**level] * axes
        along = [basis(destination[:, k] / reach[k] * patches[k], patches[k]) for k in range(axes)]
        w = along[0]
        for more in along[1:]:
            w = w[..., None] * more.reshape(len(more), *[1] * (w.ndim - 1), -1)
        square = (w * w).sum(tuple(range(1, axes + 1)), keepdims=True)
        each = (w / square)[..., None] * left.reshape(-1, *[1] * axes, axes)
        share = weights.reshape(-1, *[1] * axes) * w * w
        total = share.sum(0)
        asked = (share[..., None] * each).sum(0)
        lattice = np.divide(asked, total[..., None], out=np.zeros_like(asked), where=total[..., None] > 0)
        left = left - np.tensordot(w, lattice, axes)
        lattices.append(lattice)
    return lattices, left


def pixels(lattices, size):
    """The sum of lattices at all pixels, (size, axes)."""
    total = 0.0
    for lattice in lattices:
        values = lattice
        for length in size[::-1]:
            count = values.shape[0] - 3
            values = np.tensordot(values, basis(np.arange(length) / (length - 1) * count, count), (0, 1))
        total = total + np.moveaxis(values, 0, -1).transpose(*range(len(size))[::-1], len(size))
    return total


@pytest.mark.parametrize(("size", "points", "levels"), [(PLANE, 4, 1), (PLANE, 5, 4), (SPACE, 4, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_paper_with_scipys_basis(size, points, levels, weighted):
    source, destination = pairs(size, 25)
    weights = np.random.default_rng(1).random(25) + 0.1 if weighted else None
    fit = displace.fit_bspline(source, destination, size, points=points, levels=levels, weights=weights)
    lattices, left = plain(source, destination, size, points, levels, weights)
    # Displacements of a few pixels, sums of some hundred roundings; 1e-12 of a patch is cut off at the last pixel.
    np.testing.assert_allclose(fit.field(dtype="float64").displacement, pixels(lattices, size), rtol=0, atol=1e-10)
    residual = np.linalg.norm(left, axis=-1)
    np.testing.assert_allclose(fit.residual, residual, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.rms, np.sqrt(np.average(residual**2, weights=weights)), rtol=1e-9)
    assert fit.largest == residual.argmax()
    assert fit.coefficients.shape == (*[(points - 3) * 2 ** (levels - 1) + 3] * len(size), len(size))


@pytest.mark.parametrize("size", [PLANE, SPACE])
@pytest.mark.parametrize("points", [4, 6])
def test_itk(size, points):
    """`LandmarkBasedTransformInitializer` with a B-spline is ITK's multilevel approximation on three levels."""
    source, destination = pairs(size, 30)
    image = sitk.Image(size[::-1], sitk.sitkFloat32)
    flat = destination.ravel().tolist(), source.ravel().tolist()
    theirs = sitk.LandmarkBasedTransformInitializer(sitk.BSplineTransform(len(size), 3), *flat, [], image, points)
    fit = displace.fit_bspline(source, destination, size, points=points, levels=3)
    mesh = sitk.BSplineTransform(theirs).GetTransformDomainMeshSize()
    assert fit.coefficients.shape[:-1] == tuple(patches + 3 for patches in mesh[::-1])
    # The end pixels may lie outside its domain, which it keeps in float32.
    inside = [length - 1 for length in size]
    places = np.stack(np.meshgrid(*map(np.arange, inside), indexing="ij"), -1)[..., ::-1].reshape(-1, len(size)).astype(float)
    moved = (np.array([theirs.TransformPoint(place.tolist()) for place in places]) - places).reshape(*inside, len(size))
    ours = fit.field(dtype="float64").displacement[tuple(map(slice, inside))]
    # So are its sums and its control points; and it moves points on its lattice's borders by 1e-3 of a patch (BSplineEpsilon).
    np.testing.assert_allclose(ours, moved, rtol=0, atol=1e-3)
    assert np.abs(moved).max() > 1


def test_coefficients_are_bsplines():
    source, destination = pairs(PLANE, 12)
    fit = displace.fit_bspline(source, destination, PLANE, points=(4, 5), levels=4)
    assert fit.coefficients.shape == (11, 19, 2)
    field = fit.field()
    # Where `points` made the lattice, it is the one that bspline assumes.
    assert np.array_equal(field.displacement, displace.bspline(fit.coefficients, PLANE).displacement)
    fit = displace.fit_bspline(source, destination, PLANE, spacing=(16, 8), levels=2)
    assert (fit.spacing, fit.origin, fit.coefficients.shape) == ([8.0, 4.0], [-8.0, -4.0], (7, 13, 2))
    given = displace.bspline(fit.coefficients, PLANE, spacing=fit.spacing, origin=fit.origin)
    assert np.array_equal(fit.field().displacement, given.displacement)


def test_points_are_met_and_the_rest_is_left_alone():
    destination = np.array([[5.0, 6.0], [33.0, 22.0], [20.0, 4.0]])
    source = destination + np.array([[2, -1], [0, 3], [1, 1]])
    rms = [displace.fit_bspline(source, destination, PLANE, levels=levels).rms for levels in range(1, 9)]
    assert all(later <= max(sooner, 1e-13) for sooner, later in itertools.pairwise(rms)) and rms[-1] < 1e-12
    field = displace.fit_bspline(source, destination, PLANE, levels=8).field(dtype="float64")
    moved = displace.transform_points(destination, field, "pull").points
    # All three are pixels.
    np.testing.assert_allclose(moved, source, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rest", ["index", "extent"])
def test_displacements_count_from_rest(rest):
    source, destination = pairs(PLANE, 6)
    destination = destination.round()
    fit = displace.fit_bspline(2 * source, destination, PLANE, (60, 82), levels=9, rest=rest)
    field = fit.field(dtype="float64")
    assert (field.input_size, field.rest) == ((60, 82), rest)
    moved = displace.transform_points(destination, field, "pull").points
    np.testing.assert_allclose(moved, 2 * source, rtol=0, atol=1e-9)


def test_threads_and_tensors():
    source, destination = pairs((200, 300), 500)
    before = displace.get_num_threads()
    found = []
    for threads in (1, 2, 4):
        displace.set_num_threads(threads)
        fit = displace.fit_bspline(source, destination, (200, 300), levels=6)
        found.append((fit.coefficients.tobytes(), fit.field().displacement.tobytes()))
    displace.set_num_threads(before)
    assert found[0] == found[1] == found[2]
    fit = displace.fit_bspline(torch.from_numpy(source), torch.from_numpy(destination), (200, 300), levels=6)
    assert isinstance(fit.coefficients, torch.Tensor) and isinstance(fit.field().displacement, torch.Tensor)
    assert fit.coefficients.numpy().tobytes() == found[0][0]


@pytest.mark.parametrize(
    ("error", "changes", "message"),
    [
        (ShapeError, {"source": np.ones((2, 2))}, "2 source and 3 destination points: expected as many of each"),
        (ShapeError, {"source": np.ones((3, 3))}, r"source has shape \(3, 3\): expected \(K, 2\) for size \(30, 41\)"),
        (ShapeError, {"source": np.ones((0, 2)), "destination": np.ones((0, 2))}, "at least one"),
        (ShapeError, {"weights": [1, 2]}, r"weights has shape \(2,\): expected \(3,\)"),
        (DisplaceError, {"weights": [1, 2, -1]}, "pair 2 is"),
        (DisplaceError, {"weights": [0, 0, 0]}, "all 3 pairs weigh 0"),
        (DisplaceError, {"source": [[1, 1], [np.nan, 1], [2, 2]]}, "pair 1 is .*NaN.*: expected coordinates from"),
        (DisplaceError, {"source": [[1, 1], [1e200, 1], [2, 2]]}, r"pair 1 is .*1e200.*: expected coordinates from -2\^200"),
        (
            DisplaceError,
            {"destination": [[1, 1], [40.5, 1], [2, 2]]},
            r"pair 1 has its destination at \[40.5, 1.0\]: expected between 0",
        ),
        (DTypeError, {"destination": np.ones((3, 2), bool)}, "destination holds bool"),
        (ShapeError, {"points": 3}, "points is 3: expected 4 or more control points"),
        (ShapeError, {"points": (4, 5, 6)}, "expected 4 or more control points, one number or 2"),
        (DisplaceError, {"points": 5, "spacing": 7}, "points is 5 and spacing 7: expected one of them"),
        (DisplaceError, {"spacing": 0}, "expected finite lengths above 0"),
        (ShapeError, {"spacing": (1, 2, 3)}, "spacing"),
        (DisplaceError, {"levels": 0}, "0 levels: expected 1 to 24"),
        (DisplaceError, {"levels": 20}, "20 levels end with .* control points"),
        (RestError, {"input_size": (9, 9)}, "rest"),
    ],
)
def test_mistakes_are_named(error, changes, message):
    arguments = {"source": [[1, 2], [3, 4], [5, 6]], "destination": [[1, 1], [3, 3], [5, 5]], "size": PLANE, **changes}
    with pytest.raises(error, match=message):
        displace.fit_bspline(**arguments)
