"""Random deformations beside torchvision's and SciPy's, and the generator beside one in whole numbers."""

from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest
import scipy.ndimage

import displace

WORD = 2**32 - 1


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., SC 2011)."""
    c, key = list(counter), list(key)
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ key[0], q & WORD, (p >> 32) ^ c[3] ^ key[1], p & WORD]
        key = [(key[0] + 0x9E3779B9) & WORD, (key[1] + 0xBB67AE85) & WORD]
    return c


def uniform(seed, component, i):
    word = philox([i // 4 & WORD, i // 4 >> 32, component, 0], [seed & WORD, seed >> 32])[i % 4]
    return (2 * (word >> 8) + 1 - 2**24) / 2**24


def normal(seed, component, i):
    radius, turn, *_ = philox([i & WORD, i >> 32, component, 1], [seed & WORD, seed >> 32])
    return math.sqrt(-2 * math.log((radius + 0.5) / 2**32)) * math.cos(2 * math.pi * (turn + 0.5) / 2**32)


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1, 0x0123456789ABCDEF])
def test_seeds(seed):
    bare = displace.elastic((5, 7), alpha=1, sigma=0, style="simard", seed=seed)
    expected = [[uniform(seed, k, i) for k in range(2)] for i in range(35)]
    np.testing.assert_array_equal(bare.field, np.reshape(expected, (5, 7, 2)).astype(np.float32))
    assert bare.seed == seed and bare.factor == 1
    made = displace.elastic((9, 11), style="bspline", sigma=4, points=(2, 3), seed=seed, dtype="float64")
    deviates = np.reshape([[normal(seed, k, i) for k in range(2)] for i in range(6)], (2, 3, 2))
    given = displace.elastic((9, 11), style="bspline", sigma=4, points=(2, 3), noise=deviates, dtype="float64")
    np.testing.assert_allclose(made.field, given.field, atol=1e-13)
    assert given.seed is None


def test_without_a_seed_one_is_told():
    made, other = (displace.elastic((20, 20)) for _ in range(2))
    assert made.seed != other.seed
    np.testing.assert_array_equal(made.field, displace.elastic((20, 20), seed=made.seed).field)


@pytest.mark.parametrize("size", [(60, 60), (48, 70)])
@pytest.mark.parametrize(("alpha", "sigma"), [(50.0, 5.0), ([30.0, 60.0], [3.0, 7.0]), (8.0, 2.3), (20.0, 0.0)])
def test_torchvision(size, alpha, sigma):
    torch = pytest.importorskip("torch")
    v2 = pytest.importorskip("torchvision.transforms.v2")
    noise = np.random.default_rng(1).random((*size, 2), np.float32)
    transform = v2.ElasticTransform(alpha=alpha, sigma=sigma)
    planes = iter([torch.from_numpy(noise[None, None, ..., k].copy()) for k in range(2)])
    with mock.patch("torch.rand", lambda *shape, **options: next(planes)):
        theirs = transform.make_params([torch.zeros(1, *size)])["displacement"][0].numpy()
    # Normalised, between edges.
    theirs = theirs * (np.array(size[::-1], np.float32) / 2)
    ours = displace.elastic(size, alpha=alpha, sigma=sigma, noise=noise * 2 - 1)
    # f32: some hundred products there, twice some forty here, of numbers that add up to at most 1.
    np.testing.assert_allclose(ours.field, theirs, atol=2e-6 * np.max(alpha), rtol=0)


def test_torchvision_warps_alike():
    torch = pytest.importorskip("torch")
    v2 = pytest.importorskip("torchvision.transforms.v2")
    image = torch.rand(1, 3, 64, 80)
    noise = torch.rand(2, 1, 1, 64, 80)
    planes = iter(noise)
    with mock.patch("torch.rand", lambda *shape, **options: next(planes)):
        theirs = v2.ElasticTransform(alpha=80.0, sigma=4.0)(image)
    field = displace.elastic((64, 80), alpha=80, sigma=4, noise=noise[:, 0, 0].permute(1, 2, 0) * 2 - 1).field
    assert isinstance(field.displacement, torch.Tensor)
    ours = displace.warp(image, field.displacement[None])
    # Half outside they multiply by the weight of what is inside once more.
    y, x = np.mgrid[:64, :80]
    place = np.asarray(field) + np.stack([x, y], -1)
    inside = torch.from_numpy(((place > 0) & (place < [79, 63])).all(-1))
    assert inside.float().mean() > 0.9
    # Their locations are normalised, in f32: 5e-6 px at 80, times the slope of noise.
    torch.testing.assert_close(ours[..., inside], theirs[..., inside], atol=5e-5, rtol=0)


def test_torch_dtypes_make_tensors():
    torch = pytest.importorskip("torch")
    made = displace.elastic((20, 30), seed=3, dtype=torch.float64)
    assert made.field.displacement.dtype == torch.float64
    np.testing.assert_array_equal(made.field, displace.elastic((20, 30), seed=3, dtype="float64").field)
    assert displace.warp(torch.rand(3, 20, 30), made.field).shape == (3, 20, 30)


@pytest.mark.parametrize("mode", ["reflect", "mirror", "constant", "nearest", "wrap"])
@pytest.mark.parametrize(("size", "sigma"), [((30, 41), 3.0), ((9, 12), (5.0, 2.0)), ((8, 11, 9), 1.7)])
def test_scipy(mode, size, sigma):
    noise = np.random.default_rng(2).uniform(-1, 1, (*size, len(size)))
    made = displace.elastic(size, alpha=6, sigma=sigma, style="simard", mode=mode, noise=noise, dtype="float64")
    sigmas = (sigma,) * len(size) if np.ndim(sigma) == 0 else sigma[::-1]
    for k in range(len(size)):
        expected = 6 * scipy.ndimage.gaussian_filter(noise[..., k], sigmas, mode=mode)
        np.testing.assert_allclose(np.asarray(made.field)[..., k], expected, atol=1e-14 * 6, rtol=0)


def test_truncate():
    noise = np.random.default_rng(3).uniform(-1, 1, (40, 40, 2))
    made = displace.elastic((40, 40), alpha=1, sigma=3, style="simard", truncate=2.5, noise=noise, dtype="float64")
    expected = scipy.ndimage.gaussian_filter(noise, 3, axes=(0, 1), truncate=2.5)
    np.testing.assert_allclose(made.field, expected, atol=1e-14)


@pytest.mark.parametrize(("size", "points"), [((30, 41), (3, 3)), ((17, 60), (2, 7)), ((9, 12, 10), (3, 2, 4))])
def test_spline_through_points(size, points):
    """The cubic spline with mirrored ends is SciPy's."""
    axes = len(size)
    deviates = np.random.default_rng(4).normal(size=(*points, axes))
    made = displace.elastic(size, style="bspline", sigma=10, points=points, noise=deviates, dtype="float64")
    places = np.meshgrid(*[np.linspace(0, p - 1, s) for p, s in zip(points, size, strict=True)], indexing="ij")
    for k in range(axes):
        expected = scipy.ndimage.map_coordinates(10 * deviates[..., k], places, order=3, mode="mirror")
        # SciPy's recursive filter ends its sums at 1e-15.
        np.testing.assert_allclose(np.asarray(made.field)[..., k], expected, atol=2e-12, rtol=0)


def test_no_folds():
    for seed in range(10):
        made = displace.elastic((50, 60), alpha=2000, sigma=4, seed=seed, no_folds=True)
        assert displace.folding(made.field).folded == 0 and 0 < made.factor < 1
        wild = np.asarray(displace.elastic((50, 60), alpha=2000, sigma=4, seed=seed).field)
        assert displace.folding(wild * np.float32(1.01 * made.factor)).folded > 0
    volume = displace.elastic((12, 14, 16), style="simard", alpha=300, sigma=2, seed=1, no_folds=True)
    assert displace.folding(volume.field).folded == 0


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"style": "albumentations"}, displace.DisplaceError, "'albumentations'"),
        ({"alpha": np.nan}, displace.DisplaceError, "alpha is [NaN, NaN]"),
        ({"sigma": -1}, displace.DisplaceError, "widths of 0"),
        ({"alpha": (1, 2, 3)}, displace.ShapeError, "x first"),
        ({"seed": -1}, displace.DisplaceError, "seed=-1"),
        ({"seed": 2**64}, displace.DisplaceError, "2**64 - 1"),
        ({"seed": 1, "noise": np.zeros((8, 9, 2))}, displace.DisplaceError, "beside noise"),
        ({"noise": np.zeros((9, 8, 2))}, displace.ShapeError, "expected (8, 9, 2)"),
        ({"style": "bspline", "alpha": 1}, displace.DisplaceError, "leave alpha out"),
        ({"style": "bspline", "points": 1}, displace.ShapeError, "2 or more"),
        ({"style": "simard", "mode": "periodic"}, displace.DisplaceError, '"periodic"'),
        ({"size": (8, 9, 10)}, displace.DisplaceError, "2-D"),
    ],
)
def test_mistakes(change, error, said):
    with pytest.raises(error) as raised:
        displace.elastic(**{"size": (8, 9), **change})
    assert said in str(raised.value)
