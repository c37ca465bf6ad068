"""displace.grid_sample and affine_grid in the place of torch's: the same call, the same errors, the same training."""

import inspect
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import displace

zeros = torch.zeros


@pytest.mark.parametrize("name", ["grid_sample", "affine_grid"])
def test_signature_begins_as_torchs(name):
    theirs = [(p.name, p.kind, p.default) for p in inspect.signature(getattr(F, name)).parameters.values()]
    ours = list(inspect.signature(getattr(displace, name)).parameters.values())
    assert [(p.name, p.kind, p.default) for p in ours[: len(theirs)]] == theirs
    # What is added can only be given by name, so that no position is taken from torch.
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in ours[len(theirs) :])


@pytest.mark.parametrize("function", [displace.grid_sample, F.grid_sample])
def test_called_as_torchs(function):
    image, grid = torch.rand(1, 2, 3, 4), torch.rand(1, 2, 5, 2)
    by_position = function(image, grid, "bilinear", "border", True)
    by_name = function(align_corners=True, padding_mode="border", mode="bilinear", grid=grid, input=image)
    assert torch.equal(by_position, by_name)


BAD_SAMPLES = {
    "batch": (RuntimeError, zeros(2, 1, 3, 3), zeros(1, 2, 2, 2)),
    "image without batch": (RuntimeError, zeros(1, 3, 3), zeros(1, 2, 2)),
    "grid of a volume": (RuntimeError, zeros(1, 1, 3, 3), zeros(1, 2, 2, 2, 3)),
    "grid of a volume's size for an image": (RuntimeError, zeros(1, 1, 3, 3), zeros(1, 2, 2, 3)),
    "volume with two components": (RuntimeError, zeros(1, 1, 3, 3, 3), zeros(1, 2, 2, 2, 2)),
    "no rows": (RuntimeError, zeros(1, 1, 0, 3), zeros(1, 2, 2, 2)),
    "no columns": (RuntimeError, zeros(1, 1, 3, 0), zeros(1, 2, 2, 2)),
    "no depth": (RuntimeError, zeros(1, 1, 0, 3, 3), zeros(1, 2, 2, 2, 3)),
    "integer grid": (RuntimeError, zeros(1, 1, 3, 3), zeros(1, 2, 2, 2, dtype=torch.int64)),
    "integer image and grid": (RuntimeError, zeros(1, 1, 3, 3, dtype=torch.int64), zeros(1, 2, 2, 2, dtype=torch.int64)),
    "complex image": (RuntimeError, zeros(1, 1, 3, 3, dtype=torch.complex64), zeros(1, 2, 2, 2)),
    "sparse image": (RuntimeError, zeros(1, 1, 3, 3).to_sparse(), zeros(1, 2, 2, 2)),
    "list": (TypeError, [[[[1.0]]]], zeros(1, 1, 2, 2)),
    "None": (TypeError, None, zeros(1, 1, 2, 2)),
    "image not there, grid is": (RuntimeError, zeros(1, 1, 3, 3, device="meta"), zeros(1, 2, 2, 2)),
    "grid not there, image is": (RuntimeError, zeros(1, 1, 3, 3), zeros(1, 2, 2, 2, device="meta")),
}


@pytest.mark.parametrize("name", BAD_SAMPLES)
@pytest.mark.parametrize("function", [displace.grid_sample, F.grid_sample])
def test_bad_arguments(function, name):
    kind, image, grid = BAD_SAMPLES[name]
    with pytest.raises(kind):
        function(image, grid, align_corners=False)


@pytest.mark.parametrize("words", [{"mode": "quintic"}, {"padding_mode": "mirror"}, {"mode": None}, {"padding_mode": 3}])
@pytest.mark.parametrize("function", [displace.grid_sample, F.grid_sample])
def test_bad_words(function, words):
    with pytest.raises(ValueError):
        function(zeros(1, 1, 3, 3), zeros(1, 2, 2, 2), align_corners=False, **words)


@pytest.mark.parametrize(
    "name", ["batch", "grid of a volume's size for an image", "volume with two components", "no rows", "no columns", "no depth"]
)
def test_messages_have_torchs_words(name):
    _, image, grid = BAD_SAMPLES[name]
    with pytest.raises(RuntimeError) as theirs:
        F.grid_sample(image, grid, align_corners=False)
    with pytest.raises(displace.ShapeError) as ours:
        displace.grid_sample(image, grid, align_corners=False)
    assert str(ours.value).startswith(str(theirs.value).replace("grid_sampler()", "grid_sample()"))
    # NumPy arrays are held to the same.
    with pytest.raises(displace.ShapeError) as numpys:
        displace.grid_sample(image.numpy(), grid.numpy(), align_corners=False)
    assert str(numpys.value) == str(ours.value)


BAD_THETAS = {
    "2-D for a volume": (ValueError, zeros(1, 2, 3), (1, 1, 2, 2, 2)),
    "3-D for an image": (ValueError, zeros(1, 3, 4), (1, 1, 2, 2)),
    "two axes": (ValueError, zeros(2, 3), (1, 1, 2, 2)),
    "size of three": (RuntimeError, zeros(1, 2, 3), (1, 1, 2)),
    "size of six": (RuntimeError, zeros(1, 2, 3), (1, 1, 2, 2, 2, 2)),
    "batch": (RuntimeError, zeros(2, 2, 3), (1, 1, 2, 2)),
    "integers": (ValueError, zeros(1, 2, 3, dtype=torch.int64), (1, 1, 2, 2)),
    "no rows": (ValueError, zeros(1, 2, 3), (1, 1, 0, 2)),
    "negative": (ValueError, zeros(1, 2, 3), (1, 1, 2, -2)),
    "no channels": (ValueError, zeros(1, 2, 3), (1, 0, 2, 2)),
    "float size": (TypeError, zeros(1, 2, 3), (1, 1, 2.0, 2)),
}


@pytest.mark.parametrize("name", BAD_THETAS)
@pytest.mark.parametrize("function", [displace.affine_grid, F.affine_grid])
def test_bad_thetas(function, name):
    kind, theta, size = BAD_THETAS[name]
    with pytest.raises(kind):
        function(theta, size, align_corners=False)


@pytest.mark.parametrize(
    "name, arguments",
    [("grid_sample", (zeros(1, 1, 3, 3), zeros(1, 2, 2, 2))), ("affine_grid", (zeros(1, 2, 3), (1, 1, 2, 2)))],
)
def test_unspecified_align_corners_warns_as_torch(name, arguments):
    seen = []
    for module in (F, displace):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = getattr(module, name)(*arguments)
            line = inspect.currentframe().f_lineno - 1
        (warning,) = caught
        seen.append((str(warning.message), warning.category))
        assert (warning.filename, warning.lineno) == (__file__, line)
        assert torch.equal(result, getattr(module, name)(*arguments, align_corners=False))
    assert seen[0] == seen[1]


def test_unspecified_align_corners_warns_for_numpy():
    with pytest.warns(UserWarning, match="align_corners=False since 1.3.0") as caught:
        displace.grid_sample(np.zeros((1, 1, 2, 2), np.float32), np.zeros((1, 1, 1, 2), np.float32))
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "image, grid",
    [
        ((0, 1, 3, 3), (0, 2, 2, 2)),
        ((1, 0, 3, 3), (1, 2, 2, 2)),
        ((1, 1, 3, 3), (1, 0, 2, 2)),
        ((1, 1, 3, 3), (1, 2, 0, 2)),
        ((0, 0, 3, 3), (0, 0, 0, 2)),
        ((2, 3, 3, 3, 3), (2, 2, 0, 2, 3)),
        ((0, 3, 3, 3, 3), (0, 2, 1, 2, 3)),
    ],
)
def test_nothing_to_do(image, grid):
    results = []
    for function in (displace.grid_sample, F.grid_sample):
        leaves = zeros(image, requires_grad=True), zeros(grid, requires_grad=True)
        out = function(*leaves, align_corners=False)
        results.append((out.shape, out.dtype, *(g.shape for g in torch.autograd.grad(out.sum(), leaves))))
    assert results[0] == results[1]
    array = displace.grid_sample(np.zeros(image, np.float32), np.zeros(grid, np.float32), align_corners=False)
    assert array.shape == results[1][0]


def test_gradients_of_nothing_are_zero():
    image, grid = torch.rand(1, 0, 3, 3, requires_grad=True), torch.rand(1, 2, 2, 2, requires_grad=True)
    displace.grid_sample(image, grid, align_corners=False).sum().backward()
    assert torch.equal(grid.grad, zeros(1, 2, 2, 2))
    image, grid = torch.rand(1, 2, 3, 3, requires_grad=True), torch.rand(1, 0, 2, 2, requires_grad=True)
    displace.grid_sample(image, grid, align_corners=False).sum().backward()
    assert torch.equal(image.grad, zeros(1, 2, 3, 3))


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("image, grid", [("half", "half"), ("half", "float"), ("float", "half"), ("float", "float")])
def test_autocast(half, image, grid):
    kinds = {"half": half, "float": torch.float32}
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(1, 2, 5, 6, generator=generator).to(kinds[image]).requires_grad_()
    grid = torch.rand(1, 3, 4, 2, generator=generator).mul(1.6).sub(0.8).to(kinds[grid]).requires_grad_()
    results = []
    for function in (displace.grid_sample, F.grid_sample):
        with torch.autocast("cpu", dtype=half):
            out = function(image, grid, align_corners=False)
        results.append((out, *torch.autograd.grad(out.sum(), (image, grid))))
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype
        # Gradients come back in the half type, where a last place of a number below 16 is at most 2^-4.
        torch.testing.assert_close(ours, theirs, atol=1e-5 if ours.dtype == torch.float32 else 2.0**-4, rtol=0)


def test_requires_grad_follows_torch():
    for image_needs, grid_needs in ((False, False), (True, False), (False, True), (True, True)):
        image, grid = torch.rand(1, 1, 3, 3, requires_grad=image_needs), torch.rand(1, 2, 2, 2, requires_grad=grid_needs)
        for no_grad in (False, True):
            with torch.set_grad_enabled(not no_grad):
                ours, theirs = (f(image, grid, align_corners=False) for f in (displace.grid_sample, F.grid_sample))
            assert ours.requires_grad == theirs.requires_grad and ours.is_leaf == theirs.is_leaf
    with torch.inference_mode():
        image, grid = torch.rand(1, 1, 3, 3), torch.rand(1, 2, 2, 2)
        torch.testing.assert_close(
            displace.grid_sample(image, grid, align_corners=False), F.grid_sample(image, grid, align_corners=False)
        )


class SpatialTransformer(torch.nn.Module):
    """Learns where to look: a matrix for each image, and a small picture that the looked-at part should resemble."""

    def __init__(self, module):
        super().__init__()
        self.module = module
        self.features = torch.nn.Conv2d(1, 3, 3, padding=1)
        self.theta = torch.nn.Linear(3, 6)

    def forward(self, images):
        features = torch.tanh(self.features(images)).mean((2, 3))
        theta = self.theta(features).view(-1, 2, 3) + torch.tensor([[1.0, 0, 0], [0, 1, 0]])
        grid = self.module.affine_grid(theta, images.shape, align_corners=False)
        return self.module.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def train(module):
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    try:
        model = SpatialTransformer(module)
        images, wanted = torch.rand(4, 1, 9, 8), torch.rand(4, 1, 9, 8)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for _ in range(20):
            optimiser.zero_grad()
            loss = (model(images) - wanted).square().mean()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses
    finally:
        torch.set_default_dtype(torch.float32)


def test_training_takes_the_same_steps():
    ours, theirs = train(displace), train(F)
    assert len(ours) == 20 and ours[-1] < ours[0]
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-10
