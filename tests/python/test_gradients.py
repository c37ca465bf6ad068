"""Derivatives against differences, at the places where padding has a corner, and in the types that cannot hold much."""

import hashlib

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck

import displace
from strategies import MODES, PADDINGS, TORCH_PADDINGS, pixels, python, rest_of, smooth_grid

SIZES = {2: (3, 4), 3: (2, 3, 2)}
OUT = {2: (2, 2), 3: (1, 2, 2)}


def setting(axes, align_corners, seed=0, channels=2):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand((1, channels, *SIZES[axes]), generator=generator, dtype=torch.float64, requires_grad=True)
    # At least a sixteenth of a pixel from every kink; differences step 1e-6.
    grid = smooth_grid(generator, 1, SIZES[axes], OUT[axes], align_corners, reach=1.5).requires_grad_()
    return image, grid, generator


def check(function, inputs, generator):
    # gradcheck compares with differences of step 1e-6, which are good to about 1e-9; its own tolerances are wider.
    assert gradcheck(function, inputs, atol=1e-6, rtol=1e-5, check_batched_grad=True)
    out = function(*inputs)
    weights = torch.rand(out.shape, generator=generator, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(function, inputs, weights, atol=1e-6, rtol=1e-5, check_fwd_over_rev=True)


# Forward mode makes torch script its own decompositions, which it warns of itself.
torchs_own = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")


@torchs_own
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("axes", [2, 3])
def test_grid_sample(axes, mode, padding, align_corners):
    image, grid, generator = setting(axes, align_corners, channels=1)

    def function(image, grid):
        return displace.grid_sample(image, grid, mode, padding, align_corners, fill=0.5 if padding == "constant" else 0.0)

    check(function, (image, grid), generator)


@torchs_own
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("axes", [2, 3])
def test_nearest_has_a_gradient_to_the_image_alone(axes, padding):
    image, grid, generator = setting(axes, False)

    def function(image):
        return displace.grid_sample(image, grid.detach(), "nearest", padding, False)

    check(function, (image,), generator)
    out = displace.grid_sample(image, grid, "nearest", padding, False)
    assert torch.equal(torch.autograd.grad(out.sum(), grid)[0], torch.zeros_like(grid))


@torchs_own
@pytest.mark.parametrize("coords", ["pixel", "displacement"])
@pytest.mark.parametrize("rest", ["index", "extent"])
@pytest.mark.parametrize("axes", [2, 3])
def test_other_coordinates(axes, rest, coords):
    image, grid, generator = setting(axes, False, seed=1, channels=1)
    at = pixels(grid.detach(), SIZES[axes], False)
    if coords == "displacement":
        at = at - rest_of(OUT[axes], SIZES[axes], rest)

    def function(image, at):
        return displace.grid_sample(image, at, "bicubic", "reflection", False, coords=coords, rest=rest)

    check(function, (image, at.requires_grad_()), generator)


@torchs_own
@pytest.mark.parametrize("shared", ["image", "field", "neither"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_warp(channels_last, shared):
    generator = torch.Generator().manual_seed(2)
    size = (3, 4)
    grid = torch.cat([smooth_grid(generator, 1, size, size, False) for _ in range(1 if shared == "field" else 2)])
    field = (pixels(grid, size, False) - rest_of(size, size)).requires_grad_()
    shape = (2, *size, 1) if channels_last else (2, 1, *size)
    image = torch.rand(shape, generator=generator, dtype=torch.float64)
    image = (image[0] if shared == "image" else image).requires_grad_()

    def function(image, field):
        return displace.warp(image, field, padding_mode="border", channels_last=channels_last)

    check(function, (image, field), generator)


@torchs_own
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("rest", ["index", "extent"])
@pytest.mark.parametrize("axes", [2, 3])
def test_fields_and_grids(axes, rest, align_corners):
    _, grid, generator = setting(axes, align_corners, seed=3)
    size = SIZES[axes]
    for function in (displace.displacement, displace.grid_from_displacement):

        def of(numbers, function=function):
            return function(numbers, size, align_corners=align_corners, rest=rest)

        check(of, (grid,), generator)
        check(of, (grid.detach()[0].requires_grad_(),), generator)


@torchs_own
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("axes", [2, 3])
def test_affine_grid(axes, align_corners):
    generator = torch.Generator().manual_seed(4)
    theta = torch.randn((2, axes, axes + 1), generator=generator, dtype=torch.float64, requires_grad=True)
    check(lambda theta: displace.affine_grid(theta, (2, 1, *SIZES[axes]), align_corners), (theta,), generator)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_gradients_have_the_type_of_what_they_are_of(dtype):
    for image_dtype in (dtype, torch.float64):
        image = torch.rand(1, 1, 3, 3, dtype=image_dtype, requires_grad=True)
        grid = torch.rand(1, 2, 2, 2).to(dtype).requires_grad_()
        displace.grid_sample(image, grid, align_corners=False).sum().backward()
        assert (image.grad.dtype, grid.grad.dtype) == (image_dtype, dtype)
    grid = torch.rand(1, 2, 2, 2).to(dtype).requires_grad_()
    displace.displacement(grid, (2, 2)).sum().backward()
    assert grid.grad.dtype == dtype and (grid.grad == 1).all()
    theta = torch.rand(1, 2, 3).to(dtype).requires_grad_()
    displace.affine_grid(theta, (1, 1, 4, 4), False).sum().backward()
    # Destinations lie evenly around 0, so that only the last column collects: one for each pixel.
    assert theta.grad.dtype == dtype and theta.grad.tolist() == [[[0.0, 0.0, 16.0]] * 2]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int16])
def test_an_image_of_integers_has_a_result_without_gradients(dtype):
    image = torch.ones(1, 1, 3, 3, dtype=dtype)
    out = displace.grid_sample(image, torch.zeros(1, 2, 2, 2, requires_grad=True), align_corners=False)
    # torch knows gradients of floats alone; the result says that it has none.
    assert out.dtype == dtype and not out.requires_grad
    field = torch.zeros(1, 3, 3, 2, requires_grad=True)
    assert torch.equal(displace.warp(image, field), image)


def test_theta_through_the_sampler():
    generator = torch.Generator().manual_seed(6)
    image = torch.rand((1, 2, 6, 5), generator=generator, dtype=torch.float64)
    theta = torch.tensor([[[0.9, 0.11, 0.03], [-0.07, 0.83, 0.05]]], dtype=torch.float64, requires_grad=True)
    losses = []
    for module in (displace, F):
        grid = module.affine_grid(theta, [1, 2, 4, 3], align_corners=False)
        losses.append(module.grid_sample(image, grid, align_corners=False).square().sum())
    ours, theirs = (torch.autograd.grad(loss, theta)[0] for loss in losses)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12 * theirs.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sums_do_not_stall_in_half_precision(dtype):
    # Added up in float16, ones stop counting at 2048; in bfloat16 at 256. 4000 = 125 * 32 is a number of both.
    count = 4000 if dtype == torch.float16 else 4000 - 4000 % 32
    image = torch.zeros(1, 1, 1, 1, dtype=dtype, requires_grad=True)
    grid = torch.zeros(1, 40, count // 40, 2, dtype=dtype, requires_grad=True)
    displace.grid_sample(image, grid, align_corners=False).sum().backward()
    assert image.grad.item() == count
    # The gradient of a location likewise sums over channels: each is 1 higher one pixel to the right, times S/2 = 1.
    image = torch.zeros(1, count, 1, 2, dtype=dtype)
    image[..., 1] = 1
    grid = torch.zeros(1, 1, 1, 2, dtype=dtype, requires_grad=True)
    displace.grid_sample(image, grid, padding_mode="border", align_corners=False).sum().backward()
    assert grid.grad.flatten().tolist() == [count, 0]


def test_thetas_sum_does_not_stall():
    theta = torch.zeros(1, 2, 3, dtype=torch.float16, requires_grad=True)
    displace.affine_grid(theta, (1, 1, 40, 100), False).sum().backward()
    assert theta.grad[0, :, 2].tolist() == [4000, 4000]


CORNERS = {"border": (0.0, 3.0), "reflection": (0.0, 3.0, -0.5, 3.5)}


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["border", "reflection"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exactly_on_a_corner_of_the_padding(dtype, mode, padding, align_corners):
    # Four pixels: locations at the end centres and at the outer edges, whose grid values a float holds exactly; for
    # align_corners=True those of the ends alone.
    values = (-1.0, 1.0) if align_corners else (-0.75, 0.75, -1.0, 1.0)
    image = torch.tensor([1.0, 3.0, 4.0, 9.0], dtype=dtype).reshape(1, 1, 1, 4).requires_grad_()
    grid = torch.zeros(1, 1, len(values), 2, dtype=dtype)
    grid[..., 0] = torch.tensor(values)
    grid.requires_grad_()
    results = []
    for sample in (displace.grid_sample, F.grid_sample):
        out = sample(image, grid, mode, padding, align_corners)
        results.append((out, *torch.autograd.grad(out, (image, grid), torch.ones_like(out))))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 if dtype == torch.float32 else 1e-13)
    if padding == "border" and mode != "bicubic":
        # On the border and beyond a step outwards changes nothing, and that is the rule.
        assert (results[0][2] == 0).all()


def test_border_beyond_the_ends_has_no_gradient():
    image = torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 3, 4)
    at = torch.tensor(
        [[[[0.0, 1.5], [3.0, 1.5], [-2.0, 1.5], [8.0, 1.5], [1.5, 0.0], [1.5, 2.0], [1.5, 1.25]]]], dtype=torch.float64
    )
    at.requires_grad_()
    out = displace.grid_sample(image, at, padding_mode="border", align_corners=False, coords="pixel")
    gradient = torch.autograd.grad(out.sum(), at)[0][0, 0].tolist()
    # Values rise by 1 to the right and by 4 downwards.
    assert gradient == [[0, 4], [0, 4], [0, 4], [0, 4], [1, 0], [1, 0], [1, 4]]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", [float("nan"), float("inf"), float("-inf"), 1e30])
def test_gradients_at_no_place(place, mode, padding):
    image = torch.rand(1, 1, 3, 3, requires_grad=True)
    grid = torch.tensor([[[[place, 0.0], [0.1, 0.1]]]], requires_grad=True)
    out = displace.grid_sample(image, grid, mode, padding, False)
    weights = torch.tensor([[[[1.0, 0.0]]]])
    d_image, d_grid = torch.autograd.grad(out, (image, grid), weights)
    # One lost location must not spoil the gradient of the image, nor those of other locations.
    assert torch.isfinite(d_image).all() and (d_grid[0, 0, 1] == 0).all()
    # A result that is NaN may have a gradient that is; any other has a finite one.
    assert torch.isfinite(d_grid).all() or out[..., 0].isnan().all()
    if padding in ("zeros", "constant") or out[..., 0].isnan().all():
        # Nothing is read.
        assert (d_image == 0).all()
    if padding in ("zeros", "constant") and place == place:
        assert (d_grid == 0).all()


@pytest.mark.parametrize("needs", ["image", "grid", "both"])
def test_only_what_is_asked_for_is_computed(needs):
    image = torch.rand(1, 2, 3, 3, dtype=torch.float64, requires_grad=needs != "grid")
    grid = torch.rand(1, 2, 2, 2, dtype=torch.float64, requires_grad=needs != "image")
    displace.grid_sample(image, grid, align_corners=False).sum().backward()
    assert (image.grad is not None, grid.grad is not None) == (needs != "grid", needs != "image")


def test_gradients_of_views_and_expanded_tensors():
    generator = torch.Generator().manual_seed(8)
    base = torch.rand((1, 1, 3, 4), generator=generator, dtype=torch.float64, requires_grad=True)
    grids = smooth_grid(generator, 3, (3, 4), (2, 2), False)
    # The same pixel counts once for each channel and sample that shows it.
    results = [
        torch.autograd.grad(m.grid_sample(base.expand(3, 2, 3, 4), grids, align_corners=False).square().sum(), base)[0]
        for m in (displace, F)
    ]
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)
    # A gradient that comes from a sum is one number with zero strides; one from a transposition is not contiguous.
    leaf = grids.clone().requires_grad_()
    out = displace.grid_sample(base.expand(3, 2, 3, 4), leaf, align_corners=False)
    weights = torch.rand((2, 2, 2, 3), generator=generator, dtype=torch.float64)
    direct = torch.autograd.grad(out, leaf, weights.permute(3, 2, 1, 0), retain_graph=True)[0]
    assert torch.equal(direct, torch.autograd.grad(out, leaf, weights.permute(3, 2, 1, 0).contiguous())[0])


def test_there_is_no_third_derivative():
    image, grid, _ = setting(2, False)
    out = displace.grid_sample(image, grid, "bicubic", align_corners=False)
    first = torch.autograd.grad(out.sum(), grid, create_graph=True)[0]
    second = torch.autograd.grad(first.square().sum(), grid, create_graph=True)[0]
    with pytest.raises(NotImplementedError, match="third"):
        torch.autograd.grad(second.sum(), grid)


def test_derivatives_that_are_linear_go_on():
    # affine_grid and displacement are linear: a derivative of any order is there.
    theta = torch.rand(1, 2, 3, dtype=torch.float64, requires_grad=True)
    out = displace.displacement(displace.affine_grid(theta, (1, 1, 3, 4), False), (3, 4))
    for _ in range(4):
        (out,) = torch.autograd.grad(out.square().sum(), theta, create_graph=True)
    assert torch.isfinite(out).all() and (out != 0).any()


DETERMINISM = """
import hashlib, torch, displace
torch.set_num_threads({threads})
generator = torch.Generator().manual_seed(1)
digest = hashlib.sha256()
for axes, size, out in ((2, (90, 70), (150, 130)), (3, (20, 21, 22), (16, 30, 30))):
    for dtype in (torch.float32, torch.float16):
        for mode in ("bilinear", "bicubic"):
            image = torch.rand((2, 3, *size), generator=generator).to(dtype).requires_grad_()
            # Crowded towards the middle, so that many places add to one pixel.
            grid = torch.randn((2, *out, axes), generator=generator).mul(0.2).to(dtype).requires_grad_()
            if axes == 3 and mode == "bicubic":
                grid = grid.detach()[:, :4].requires_grad_()
            result = displace.grid_sample(image, grid, mode, "reflection", False)
            weights = torch.randn(result.shape, generator=generator).to(dtype)
            first = torch.autograd.grad(result, (image, grid), weights, create_graph=True)
            second = torch.autograd.grad(first[1].float().sum(), (image, grid))
            for tensor in (result, *first, *second):
                digest.update(tensor.detach().numpy().tobytes())
print(digest.hexdigest())
"""


def test_gradients_do_not_depend_on_the_number_of_threads():
    # Where many locations add to one pixel the order of the sum decides about the last bits.
    found = {python(DETERMINISM.format(threads=threads), RAYON_NUM_THREADS=str(threads)) for threads in (1, 2, 5)}
    assert len(found) == 1 and len(found.pop().strip()) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("padding", TORCH_PADDINGS)
def test_an_axis_of_one_pixel_between_centres_has_no_slope(padding):
    image = torch.rand(1, 2, 1, 3, dtype=torch.float64, requires_grad=True)
    grid = torch.tensor([[[[0.3, 0.7], [-0.4, 5.0]]]], dtype=torch.float64, requires_grad=True)
    results = [
        torch.autograd.grad(m.grid_sample(image, grid, "bilinear", padding, True).square().sum(), (image, grid))
        for m in (displace, F)
    ]
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)
    assert (results[0][1][..., 1] == 0).all()
    field = torch.zeros(1, 1, 3, 2, dtype=torch.float64, requires_grad=True)
    displace.grid_from_displacement(field, (1, 3), align_corners=True).sum().backward()
    assert field.grad[..., 1].eq(0).all() and field.grad[..., 0].eq(1).all()
