"""Free-form splines beside SimpleITK's and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.interpolate
import SimpleITK as sitk

import displace


def coefficients(*shape: int, scale: float = 5.0) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(scale=scale, size=(*shape, len(shape)))


def itk(transform, size):
    """A transform's displacement at every pixel."""
    pixels = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1).reshape(-1, len(size))[:, ::-1].astype(float)
    moved = np.array([transform.TransformPoint(point.tolist()) for point in pixels])
    return (moved - pixels).reshape(*size, len(size))


@pytest.mark.parametrize(("size", "counts"), [((30, 41), (5, 7)), ((9, 11, 10), (4, 6, 5))])
def test_itk(size, counts):
    c = coefficients(*counts)
    mesh = [count - 3 for count in counts]
    transform = sitk.BSplineTransformInitializer(sitk.Image(size[::-1], sitk.sitkFloat32), mesh[::-1], 3)
    # All of x first, each in the order of the array.
    transform.SetParameters(np.moveaxis(c, -1, 0).ravel().tolist())
    field = displace.bspline(c, size, style="itk", dtype="float64")
    np.testing.assert_allclose(field, itk(transform, size), atol=1e-12 * np.abs(c).max(), rtol=0)


def test_itk_domain_of_ones_own():
    c, size, mesh = coefficients(6, 7), (40, 50), (3, 4)
    transform = sitk.BSplineTransform(2, 3)
    transform.SetTransformDomainOrigin((6.0, 4.0))
    transform.SetTransformDomainPhysicalDimensions((20.0, 18.0))
    transform.SetTransformDomainMeshSize(mesh[::-1])
    transform.SetParameters(np.moveaxis(c, -1, 0).ravel().tolist())
    # The domain's origin less one spacing.
    field = displace.bspline(c, size, spacing=(6, 5), origin=(4 - 6, 6 - 5), style="itk", dtype="float64")
    expected = itk(transform, size)
    assert (expected == 0).all(-1).sum() > 1000
    np.testing.assert_allclose(field, expected, atol=1e-12 * np.abs(c).max(), rtol=0)


def test_scipy():
    """The tensor product of SciPy's basis functions; its derivatives give the determinant."""
    c, size = coefficients(6, 9), (31, 52)
    spacing, origin = (7.5, 8.0), (-4.0, -3.5)
    rows = []
    for axis in range(2):
        count, places = c.shape[axis], (np.arange(size[axis]) - origin[axis]) / spacing[axis]
        # Cubic basis function i has its knots at i-2 .. i+2.
        elements = [scipy.interpolate.BSpline.basis_element(np.arange(i - 2, i + 3), extrapolate=False) for i in range(count)]
        values = np.array([np.nan_to_num(element(places)) for element in elements])
        slopes = np.array([np.nan_to_num(element.derivative()(places)) for element in elements]) / spacing[axis]
        rows.append((values, slopes))
    (y, y1), (x, x1) = rows
    field = displace.bspline(c, size, spacing=spacing, origin=origin, dtype="float64")
    np.testing.assert_allclose(field, np.einsum("ijk,iy,jx->yxk", c, y, x), atol=1e-12, rtol=0)
    along, down = np.einsum("ijk,iy,jx->kyx", c, y, x1), np.einsum("ijk,iy,jx->kyx", c, y1, x)
    determinant = displace.bspline_determinant(c, size, spacing=spacing, origin=origin)
    np.testing.assert_allclose(determinant, (1 + along[0]) * (1 + down[1]) - down[0] * along[1], atol=1e-12, rtol=0)
    single = displace.bspline(c, size, spacing=spacing, origin=origin)
    np.testing.assert_array_equal(single, np.asarray(field).astype(np.float32))


def test_image_style_spans_the_pixels():
    size, c = (21, 33), coefficients(5, 7)
    explicit = displace.bspline(c, size, spacing=(10, 8), origin=(-10, -8))
    np.testing.assert_array_equal(displace.bspline(c, size), explicit)
    constant = displace.bspline(np.broadcast_to([1.5, -2.0], (5, 7, 2)), size, dtype="float64")
    np.testing.assert_allclose(constant, np.broadcast_to([1.5, -2.0], (*size, 2)), atol=1e-15)
    larger = displace.bspline(c, size, (40, 60), rest="extent")
    np.testing.assert_array_equal(larger, explicit)


def test_bounds_hold():
    c = coefficients(6, 7, scale=0.6)
    bounds = displace.bspline_bounds(c, (41, 51))
    field = np.asarray(displace.bspline(c, (41, 51), dtype="float64"))
    for k in range(2):
        assert bounds.displacement[k, 0] <= field[..., k].min() and field[..., k].max() <= bounds.displacement[k, 1]
        assert bounds.slope[k, 0, 0] <= np.diff(field[..., k], axis=1).min()
        assert np.diff(field[..., k], axis=0).max() <= bounds.slope[k, 1, 1]
    assert bounds.one_to_one and bounds.determinant > 0
    assert displace.folding(field.astype(np.float32)).folded == 0
    assert displace.bspline_determinant(c, (41, 51)).min() > bounds.determinant
    assert not displace.bspline_bounds(30 * c, (41, 51)).one_to_one


def test_tensors():
    torch = pytest.importorskip("torch")
    c = coefficients(4, 5)
    field = displace.bspline(torch.from_numpy(c), (8, 9))
    assert isinstance(field.displacement, torch.Tensor)
    np.testing.assert_array_equal(field, displace.bspline(c, (8, 9)))
    assert isinstance(displace.bspline_determinant(torch.from_numpy(c), (8, 9)), torch.Tensor)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"coefficients": np.zeros((3, 5, 2))}, displace.ShapeError, "h and w 4 or more"),
        ({"coefficients": np.zeros((5, 5, 3))}, displace.ShapeError, "(5, 5, 3)"),
        ({"coefficients": np.full((4, 4, 2), np.nan)}, displace.DisplaceError, "coefficient number 0 is NaN"),
        ({"spacing": 0}, displace.DisplaceError, "above 0"),
        ({"spacing": (1, 2, 3)}, displace.ShapeError, "spacing has shape (3,): expected a number or 2"),
        ({"origin": np.inf}, displace.DisplaceError, "finite places"),
        ({"style": "ants"}, displace.DisplaceError, "'ants'"),
        ({"size": (8, 9, 10)}, displace.ShapeError, "for size (8, 9, 10)"),
    ],
)
def test_mistakes(change, error, said):
    given = {"coefficients": np.zeros((5, 5, 2)), "size": (8, 9), **change}
    with pytest.raises(error) as raised:
        displace.bspline(**given)
    assert said in str(raised.value)
