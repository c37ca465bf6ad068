"""torch.compile, torch.export, torch.func and forward mode see through the operators."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

import displace
from strategies import MODES, TORCH_PADDINGS, python, smooth_grid

# What torch says of its own parts while it traces and while forward mode decomposes operators: nothing of it is about what is
# tested here. Each entry names one message.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{message}")
    for message in (
        "`torch.jit.script` is deprecated",
        "`torch.jit.script_method` is deprecated",
        "`isinstance.treespec, LeafSpec.` is deprecated",
        "The .grad attribute of a Tensor that is not a leaf",  # torch.compile looks at inputs while it wraps them
    )
]


def setting(axes=2, batch=2, dtype=torch.float64, seed=0, align_corners=False):
    generator = torch.Generator().manual_seed(seed)
    size, out = ((5, 6), (3, 4)) if axes == 2 else ((3, 4, 5), (2, 3, 2))
    image = torch.rand((batch, 2, *size), generator=generator, dtype=torch.float64).to(dtype)
    return image, smooth_grid(generator, batch, size, out, align_corners, dtype)


def same(a, b, atol=1e-12):
    torch.testing.assert_close(a, b, rtol=0, atol=atol)


@pytest.fixture(autouse=True)
def fresh():
    torch.compiler.reset()


def compiled(function):
    # No backend that needs a C++ compiler.
    return torch.compile(function, backend="aot_eager", fullgraph=True)


# torch.compile


IMPORTED_FIRST = """
import displace, sys
assert "torch" not in sys.modules
import torch

@torch.compile(backend="aot_eager", fullgraph=True)
def step(image, grid):
    field = displace.displacement(grid, image.shape[2:])
    return displace.warp(image, field) + displace.grid_sample(image, grid, align_corners=False)

image, grid = torch.rand(1, 2, 5, 6), torch.rand(1, 5, 6, 2).requires_grad_()
out = step(image, grid)
(gradient,) = torch.autograd.grad(out.sum(), grid)
again = displace.warp(image, displace.displacement(grid, (5, 6))) + displace.grid_sample(image, grid, align_corners=False)
assert torch.equal(out, again) and torch.equal(gradient, torch.autograd.grad(again.sum(), grid)[0])
print("same")
"""


def test_the_first_call_of_all_is_compiled():
    assert python(IMPORTED_FIRST, timeout=300).strip() == "same"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [2, 3])
def test_compiled_with_gradients(axes, mode):
    def function(image, grid):
        return displace.grid_sample(image * 2, grid, mode, "border", align_corners=False).sin()

    image, grid = setting(axes)
    results = []
    for run in (function, compiled(function)):
        leaves = image.clone().requires_grad_(), grid.clone().requires_grad_()
        out = run(*leaves)
        results.append((out, *torch.autograd.grad(out.sum(), leaves)))
    for a, b in zip(*results, strict=True):
        same(a, b)


def everything(image, grid, theta):
    """Every function of the package once."""
    size = image.shape[2:]
    made = displace.affine_grid(theta, (image.shape[0], 1, *grid.shape[1:-1]), align_corners=False)
    field = displace.displacement(grid + made, size, rest="extent")
    back = displace.grid_from_displacement(field, size, rest="extent")
    effective = displace.effective_displacement(back, size, rest="extent", padding_mode="reflection")
    warped = displace.warp(image, field, padding_mode="wrap", rest="extent")
    return displace.grid_sample(image, back, align_corners=False) + warped, effective.field, effective.coverage


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("axes", [2, 3])
def test_every_function_compiled(axes, dtype):
    image, grid = setting(axes, dtype=dtype)
    theta = torch.rand(2, axes, axes + 1).to(dtype).mul(0.1)
    for ours, theirs in zip(compiled(everything)(image, grid, theta), everything(image, grid, theta), strict=True):
        assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)


RESIZABLE = {
    "grid_sample": lambda image, grid, theta: displace.grid_sample(image, grid, align_corners=False),
    "warp": lambda image, grid, theta: displace.warp(image, grid, rest="extent"),
    "displacement": lambda image, grid, theta: displace.displacement(grid, image.shape[2:], rest="extent"),
    "effective_displacement": lambda image, grid, theta: (
        displace.effective_displacement(grid, image.shape[2:], rest="extent").field
    ),
    "grid_from_displacement": lambda image, grid, theta: displace.grid_from_displacement(grid, image.shape[2:], rest="extent"),
    "affine_grid": lambda image, grid, theta: displace.affine_grid(theta, (theta.shape[0], 1, *image.shape[2:]), False),
}


@pytest.mark.parametrize("name", RESIZABLE)
def test_compiled_once_for_all_sizes(name):
    run = torch.compile(RESIZABLE[name], backend="aot_eager", fullgraph=True, dynamic=True)
    generator = torch.Generator().manual_seed(3)
    # No length is 2 or 3, nor any other's: torch takes equal lengths for the same one, and these for the last axis.
    for size, out, batch in (((8, 9), (10, 11), 5), ((17, 19), (14, 18), 6), ((12, 13), (26, 15), 7)):
        image = torch.rand((batch, 4, *size), generator=generator)
        grid = torch.rand((batch, *out, 2), generator=generator).requires_grad_()
        theta = torch.rand((batch, 2, 3), generator=generator).requires_grad_()
        with torch._dynamo.config.patch(error_on_recompile=True):
            ours = run(image, grid, theta)
        expected = RESIZABLE[name](image, grid, theta)
        assert torch.equal(ours, expected)
        if expected.requires_grad:
            leaf = theta if name == "affine_grid" else grid
            same(*(torch.autograd.grad(result.sum(), leaf)[0] for result in (ours, expected)), 1e-4)


def test_the_default_of_align_corners_warns_while_tracing():
    image, grid = setting()
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior has changed"):
        ours = compiled(lambda image, grid: displace.grid_sample(image, grid))(image, grid)
    assert torch.equal(ours, displace.grid_sample(image, grid, align_corners=False))


def test_errors_pass_through_compilation():
    image, grid = setting()
    with pytest.raises(Exception, match="same batch size"):
        compiled(lambda image, grid: displace.grid_sample(image, grid, align_corners=False))(image[:1], grid)


def test_a_model_is_compiled():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.theta = torch.nn.Parameter(torch.tensor([[[1.0, 0.1, 0.0], [0.0, 0.9, 0.1]]]))

        def forward(self, image):
            return displace.grid_sample(image, displace.affine_grid(self.theta, image.shape, False), align_corners=False)

    image = torch.rand(1, 1, 6, 7)
    model = Model()
    results = []
    for run in (model, compiled(model)):
        model.zero_grad()
        loss = run(image).square().sum()
        loss.backward()
        results.append((loss.detach(), model.theta.grad.clone()))
    same(results[0], results[1], 1e-5)
    with torch.no_grad():
        same(functional_call(model, dict(model.named_parameters()), (image,)), model(image))


# torch.export


class Warp(torch.nn.Module):
    def forward(self, image, grid):
        field = displace.displacement(grid, image.shape[2:], rest="index")
        return displace.grid_sample(image, grid, "bicubic", "reflection", False), displace.warp(image, field, rest="index")


def test_export_with_dynamic_shapes():
    dim = torch.export.Dim
    n, h, w = dim("n", min=2, max=64), dim("h", min=2, max=4096), dim("w", min=2, max=4096)
    rows, columns = dim("rows", min=2, max=4096), dim("columns", min=2, max=4096)
    image, grid = setting()
    program = torch.export.export(
        Warp(), (image, grid), dynamic_shapes={"image": {0: n, 2: h, 3: w}, "grid": {0: n, 1: rows, 2: columns}}
    )
    names = {str(node.target) for node in program.graph.nodes if node.op == "call_function"}
    assert {"displace.sample.default", "displace.displacement.default"} <= names
    generator = torch.Generator().manual_seed(5)
    for shape, out in (((2, 2, 5, 6), (3, 4)), ((3, 2, 17, 9), (8, 20))):
        image = torch.rand(shape, generator=generator, dtype=torch.float64)
        grid = torch.rand((shape[0], *out, 2), generator=generator, dtype=torch.float64)
        for ours, expected in zip(program.module()(image, grid), Warp()(image, grid), strict=True):
            assert torch.equal(ours, expected)


# torch.func


@pytest.mark.parametrize("in_dims", [(0, 0), (1, 2), (0, None), (None, 0), (-1, -1), (2, 0), ({"d": 0}, 0)], ids=str)
@pytest.mark.parametrize("axes", [2, 3])
def test_vmap(axes, in_dims):
    lanes = [setting(axes, seed=seed) for seed in range(3)]
    nested = isinstance(in_dims[0], dict)
    dims = (in_dims[0]["d"], in_dims[1]) if nested else in_dims
    stacked = [torch.stack([lane[k] for lane in lanes], dim) if dim is not None else lanes[0][k] for k, dim in enumerate(dims)]

    def function(image, grid):
        image = image["d"] if nested else image
        return displace.grid_sample(image, grid, "bicubic", "border", align_corners=False)

    given = ({"d": stacked[0]}, stacked[1]) if nested else stacked
    ours = vmap(function, in_dims=in_dims)(*given)
    for k, out in enumerate(ours):
        image, grid = (lanes[k][0] if dims[0] is not None else lanes[0][0]), (lanes[k][1] if dims[1] is not None else lanes[0][1])
        assert torch.equal(out, displace.grid_sample(image, grid, "bicubic", "border", align_corners=False))


def test_vmap_within_vmap_and_out_dims():
    lanes = [[setting(seed=3 * i + j) for j in range(2)] for i in range(3)]
    images, grids = (torch.stack([torch.stack([lane[k] for lane in row]) for row in lanes]) for k in (0, 1))

    def function(image, grid):
        return displace.grid_sample(image, grid, align_corners=False)

    ours = vmap(vmap(function), out_dims=1)(images, grids)
    for i in range(3):
        for j in range(2):
            # The inner results have their lanes first, the outer lanes come second.
            assert torch.equal(ours[j, i], function(*lanes[i][j]))


def test_vmap_of_the_other_functions():
    _, grids = setting(batch=6)
    lanes = grids.reshape(3, 2, *grids.shape[1:])
    theta = torch.rand(3, 2, 2, 3, dtype=torch.float64)
    for function in (
        lambda g: displace.displacement(g, (5, 6), rest="extent"),
        lambda g: displace.grid_from_displacement(g, (5, 6), rest="extent"),
        lambda g: displace.displacement(g[0], (5, 6), rest="index"),
        lambda g: displace.effective_displacement(g, (5, 6), rest="index").field,
        lambda g: displace.effective_displacement(g, (5, 6), rest="index").coverage,
    ):
        assert torch.equal(vmap(function)(lanes), torch.stack([function(lane) for lane in lanes]))
        assert torch.equal(vmap(function, in_dims=-2)(lanes.movedim(0, -2)), torch.stack([function(lane) for lane in lanes]))

    def made(theta):
        return displace.affine_grid(theta, (2, 1, 3, 4), align_corners=True)

    assert torch.equal(vmap(made)(theta), torch.stack([made(t) for t in theta]))
    images = torch.rand(3, 4, 5, dtype=torch.float64)
    field = torch.rand(4, 5, 2, dtype=torch.float64)
    assert torch.equal(
        vmap(lambda image: displace.warp(image, field))(images), torch.stack([displace.warp(i, field) for i in images])
    )


@pytest.mark.parametrize("randomness", ["error", "different"])
def test_vmap_of_no_lanes_or_one(randomness):
    image, grid = setting(batch=1)
    ours = vmap(lambda i, g: displace.grid_sample(i, g, align_corners=False), randomness=randomness)(image[None], grid[None])
    assert torch.equal(ours[0], displace.grid_sample(image, grid, align_corners=False))


def loss(sample, image, grid):
    return sample(image, grid, "bilinear", "border", False).square().sum()


def ours(image, grid):
    return loss(displace.grid_sample, image, grid)


def theirs(image, grid):
    return loss(F.grid_sample, image, grid)


def by_autograd(function, *inputs):
    leaves = [t.clone().requires_grad_() for t in inputs]
    return torch.autograd.grad(function(*leaves), leaves)


def test_grad():
    image, grid = setting()
    same(grad(ours, (0, 1))(image, grid), by_autograd(theirs, image, grid))


def test_vmap_of_grad_is_a_gradient_for_each_sample():
    lanes = [setting(seed=seed) for seed in range(3)]
    images, grids = (torch.stack([lane[k] for lane in lanes]) for k in (0, 1))
    per_sample = vmap(grad(ours, (0, 1)))(images, grids)
    for k, lane in enumerate(lanes):
        same(tuple(g[k] for g in per_sample), by_autograd(theirs, *lane))
    # One image for all, and the other way round.
    shared = vmap(grad(ours, (0, 1)), in_dims=(None, 0))(images[0], grids)
    same(tuple(g[2] for g in shared), by_autograd(theirs, images[0], grids[2]))
    shared = vmap(grad(ours, (0, 1)), in_dims=(0, None))(images, grids[0])
    same(tuple(g[2] for g in shared), by_autograd(theirs, images[2], grids[0]))


def test_grad_of_vmap():
    lanes = [setting(seed=seed) for seed in range(3)]
    images, grids = (torch.stack([lane[k] for lane in lanes]) for k in (0, 1))
    whole = grad(lambda i, g: vmap(ours)(i, g).sum(), (0, 1))(images, grids)
    for k, lane in enumerate(lanes):
        same(tuple(g[k] for g in whole), by_autograd(theirs, *lane))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding", TORCH_PADDINGS)
def test_jacobians(mode, padding):
    image, grid = setting(batch=1)

    def function(image, grid):
        return displace.grid_sample(image, grid, mode, padding, False)

    expected = torch.autograd.functional.jacobian(lambda i, g: F.grid_sample(i, g, mode, padding, False), (image, grid))
    same(jacrev(function, (0, 1))(image, grid), expected)
    same(jacfwd(function, (0, 1))(image, grid), expected)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_hessian(mode):
    image, grid = setting(batch=1)

    def of(sample):
        return lambda image, grid: sample(image, grid, mode, "reflection", False).square().sum()

    expected = torch.autograd.functional.hessian(of(F.grid_sample), (image, grid))
    # torch.func.hessian is forward over reverse.
    same(hessian(of(displace.grid_sample), (0, 1))(image, grid), expected, 1e-10)
    same(jacrev(jacrev(of(displace.grid_sample), (0, 1)), (0, 1))(image, grid), expected, 1e-10)


@pytest.mark.parametrize("outer, inner", [(jacrev, jacrev), (jacfwd, jacrev), (jacrev, jacfwd)])
@pytest.mark.parametrize("of", ["image", "grid"])
def test_second_derivatives_in_all_orders_of_modes(of, outer, inner):
    image, grid = setting(batch=1)
    index = ("image", "grid").index(of)
    expected = torch.autograd.functional.hessian(theirs, (image, grid))
    same(outer(inner(ours, index), index)(image, grid), expected[index][index], 1e-10)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_reverse_over_forward_in_everything_at_once(mode):
    image, grid = setting(batch=1)
    tangent = torch.rand_like(grid)
    results = []
    for sample in (displace.grid_sample, F.grid_sample):
        leaves = image.clone().requires_grad_(), grid.clone().requires_grad_(), tangent.clone().requires_grad_()

        def of_grid(grid, sample=sample, image=leaves[0]):
            return sample(image, grid, mode, "border", False)

        if sample is displace.grid_sample:
            along = jvp(of_grid, (leaves[1],), (leaves[2],))[1]
        else:
            # torch's sampler has no forward mode: the transposed derivative's derivative.
            weights = torch.zeros((1, 2, 3, 4), dtype=torch.float64, requires_grad=True)
            pulled = torch.autograd.grad(of_grid(leaves[1]), leaves[1], weights, create_graph=True)[0]
            along = torch.autograd.grad(pulled, weights, leaves[2], create_graph=True)[0]
        results.append((along, *torch.autograd.grad(along.square().sum(), leaves)))
    for a, b in zip(*results, strict=True):
        same(a, b, 1e-10)


def test_forward_within_forward_says_what_to_do_instead():
    image, grid = setting(batch=1)
    with pytest.raises(NotImplementedError, match="jacrev"):
        jacfwd(jacfwd(ours, 1), 1)(image, grid)


def test_jvp_and_vjp():
    image, grid = setting()
    tangents = torch.rand_like(image), torch.rand_like(grid)

    def function(image, grid):
        return displace.grid_sample(image, grid, "bicubic", "zeros", False)

    def other(image, grid):
        return F.grid_sample(image, grid, "bicubic", "zeros", False)

    out, along = jvp(function, (image, grid), tangents)
    assert torch.equal(out, function(image, grid))
    same(along, torch.autograd.functional.jvp(other, (image, grid), tangents)[1])
    weights = torch.rand_like(out)
    same(vjp(function, image, grid)[1](weights), torch.autograd.functional.vjp(other, (image, grid), weights)[1])
    lanes = torch.stack([tangents[1], 2 * tangents[1]])
    batched = vmap(lambda t: jvp(lambda g: function(image, g), (grid,), (t,))[1])(lanes)
    same(2 * batched[0], batched[1])


def test_a_fill_value_is_no_part_of_a_tangent():
    image, grid = setting()
    tangent = torch.rand_like(image)

    def function(image):
        return displace.grid_sample(image, grid * 2, padding_mode="constant", fill=7.0, align_corners=False)

    along = jvp(function, (image,), (tangent,))[1]
    same(along, displace.grid_sample(tangent, grid * 2, align_corners=False))


FORWARD = {
    "grid_sample": lambda x: displace.grid_sample(setting()[0], x, "bicubic", align_corners=False),
    "warp": lambda x: displace.warp(setting()[0], x, rest="index"),
    "displacement": lambda x: displace.displacement(x, (5, 6), align_corners=True, rest="extent"),
    "grid_from_displacement": lambda x: displace.grid_from_displacement(x, (5, 6), rest="extent"),
    "affine_grid": lambda x: displace.affine_grid(x[:, :2, :3, 0], (2, 1, 5, 4), align_corners=False),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode(name):
    function, (_, grid) = FORWARD[name], setting()
    tangent = torch.rand_like(grid)
    with forward_ad.dual_level():
        out, along = forward_ad.unpack_dual(function(forward_ad.make_dual(grid, tangent)))
    assert torch.equal(out, function(grid))
    leaf = grid.clone().requires_grad_()
    weights = torch.rand_like(out)
    # <weights, J tangent> = <J^T weights, tangent>
    pulled = torch.autograd.grad(function(leaf), leaf, weights)[0]
    same((weights * along).sum(), (pulled * tangent).sum(), 1e-11)


def test_forward_mode_without_a_tangent():
    image, grid = setting()
    with forward_ad.dual_level():
        out = displace.grid_sample(image, grid, align_corners=False)
        assert forward_ad.unpack_dual(out).tangent is None


def test_func_grad_within_compile():
    image, grid = setting()
    run = compiled(lambda image, grid: grad(ours, (0, 1))(image, grid))
    same(run(image, grid), by_autograd(theirs, image, grid))


def test_vmap_within_compile():
    lanes = [setting(seed=seed) for seed in range(3)]
    images, grids = (torch.stack([lane[k] for lane in lanes]) for k in (0, 1))
    run = compiled(lambda images, grids: vmap(lambda i, g: displace.grid_sample(i, g, align_corners=False))(images, grids))
    expected = torch.stack([displace.grid_sample(*lane, align_corners=False) for lane in lanes])
    same(run(images, grids), expected)


def test_func_has_no_third_derivative_either():
    image, grid = setting(batch=1)

    def function(x):
        return displace.grid_sample(image, grid + x, "bicubic", align_corners=False).sum()

    third = grad(lambda x: grad(lambda y: grad(function)(y).square().sum())(x).square().sum())
    with pytest.raises(NotImplementedError, match="third"):
        third(torch.zeros((), dtype=torch.float64))


# The operators themselves


def operators(axes, dtype):
    image, grid = setting(axes, dtype=dtype)
    grad_out = torch.rand((*image.shape[:2], *grid.shape[1:-1])).to(dtype)
    sampling = ("bilinear", "border", 0.0, "normalized", False, None)
    lattice = (list(image.shape[2:]), False, "extent")
    theta = torch.rand(2, axes, axes + 1, dtype=torch.float64 if dtype == torch.float64 else torch.float32)
    real = theta.dtype
    return {
        "sample": (image, grid, *sampling),
        "sample_grad_image": (grad_out, grid, list(image.shape), *sampling),
        "sample_grad_grid": (grad_out, image, grid, *sampling),
        "sample_push": (torch.rand_like(grid), image, grid, *sampling),
        "sample_grad_grad": (torch.rand_like(grid), grad_out, image, grid, True, True, *sampling),
        "displacement": (grid, *lattice, "exact"),
        "effective_displacement": (grid, *lattice, "bilinear", "zeros"),
        "grid_from_displacement": (grid, *lattice),
        "affine_grid": (theta, lattice[0], False),
        "affine_grid_grad": (torch.rand(grid.shape, dtype=real), False),
    }


def registered():
    prefix = "displace::"
    names = {s.name.removeprefix(prefix) for s in torch._C._jit_get_all_schemas() if s.name.startswith(prefix)}
    return names


def plane_operators():
    """Those of planes in f32 and f64 alone."""
    image, grid = setting()
    grad_out = torch.rand((*image.shape[:2], *grid.shape[1:-1]), dtype=image.dtype)
    sampling = ("bilinear", "border", 0.0, "normalized", False, None)
    return {
        "sample_ewa": (image, grid, *sampling),
        "sample_ewa_grad": (grad_out, image, grid, True, True, *sampling),
        "spline_filter": (image, 3, "mirror", False),
    }


# test_deform_conv.py checks these, its gradient by the way that autograd takes.
DEFORM = {"deform_conv2d", "deform_conv2d_grad"}


def test_every_operator_is_checked():
    assert registered() <= set(operators(2, torch.float64)) | set(plane_operators()) | DEFORM
    assert set(operators(2, torch.float64)) <= registered()


@pytest.mark.parametrize("name", sorted(plane_operators()))
def test_opcheck_of_planes(name):
    arguments = plane_operators()[name]
    if name != "sample_ewa_grad":
        arguments = tuple(a.requires_grad_() if isinstance(a, torch.Tensor) else a for a in arguments)
    torch.library.opcheck(getattr(torch.ops.displace, name).default, arguments)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("name", sorted(operators(2, torch.float64)))
def test_opcheck(name, axes, dtype):
    arguments = operators(axes, dtype)[name]
    if name not in ("sample_grad_grad", "effective_displacement"):
        # The last derivative and the diagnosis have none.
        arguments = tuple(a.clone().requires_grad_() if isinstance(a, torch.Tensor) else a for a in arguments)
    operator = getattr(torch.ops.displace, name).default
    # A half type's gradient differs by where it is rounded.
    tolerance = {"rtol": 2e-2, "atol": 2e-2} if dtype == torch.float16 else {}
    torch.library.opcheck(operator, arguments, **tolerance)


@pytest.mark.parametrize("needed", [(True, False), (False, True), (False, False)])
def test_operators_with_parts_left_out(needed):
    arguments = operators(2, torch.float64)["sample_grad_grad"]
    torch.library.opcheck(torch.ops.displace.sample_grad_grad.default, (*arguments[:4], *needed, *arguments[6:]))
