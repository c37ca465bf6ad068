"""The same numbers as torch's grid_sample and affine_grid, values and derivatives, for whatever torch takes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import displace
from strategies import FLOATS, PADDINGS, backwards, bits, cases, generators, layouts, pixels, rest_of, sampled, smooth_grid

EPS = 2.0**-24
HALVES = (torch.float16, torch.bfloat16)


def location_error(case, eps=EPS):
    """What torch's location may be off, in pixels.

    g + 1 is rounded once, at most eps * (|g| + 1), and stretched by S/2 <= len/2; then a product and a difference, each rounded
    at a magnitude of at most |p| + len. Reflection adds two more roundings at that magnitude.
    """
    longest = max(case.size)
    reach = pixels(case.grid, case.size, case.align_corners).abs().max().item()
    return eps * ((case.grid.double().abs().max().item() + 1) * longest / 2 + 4 * (reach + longest))


def slope_bound(case):
    """How much a value can change per pixel of location, and its derivative likewise, for an image in [-1, 1].

    Linear: neighbours differ by at most 2 along each axis; a cross derivative by at most 4. Cubic (a = -3/4): the weights'
    magnitudes sum to at most 1.375, those of their derivatives to at most 2.75, of their second derivatives to at most 12.
    """
    axes = len(case.size)
    if case.mode == "bicubic":
        others = 1.375 ** (axes - 1)
        return axes * 2.75 * others, axes * 12 * others
    return axes * 2.0, axes * 4.0


def close(ours, theirs, tolerance):
    difference = (ours.double() - theirs.double()).abs()
    assert difference.numel() == 0 or difference.max().item() <= tolerance, (difference.max().item(), tolerance)


def expanded(draw, tensor):
    """Zero strides along some axes: their first entry serves all."""
    for axis in range(tensor.dim() - 1):
        if draw(st.booleans()):
            tensor = tensor.narrow(axis, 0, 1).expand_as(tensor)
    return tensor


@given(case=cases(), data=st.data())
def test_values(case, data):
    case.image = data.draw(layouts())(case.image)
    case.grid = data.draw(layouts())(case.grid)
    if data.draw(st.booleans()):
        case.image, case.grid = expanded(data.draw, case.image), expanded(data.draw, case.grid)
    ours = displace.grid_sample(case.image, case.grid, **case.words)
    assert ours.dtype == case.image.dtype
    if case.image.dtype == torch.float64:
        # eps is 2^-53 here: a location error near 1e-14, times slopes below 20. A hundred times that.
        close(ours, F.grid_sample(case.image, case.grid, **case.words), 1e-12)
        return
    theirs = F.grid_sample(case.image.float(), case.grid.float(), **case.words)
    # Blending up to 4^3 values of weight below 1.375^3 rounds at most twice per tap along each of three axes.
    tolerance = location_error(case) * slope_bound(case)[0] + EPS * 24 * 3
    if case.image.dtype in HALVES:
        # torch rounds every operation to the half type on the CPU, so it is asked in float32; ours is rounded once, by half
        # a unit in the last place of a value below 1.375^3 < 4.
        tolerance += torch.finfo(case.image.dtype).eps * 4 / 2
    close(ours, theirs, tolerance)


@given(case=cases(), data=st.data())
def test_layouts_do_not_change_a_bit(case, data):
    image, grid = data.draw(layouts())(case.image), data.draw(layouts())(case.grid)
    expected = displace.grid_sample(case.image, case.grid, **case.words)
    assert bits(displace.grid_sample(image, grid, **case.words)) == bits(expected)


@given(case=cases(dtypes=FLOATS[:3]), data=st.data())
def test_numpy_gives_the_same_bits(case, data):
    expected = displace.grid_sample(case.image, case.grid, **case.words).numpy()
    image, grid = data.draw(backwards(case.image.numpy())), data.draw(backwards(case.grid.numpy()))
    assert bits(displace.grid_sample(image, grid, **case.words)) == bits(expected)


@given(case=cases(dtypes=FLOATS[:3]), data=st.data())
def test_numpy_views_give_the_same_bits(case, data):
    expected = displace.grid_sample(case.image, case.grid, **case.words).numpy()
    image, grid = data.draw(layouts())(case.image).numpy(), data.draw(layouts())(case.grid).numpy()
    assert bits(displace.grid_sample(image, grid, **case.words)) == bits(expected)


def gradients(sample, case, weights, first=False):
    image, grid = case.image.clone().requires_grad_(), case.grid.clone().requires_grad_()
    out = sample(image, grid, **case.words)
    return image, grid, torch.autograd.grad(out, (image, grid), weights, create_graph=not first)


@given(case=cases(dtypes=(torch.float32, torch.float64)), data=st.data())
def test_first_gradients(case, data):
    case.image, case.grid = data.draw(layouts())(case.image), data.draw(layouts())(case.grid)
    weights = data.draw(layouts())(case.like_output())
    for index, (ours, theirs) in enumerate(
        zip(
            gradients(displace.grid_sample, case, weights, first=True)[2],
            gradients(F.grid_sample, case, weights, first=True)[2],
            strict=True,
        )
    ):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        if case.image.dtype == torch.float64:
            close(ours, theirs, 1e-12 * (1 + theirs.abs().max().item()))
            continue
        off = location_error(case)
        first, second = slope_bound(case)
        if index == 0:
            # A pixel collects at most all weights, each in [-1, 1] times a blend weight that is off by its slope times the
            # location's error (its slope is at most half the value's for an image in [-1, 1]); and each sum is rounded.
            terms = case.grid[0, ..., 0].numel() * (4 if case.padding != "zeros" else 1) ** len(case.size)
            tolerance = terms * (off * first + EPS * 8)
        else:
            # Sum over channels, times pixels per unit.
            terms = case.image.shape[1] * max(case.size) / 2
            tolerance = terms * (off * second + EPS * 32 * first)
        close(ours, theirs, tolerance)


@given(case=cases(dtypes=(torch.float64,)))
def test_second_gradients(case):
    weights = case.like_output()
    results = []
    toward = [torch.randn(t.shape, generator=case.generator, dtype=torch.float64) for t in (case.image, case.grid)]
    for sample in (displace.grid_sample, F.grid_sample):
        leaf = weights.clone().requires_grad_()
        image, grid, firsts = gradients(sample, case, leaf)
        along = sum((first * t).sum() for first, t in zip(firsts, toward, strict=True))
        results.append(torch.autograd.grad(along, (leaf, image, grid), materialize_grads=True))
    for ours, theirs in zip(*results, strict=True):
        # Second derivatives are of order (S/2)^2 * 12; relative to the largest.
        close(ours, theirs, 1e-12 * (10 + theirs.abs().max().item()))


@given(case=cases(dtypes=(torch.float64,), paddings=PADDINGS))
def test_values_against_elementary_operations(case):
    # wrap and constant, which torch does not have, and a check on the oracle that other tests use.
    expected = sampled(case.image, pixels(case.grid, case.size, case.align_corners), case.mode, case.padding, case.align_corners)
    close(displace.grid_sample(case.image, case.grid, **case.words), expected, 1e-12)


@given(case=cases(dtypes=(torch.float64,), paddings=PADDINGS))
def test_gradients_against_elementary_operations(case):
    def oracle(image, grid, mode, padding_mode, align_corners):
        return sampled(image, pixels(grid, image.shape[2:], align_corners), mode, padding_mode, align_corners)

    weights = case.like_output()
    results = []
    toward = torch.randn(case.grid.shape, generator=case.generator, dtype=torch.float64)
    for sample in (displace.grid_sample, oracle):
        image, grid = case.image.clone().requires_grad_(), case.grid.clone().requires_grad_()
        d_image, d_grid = torch.autograd.grad(
            sample(image, grid, **case.words), (image, grid), weights, create_graph=True, materialize_grads=True
        )
        seconds = (torch.zeros_like(image), torch.zeros_like(grid))
        if case.mode != "nearest":
            seconds = torch.autograd.grad((d_grid * toward).sum(), (image, grid), materialize_grads=True)
        results.append((d_image, d_grid, *seconds))
    for ours, theirs in zip(*results, strict=True):
        close(ours, theirs, 1e-12 * (10 + theirs.abs().max().item()))


@given(
    generator=generators(),
    axes=st.sampled_from((2, 3)),
    dtype=st.sampled_from(FLOATS),
    align_corners=st.booleans(),
    data=st.data(),
)
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed")  # torch's, for axes of one pixel
def test_affine_grid(generator, axes, dtype, align_corners, data):
    out = data.draw(st.lists(st.integers(1, 7), min_size=axes, max_size=axes))
    batch = data.draw(st.integers(1, 3))
    theta = torch.randn((batch, axes, axes + 1), generator=generator, dtype=torch.float64).to(dtype)
    theta = data.draw(layouts())(theta)
    ours = displace.affine_grid(theta, (batch, 1, *out), align_corners)
    assert ours.dtype == dtype
    # In float64 torch rounds too, by less than float32's last place, which is what the others are compared in.
    theirs = F.affine_grid(theta.double(), [batch, 1, *out], align_corners)
    magnitude = theta.double().abs().sum(-1).max().item()
    # Ours is rounded once, half a unit (finfo.eps / 2 of the magnitude); torch in float64 at most 9 (CONVENTIONS, section 10).
    close(ours, theirs, magnitude * (torch.finfo(dtype).eps / 2 * (dtype != torch.float64) + 10 * 2.0**-52))
    if dtype != torch.bfloat16:
        assert bits(displace.affine_grid(theta.numpy(), (batch, 1, *out), align_corners)) == bits(ours)


@given(generator=generators(), axes=st.sampled_from((2, 3)), align_corners=st.booleans())
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed")
def test_affine_grid_gradient(generator, axes, align_corners):
    theta = torch.randn((2, axes, axes + 1), generator=generator, dtype=torch.float64, requires_grad=True)
    size = (2, 1, 4, 1, 5)[: axes + 2]
    weights = torch.randn((2, *size[2:], axes), generator=generator, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad(m.affine_grid(theta, size, align_corners), theta, weights)[0] for m in (displace, F))
    close(ours, theirs, 1e-12 * (1 + theirs.abs().max().item()))


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_a_large_image(mode, align_corners):
    # Big enough to be cut into bands and shared among threads, both ways.
    generator = torch.Generator().manual_seed(5)
    image = torch.rand((2, 3, 301, 217), generator=generator, dtype=torch.float64)
    grid = smooth_grid(generator, 2, (301, 217), (190, 333), align_corners, reach=9.0)
    weights = torch.rand((2, 3, 190, 333), generator=generator, dtype=torch.float64)
    results = []
    for sample in (displace.grid_sample, F.grid_sample):
        leaves = image.clone().requires_grad_(), grid.clone().requires_grad_()
        out = sample(*leaves, mode, "reflection", align_corners)
        results.append((out, *torch.autograd.grad(out, leaves, weights)))
    for ours, theirs in zip(*results, strict=True):
        # Locations of 300 pixels have errors of 300 * 2^-53, 30 times those of the small images.
        close(ours, theirs, 1e-10 * (1 + theirs.abs().max().item()))


def test_rest_places_of_the_oracle():
    assert rest_of((1, 2), (1, 4), "extent")[0, :, 0].tolist() == [0.5, 2.5]
    assert rest_of((3, 2), (3, 4))[2, :, 1].tolist() == [2.0, 2.0]


def test_numpy_results_are_numpy_arrays():
    out = displace.grid_sample(np.ones((1, 1, 2, 2), np.float32), np.zeros((1, 1, 1, 2), np.float32), align_corners=False)
    assert type(out) is np.ndarray and out.flags.writeable and out.flags.c_contiguous
