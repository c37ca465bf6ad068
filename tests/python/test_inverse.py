"""Where input pixels go: inverses, points, splats, compositions, flows and Jacobians, in NumPy and in torch."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import displace

RNG = np.random.default_rng(7)


def waves(size, amplitude, period, dtype=np.float32):
    """A smooth field on `size` (array order), (*size, axes)."""
    places = np.meshgrid(*(np.arange(length) for length in size), indexing="ij")
    axes = len(size)
    parts = [sum(np.sin(place * 2 * np.pi / period + 1.3 * i + k) for k, place in enumerate(places)) for i in range(axes)]
    return (amplitude / axes * np.stack(parts, -1)).astype(dtype)


@pytest.mark.parametrize("size", [(40, 50), (12, 13, 14)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_map_undoes_its_inverse(size, dtype):
    field = waves(size, 1.5, 25, dtype)
    inverse = displace.invert(field)
    assert inverse.field.shape == field.shape and inverse.field.dtype == dtype
    assert inverse.valid.dtype == bool and inverse.count.dtype == np.int32 and inverse.residual.dtype == dtype
    assert inverse.convergence is None
    valid = inverse.valid
    assert valid.mean() > 0.5
    assert inverse.residual[valid].max() <= (1e-4 if dtype == np.float32 else 1e-9)
    assert np.isnan(inverse.field[~valid]).all() and (inverse.count[~valid] == 0).all()
    back = displace.compose(field, inverse.field)
    assert np.abs(back[valid]).max() < 1e-4


def test_a_folded_random_field_is_certified():
    field = waves((128, 128), 12, 50)
    inverse, folds = displace.invert(field), displace.folding(field)
    assert folds.folded == folds.mask.sum() > 0 and folds.smallest.determinant < 0
    assert inverse.count.max() > 1 and inverse.residual[inverse.valid].max() <= 1e-4
    # What several places read is near a fold's image, and a fold is what makes several.
    calm = displace.invert(waves((128, 128), 2, 50))
    assert calm.count.max() == 1


def test_languages_and_fields():
    grid = displace.affine_grid(np.float64([[[0.5, 0.1, 0.1], [-0.1, 0.6, 0.0]]]), (1, 1, 20, 30), align_corners=True)
    size = (17, 23)
    by_grid = displace.invert(grid, size, align_corners=True, rest="extent", coords="normalized")
    field = displace.displacement(grid, size, align_corners=True, rest="extent")
    by_field = displace.invert(displace.Field(field, size, align_corners=True, rest="extent"))
    assert isinstance(by_field.field, displace.Field)
    assert by_field.field.input_size == (20, 30) and by_field.field.align_corners and by_field.field.rest == "extent"
    np.testing.assert_array_equal(by_grid.count, by_field.count)
    np.testing.assert_allclose(by_grid.field, by_field.field.displacement, atol=1e-12)
    rows, columns = np.mgrid[: size[0], : size[1]]
    assert by_grid.field.shape == (1, *size, 2) and by_grid.valid.shape == (1, *rows.shape) and columns.shape == rows.shape
    with pytest.raises(displace.RestError, match="extent"):
        displace.invert(grid, size, coords="normalized")
    with pytest.raises(displace.DisplaceError, match="input_size"):
        displace.invert(grid, coords="normalized")
    with pytest.raises(displace.DisplaceError, match="leave them out"):
        displace.invert(by_field.field, size)
    with pytest.raises(displace.DisplaceError, match=r"fixed_point.*newton"):
        displace.invert(field[0], size, rest="index", method="magic")
    with pytest.raises(displace.DisplaceError, match="largest_jacobian"):
        displace.invert(field[0], size, rest="index", branch="best")
    with pytest.raises(displace.DisplaceError, match="steps=-1"):
        displace.invert(field[0], size, rest="index", steps=-1)


@pytest.mark.parametrize("method", ["fixed_point", "newton"])
def test_iterations_report(method):
    field = waves((40, 50), 1.5, 25, np.float64)
    exact, inverse = displace.invert(field), displace.invert(field, method=method)
    both = exact.valid & inverse.valid
    assert both.mean() > 0.8 and np.abs(exact.field - inverse.field)[both].max() < 1e-8
    report = inverse.convergence
    assert report.pixels == 2000 and report.steps[0][0] > report.steps[-1][0] == report.pixels - report.converged
    assert len(displace.invert(field, method=method, steps=3, tolerance=1e-3).convergence.steps) <= 4


def test_tensors_come_back_as_tensors():
    field = torch.from_numpy(waves((20, 30), 1, 20))
    for result in (displace.invert(field), displace.folding(field), displace.transform_points(field[0, :3], field)):
        tensors = [part for part in result if isinstance(part, torch.Tensor)]
        assert tensors and not any(isinstance(part, np.ndarray) for part in result)
    half = displace.invert(field.to(torch.bfloat16))
    assert half.field.dtype == torch.float32
    assert displace.jacobian(field.half()).dtype == torch.float32
    np.testing.assert_array_equal(displace.invert(field).field, displace.invert(field.numpy()).field)


# Points, boxes, polygons, labels


def test_points_follow_the_image():
    """A bright pixel and its key point end at the same place."""
    field = waves((40, 50), 3, 40)
    image = np.zeros((40, 50), np.float32)
    y, x = np.mgrid[:40, :50]
    image[:] = np.exp(-((x - 22) ** 2 + (y - 17) ** 2) / 8.0)
    warped = displace.warp(image, field)
    moved = displace.transform_points(np.float64([22, 17]), field)
    peak = np.unravel_index(warped.argmax(), warped.shape)[::-1]
    assert np.abs(moved.points - peak).max() < 1 and moved.count == 1 and moved.residual < 1e-9
    back = displace.transform_points(moved.points, field, "pull")
    np.testing.assert_allclose(back.points, [22, 17], atol=1e-9)


def test_shapes_of_points():
    field = waves((9, 8), 0.5, 20)
    assert displace.transform_points(np.zeros((0, 2)), field).points.shape == (0, 2)
    assert displace.transform_points(np.ones((3, 4, 2)), field).count.shape == (3, 4)
    for wrong in (np.zeros((3, 3)), np.zeros(())):
        with pytest.raises(displace.ShapeError, match="x first"):
            displace.transform_points(wrong, field)
    with pytest.raises(displace.DisplaceError, match="pull"):
        displace.transform_points([1, 1], field, "sideways")
    with pytest.raises(displace.DisplaceError, match="sample=1: the field has 1"):
        displace.transform_points([1, 1], field, sample=1)
    boxes = displace.transform_boxes(np.float64([[1, 1, 4, 5], [-50, -50, -40, -40]]), field)
    assert boxes.shape == (2, 4) and np.isnan(boxes[1]).all() and (boxes[0, :2] < boxes[0, 2:]).all()
    square = np.float64([[1, 1], [5, 1], [5, 5], [1, 5]])
    one, (two, three) = displace.transform_polygons(square, field), displace.transform_polygons([square, square[:3]], field)
    assert one.shape == (16, 2) and two.shape == (16, 2) and len(three) == 14
    with pytest.raises(displace.DisplaceError, match="step=0"):
        displace.transform_polygons(square, field, step=0)


def test_labels_of_types_that_images_do_not_have():
    field = np.zeros((1, 5, 2), np.float32)
    field[..., 0] = 2
    for dtype in (np.int64, np.int32, np.uint32, np.int8, np.float32):
        labels = np.array([[1, 2, 3, 4, 100]], dtype)
        for kind in (lambda a: a, torch.from_numpy):
            pushed, pulled = (displace.transform_labels(kind(labels), kind(field), way) for way in ("push", "pull"))
            assert type(pushed) is type(kind(labels)) and pushed.dtype == kind(labels).dtype == pulled.dtype
            assert (pushed.tolist(), pulled.tolist()) == ([[3, 4, 100, 0, 0]], [[0, 0, 1, 2, 3]])
    halves = torch.tensor([[1.0, 2, 3, 4, 5]], dtype=torch.bfloat16)
    pulled = displace.transform_labels(halves, torch.from_numpy(field), "pull")
    assert (pulled.dtype, pulled.tolist()) == (torch.bfloat16, [[0, 0, 1, 2, 3]])
    places = torch.tensor([[3.0, 0.0]], dtype=torch.bfloat16)
    assert displace.transform_points(places, torch.from_numpy(field)).points.tolist() == [[1, 0]]
    mask = np.array([[True, False, True, True, False]])
    assert displace.transform_labels(mask, field).tolist() == [[True, True, False, False, False]]
    wrapped = displace.Field(field, (1, 5))
    assert displace.transform_labels(np.int64([[7, -1, 3, 4, 2**40]]), wrapped).tolist() == [[3, 4, 2**40, 0, 0]]
    with pytest.raises(displace.DisplaceError, match="70000 different labels"):
        displace.transform_labels(np.arange(70000, dtype=np.int64)[None], np.zeros((1, 70000, 2), np.float32))


def test_labels_move_both_ways():
    labels = RNG.integers(0, 200, (30, 40)).astype(np.uint8)
    field = np.zeros((30, 40, 2), np.float32)
    field[..., 0], field[..., 1] = 3, -2
    moved = displace.transform_labels(labels, field)
    np.testing.assert_array_equal(moved[2:, :-3], labels[:-2, 3:])
    back = displace.transform_labels(moved, field, "pull")
    np.testing.assert_array_equal(back[:-2, 3:], labels[:-2, 3:])
    assert (
        displace.transform_labels(torch.from_numpy(labels), displace.Field(torch.from_numpy(field)), "pull").dtype == torch.uint8
    )
    with pytest.raises(displace.DisplaceError, match="direction"):
        displace.transform_labels(labels, field, "up")


# Splatting


def test_splat_is_the_adjoint():
    field = waves((20, 30), 4, 20, np.float64)
    image, values = RNG.normal(size=(2, 3, 20, 30)), RNG.normal(size=(2, 3, 20, 30))
    left = (displace.warp(image, field) * values).sum()
    right = (image * displace.splat(values, field).values).sum()
    np.testing.assert_allclose(left, right, rtol=1e-12)


def test_splat_shapes_and_mistakes():
    field = waves((6, 7), 1, 9)
    flat = displace.splat(np.ones((6, 7), np.float32), field)
    assert flat.values.shape == flat.coverage.shape == (6, 7)
    np.testing.assert_array_equal(flat.values, flat.coverage)
    batch = displace.splat(np.ones((2, 3, 6, 7), np.float32), field, weights=np.full((6, 7), 2.0), reduce="average")
    assert batch.values.shape == (2, 3, 6, 7) and batch.coverage.shape == (2, 1, 6, 7)
    covered = batch.coverage[:, 0] > 0
    np.testing.assert_allclose(batch.values.transpose(0, 2, 3, 1)[covered], 1, rtol=1e-6)
    grid = displace.affine_grid(np.float32([[[1, 0, 0], [0, 1, 0]]]), (1, 1, 6, 7), align_corners=False)
    same = displace.splat(np.ones((1, 1, 6, 7), np.float32), grid, (6, 7), coords="normalized")
    np.testing.assert_allclose(same.values, 1, atol=1e-6)
    with pytest.raises(displace.ShapeError, match="own pixels"):
        displace.splat(np.ones((5, 7), np.float32), field)
    with pytest.raises(displace.DisplaceError, match="average"):
        displace.splat(np.ones((6, 7), np.float32), field, reduce="max")
    with pytest.raises(displace.ShapeError, match="weights"):
        displace.splat(np.ones((6, 7), np.float32), field, weights=np.ones((3, 6, 7)))
    with pytest.raises(displace.DTypeError, match="uint8"):
        displace.splat(np.ones((6, 7), np.uint8), field)
    with pytest.raises(displace.RestError):
        displace.splat(np.ones((6, 7), np.float32), field, (12, 14))


torchs_own = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")


@torchs_own
@pytest.mark.parametrize("size", [(3, 4), (2, 3, 2)])
@pytest.mark.parametrize("reduce", ["sum", "average"])
def test_splat_has_gradients(size, reduce):
    axes = len(size)
    generator = torch.Generator().manual_seed(1)
    values = torch.rand((1, 2, *size), generator=generator, dtype=torch.float64, requires_grad=True)
    weights = (0.5 + torch.rand((1, 1, *size), generator=generator, dtype=torch.float64)).requires_grad_()
    # Away from pixels, where weights have corners.
    field = 0.2 + 0.5 * torch.rand((1, *size, axes), generator=generator, dtype=torch.float64)
    field.requires_grad_()

    def function(values, weights, field):
        return tuple(displace.splat(values, field, weights=weights, reduce=reduce))

    inputs = (values, weights, field)
    assert gradcheck(function, inputs, atol=1e-6, rtol=1e-5)
    assert gradgradcheck(function, inputs, atol=1e-6, rtol=1e-5)


def test_splat_under_the_compiler_and_vmap():
    values, field = torch.rand(2, 3, 5, 6), torch.rand(2, 5, 6, 2)
    expected = displace.splat(values, field).values
    compiled = torch.compile(lambda v, f: displace.splat(v, f).values, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(values, field), expected)
    mapped = torch.func.vmap(lambda v, f: displace.splat(v[None], f[None]).values[0])(values, field)
    torch.testing.assert_close(mapped, expected)
    torch.testing.assert_close(torch.from_numpy(displace.splat(values.numpy(), field.numpy()).values), expected)


# Composition and flows


def test_compose_is_warping_twice():
    """On an image that is linear, blending twice loses nothing."""
    outer, inner = waves((30, 40), 1, 30), waves((30, 40), 1.5, 20)
    y, x = np.mgrid[:30, :40].astype(np.float32)
    image = 2 * x - y
    twice = displace.warp(displace.warp(image, outer), inner)
    once = displace.warp(image, displace.compose(outer, inner))
    np.testing.assert_allclose(once[5:-5, 5:-5], twice[5:-5, 5:-5], atol=1e-3)


@torchs_own
@pytest.mark.parametrize("size", [(4, 5), (3, 3, 4)])
def test_compositions_and_flows_have_gradients(size):
    generator = torch.Generator().manual_seed(2)
    fields = [
        (0.2 + 0.3 * torch.rand((1, *size, len(size)), generator=generator, dtype=torch.float64)).requires_grad_()
        for _ in range(2)
    ]
    assert gradcheck(displace.compose, fields, atol=1e-6, rtol=1e-5)
    result = displace.compose(*fields)
    np.testing.assert_array_equal(result.detach(), displace.compose(*(field.detach() for field in fields)))
    velocity = fields[0]
    assert gradcheck(lambda v: displace.exp(v, 3).field, (velocity,), atol=1e-6, rtol=1e-5)
    flow = displace.exp(velocity, 3)
    np.testing.assert_allclose(flow.field.detach(), displace.exp(velocity.detach(), 3).field, rtol=1e-12)


def test_exp_and_log():
    y, x = np.mgrid[:40, :50]
    bump = np.sin(np.pi * x / 49) * np.sin(np.pi * y / 39)
    velocity = np.stack([2 * bump, -1.5 * bump], -1).astype(np.float32)
    flow = displace.exp(velocity)
    assert flow.bound <= 0.01 and flow.squarings > 0
    found = displace.log(flow.field)
    assert found.converged and found.residual == min(found.residuals) <= 1e-3
    np.testing.assert_allclose(displace.exp(found.velocity).field, flow.field, atol=0.02)
    there = displace.exp(displace.Field(velocity, align_corners=True))
    assert isinstance(there.field, displace.Field) and there.field.align_corners
    assert displace.exp(velocity, 3, mode="bicubic").squarings == 3
    for wrong in (-1, 65):
        with pytest.raises(displace.DisplaceError, match="squarings"):
            displace.exp(velocity, wrong)
    with pytest.raises(displace.DisplaceError, match="not finite"):
        displace.exp(np.full((4, 4, 2), np.nan, np.float32))


def test_resize():
    field = displace.Field(waves((20, 30), 2, 40), align_corners=True)
    fine = displace.resize(field, (39, 59))
    assert fine.shape == (39, 59, 2) and fine.input_size == (39, 59)
    np.testing.assert_allclose(displace.resize(fine, (20, 30)).displacement, field.displacement, atol=1e-6)
    grid = displace.grid_from_displacement(field)
    once = displace.resize(grid, (39, 59), align_corners=True, coords="normalized")
    np.testing.assert_allclose(displace.displacement(once, (39, 59), align_corners=True), fine.displacement, atol=1e-4)
    low = displace.resize(waves((20, 30), 2, 40), (10, 15), (20, 30), rest="extent")
    assert low.shape == (10, 15, 2)
    assert isinstance(displace.resize(torch.zeros(4, 4, 2), (8, 8)), torch.Tensor)


# Jacobians


@pytest.mark.parametrize("size", [(20, 30), (8, 9, 10)])
def test_the_determinant_is_itks(size):
    sitk = pytest.importorskip("SimpleITK")
    field = waves(size, 2, 17, np.float64)
    image = sitk.GetImageFromArray(field, isVector=True)
    expected = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(image))
    inside = (slice(1, -1),) * len(size)
    np.testing.assert_allclose(displace.jacobian_determinant(field)[inside], expected[inside], rtol=1e-12, atol=1e-12)
    spacing = (0.5, 2.0, 1.25)[: len(size)]
    image = sitk.GetImageFromArray(field * spacing[::-1], isVector=True)
    image.SetSpacing(spacing[::-1])
    expected = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(image))
    found = displace.jacobian_determinant(field, spacing=spacing)
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-12, atol=1e-12)


@torchs_own
@pytest.mark.parametrize("size", [(4, 5), (3, 4, 3)])
@pytest.mark.parametrize("scheme", ["central", "forward", "backward"])
def test_derivatives_have_gradients(size, scheme):
    field = torch.from_numpy(RNG.normal(size=(2, *size, len(size)))).requires_grad_()
    functions = [displace.jacobian, displace.jacobian_determinant, displace.divergence, displace.curl, displace.strain]
    functions.append(lambda field, **options: displace.strain(field, "green_lagrange", **options))
    for function in functions:
        options = {"scheme": scheme, "spacing": tuple(range(1, len(size) + 1)), "source_spacing": 0.5}
        tracked, plain = function(field, **options), function(field.detach(), **options)
        np.testing.assert_allclose(tracked.detach(), plain, rtol=1e-12, atol=1e-12)
        assert gradcheck(lambda f, function=function, options=options: function(f, **options), (field,), atol=1e-6, rtol=1e-5)


def test_derivatives_between_sizes():
    for align_corners in (False, True):
        field = displace.Field(np.zeros((6, 5, 2)), (11, 13), align_corners=align_corners, rest="extent")
        ends = int(align_corners)
        ratio = (11 - ends) / (6 - ends) * (13 - ends) / (5 - ends)
        np.testing.assert_allclose(displace.jacobian_determinant(field), ratio, rtol=1e-12)
        tensor = torch.zeros(6, 5, 2, dtype=torch.float64, requires_grad=True)
        tracked = displace.jacobian_determinant(displace.Field(tensor, (11, 13), align_corners=align_corners, rest="extent"))
        np.testing.assert_allclose(tracked.detach(), ratio, rtol=1e-12)
    with pytest.raises(displace.ShapeError, match="spacing"):
        displace.jacobian(np.zeros((4, 4, 2)), spacing=(1, 2, 3))
    with pytest.raises(displace.DisplaceError, match="positive"):
        displace.jacobian(np.zeros((4, 4, 2)), spacing=0.0)
    with pytest.raises(displace.DisplaceError, match="central"):
        displace.jacobian(np.zeros((4, 4, 2)), scheme="sobel")
    with pytest.raises(displace.DisplaceError, match="green_lagrange"):
        displace.strain(np.zeros((4, 4, 2)), "large")
    with pytest.raises(displace.DTypeError):
        displace.jacobian(np.zeros((4, 4, 2), np.int32))


def test_folding_reports():
    mirror = np.zeros((5, 6, 2), np.float32)
    mirror[..., 0] = 5 - 2 * np.arange(6)
    folds = displace.folding(mirror)
    assert (folds.cells, folds.folded, folds.mirrored, folds.area, folds.folded_area) == (20, 20, 20, 20.0, 20.0)
    volume = displace.folding(waves((8, 8, 8), 8, 9))
    assert volume.folded_area is None and volume.folded == volume.mask.sum() > 0 and len(volume.smallest.cell) == 3
    nothing = displace.folding(np.zeros((1, 4, 2)))
    assert nothing.cells == 0 and nothing.smallest is None and nothing.mask.shape == (0, 3)


# Pictures


def test_heat_maps():
    from matplotlib.figure import Figure

    field = waves((40, 50), 12, 30)
    inverse = displace.invert(field)
    for draw, given, expected in (
        (displace.plot.count, inverse, inverse.count),
        (displace.plot.residual, inverse, inverse.residual),
        (displace.plot.jacobian, field, displace.jacobian_determinant(field)),
    ):
        ax = Figure().subplots()
        drawn = draw(given, ax)
        np.testing.assert_array_equal(np.ma.getdata(drawn.get_array()), np.float64(expected))
        assert ax.get_xlabel() == "x (px)"
    assert "0 or less (red)" in ax.get_title()
    volume = displace.invert(torch.from_numpy(waves((6, 7, 8), 1, 9)))
    for draw in (displace.plot.count, displace.plot.residual):
        assert draw(volume, Figure().subplots()).get_array().shape == (7, 8)
    assert displace.plot.jacobian(waves((6, 7, 8), 1, 9), Figure().subplots()).get_array().shape == (7, 8)
    assert displace.plot.heat(np.ones((2, 3, 4), bool), Figure().subplots(), sample=1).get_array().shape == (3, 4)
    with pytest.raises(displace.ShapeError, match="expected"):
        displace.plot.heat(np.ones(3), Figure().subplots())
    with pytest.raises(displace.DTypeError, match="complex"):
        displace.plot.heat(np.ones((2, 2), complex), Figure().subplots())
    with pytest.raises(displace.DisplaceError, match="scale"):
        displace.plot.heat(np.ones((2, 2)), Figure().subplots(), scale=-1)


def test_watched_and_unwatched_derivatives_are_the_same_bits():
    field = np.float32(RNG.normal(size=(2, 5, 6, 7, 3)))
    for name in ("jacobian_determinant", "jacobian", "divergence", "curl"):
        for options in ({}, {"spacing": (2.0, 0.5, 1.5), "source_spacing": 0.7}):
            plain = getattr(displace, name)(torch.from_numpy(field), **options)
            watched = getattr(displace, name)(torch.from_numpy(field).requires_grad_(), **options)
            assert watched.requires_grad and torch.equal(plain, watched.detach()), (name, options)
    strains = (
        displace.strain(tensor, "green_lagrange")
        for tensor in (torch.from_numpy(field), torch.from_numpy(field).requires_grad_())
    )
    plain, watched = strains
    assert (plain - watched).abs().max() < 1e-5
    with torch.autocast("cpu"):
        assert displace.strain(torch.from_numpy(field).requires_grad_(), "green_lagrange").dtype == torch.float32
    for tensor in (torch.zeros(4, 4, 2), torch.zeros(4, 4, 2, requires_grad=True)):
        with pytest.raises(displace.DisplaceError, match="expected positive lengths"):
            displace.jacobian(tensor, spacing=0.0)
        with pytest.raises(displace.RestError):
            displace.jacobian_determinant(tensor, input_size=(5, 7))


@pytest.mark.filterwarnings("ignore:`torch.jit.script")  # torch's own
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
def test_transforms_go_through():
    field = torch.from_numpy(waves((6, 7), 0.5, 5, np.float64))
    tangent = torch.from_numpy(RNG.normal(size=(6, 7, 2)))
    calls = {
        "determinant": displace.jacobian_determinant,
        "compose": lambda f: displace.compose(f, field),
        "exp": lambda f: displace.exp(f, 3).field,
    }
    for name, call in calls.items():
        _, pushed = torch.func.jvp(call, (field,), (tangent,))
        step = 1e-6
        expected = (call(field + step * tangent) - call(field - step * tangent)) / (2 * step)
        assert (pushed - expected).abs().max() < 1e-6, name
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(field, tangent)
            assert torch.equal(torch.autograd.forward_ad.unpack_dual(call(dual)).tangent, pushed), name
        both = torch.stack([field, 2 * field])
        assert torch.allclose(torch.func.vmap(call)(both), torch.stack([call(one) for one in both]), atol=1e-12), name
    compiled = torch.compile(lambda f: displace.jacobian_determinant(f), backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(field), displace.jacobian_determinant(field), atol=1e-12)
    flow = torch.compile(lambda f: displace.exp(f, 3).field, backend="aot_eager", fullgraph=True)
    assert torch.allclose(flow(field), displace.exp(field, 3).field, atol=1e-12)
    with pytest.raises(displace.DisplaceError, match="say how many squarings"):
        torch.func.jvp(lambda f: displace.exp(f).field, (field,), (tangent,))


def test_mistakes_are_the_same_with_gradients():
    small, other = np.zeros((5, 5, 2), np.float32), np.zeros((4, 5, 2), np.float32)
    for kind in (torch.from_numpy, lambda a: torch.from_numpy(a).requires_grad_()):
        with pytest.raises(displace.ShapeError, match=r"\(5, 5\).*\(4, 5\)"):
            displace.compose(kind(small), kind(other))
        with pytest.raises(displace.ShapeError, match="2 outer and 3 inner"):
            displace.compose(kind(np.zeros((2, 5, 5, 2), np.float32)), kind(np.zeros((3, 5, 5, 2), np.float32)))
        with pytest.raises(displace.DTypeError, match=r"float32.*float64"):
            displace.compose(kind(small), kind(small.astype(np.float64)))
    outer = displace.Field(small, align_corners=True)
    assert displace.compose(outer, displace.Field(small)).align_corners
    for tolerance in (float("nan"), -1.0):
        with pytest.raises(displace.DisplaceError, match="tolerance="):
            displace.exp(small, tolerance=tolerance)
        with pytest.raises(displace.DisplaceError, match="tolerance="):
            displace.invert(small, method="newton", tolerance=tolerance)
        with pytest.raises(displace.DisplaceError, match="tolerance="):
            displace.log(small, tolerance=tolerance)


def test_splats_of_half_types_and_of_weights_are_those_of_numpy():
    field = np.zeros((1, 100, 2), np.float32)
    field[..., 0] = -np.arange(100)
    many = torch.full((1, 100), 1000, dtype=torch.float16)
    values, coverage = displace.splat(many, torch.from_numpy(field), reduce="average")
    assert (values[0, 0].item(), coverage[0, 0].item()) == (1000.0, 100.0)
    size = (4, 5)
    image, weights = np.float32(RNG.normal(size=(2, 3, *size))), np.float32(RNG.uniform(0.1, 2, (2, 1, *size)))
    at = waves(size, 2, 4)[None]
    for reduce in ("sum", "average"):
        ours = displace.splat(image, at, reduce=reduce, weights=weights)
        torchs = displace.splat(*map(torch.from_numpy, (image, at)), reduce=reduce, weights=torch.from_numpy(weights))
        for a, b in zip(ours, torchs, strict=True):
            assert np.abs(a - b.numpy()).max() < 1e-5
        assert np.abs(ours.values - displace.splat(image, at, reduce=reduce).values).max() > 0.1
    for kind in (np.asarray, torch.from_numpy):
        with pytest.raises(displace.ShapeError, match="weights have shape"):
            displace.splat(kind(image[0, :2]), kind(at[0]), weights=kind(weights[:, 0]))
        assert displace.splat(kind(image[0, 0]), kind(at[0]), weights=kind(weights)).values.shape == (2, *size)
        with pytest.raises(displace.ShapeError, match="2 inputs, 1 fields and 3 weights"):
            displace.splat(kind(image), kind(at), weights=kind(np.ones((3, 1, *size), np.float32)))


def test_batches_sizes_and_kinds_of_points():
    shift = np.zeros((2, 6, 8, 2), np.float32)
    shift[0, ..., 0], shift[1, ..., 0] = 1, 2
    with pytest.raises(displace.DisplaceError, match="2 samples: say which one by sample="):
        displace.transform_points([[4, 3]], shift)
    assert [displace.transform_points([[4, 3]], shift, sample=n).points[0, 0] for n in (0, 1)] == [3, 2]
    with pytest.raises(displace.RestError):
        displace.transform_points([[4, 3]], shift[0], input_size=(12, 16))
    whole = torch.tensor([[4, 3]])
    assert displace.transform_points(whole, torch.from_numpy(shift[0])).points.tolist() == [[3, 3]]
    assert displace.transform_boxes(torch.tensor([3, 2, 5, 4]), torch.from_numpy(shift[0])).tolist() == [2, 2, 4, 4]
    corners = [[3, 1], [5, 1], [5, 2]]
    assert displace.transform_polygons(corners, shift[0], step=None).tolist() == [[2, 1], [4, 1], [4, 2]]
    two = displace.transform_polygons([np.float64(corners), np.float64(corners[:2])], shift[0], step=None)
    assert [len(polygon) for polygon in two] == [3, 2]
    assert displace.transform_polygons([], shift[0]) == []
    with pytest.raises(displace.ShapeError, match=r"\(2, 3, 2\)"):
        displace.transform_polygons(np.float64([corners, corners]), shift[0])


def test_fields_at_other_sizes():
    field = displace.Field(waves((20, 30), 1, 12))
    with pytest.raises(displace.RestError):
        displace.resize(field, (10, 15), (20, 30))
    small = displace.resize(field, (10, 15), (20, 30), rest="extent")
    assert (small.shape, small.input_size, small.rest) == ((10, 15, 2), (20, 30), "extent")
    assert displace.resize(small, (5, 5)).rest == "extent"
    with pytest.raises(displace.DisplaceError, match="'pixel'"):
        displace.resize(np.zeros((4, 4, 2)), (8, 8), source_size=(4, 4), coords="pixel")
    with pytest.raises(displace.ShapeError, match="-1"):
        displace.resize(np.zeros((4, 4, 2)), (-1, 4))
    assert displace.resize([[[0.25, 0.5]]], (1, 2), coords="normalized").tolist() == [[[0.25, 0.5], [0.25, 0.5]]]


def test_plots_take_spacing_and_say_what_they_need():
    from matplotlib.figure import Figure

    field = waves((6, 8), 1, 7)
    drawn = displace.plot.jacobian(field, Figure().subplots(), spacing=(2, 1), source_spacing=1)
    expected = displace.jacobian_determinant(field, spacing=(2, 1), source_spacing=1)
    assert np.allclose(drawn.get_array(), expected)
    for plot in (displace.plot.count, displace.plot.residual):
        with pytest.raises(displace.DisplaceError, match=r"inverse is a ndarray: expected the Inverse"):
            plot(field)
    with pytest.raises(displace.ShapeError, match="size is"):
        displace.resize(field, (0, 40))
