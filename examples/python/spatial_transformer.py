"""Debugs a spatial transformer whose grid and sampler disagree on align_corners.

    python spatial_transformer.py [FOLDER]

A network looks at a small picture of a known pattern, turned, scaled and shifted, and predicts the affine map that undoes it. The
grid is made with align_corners=True and sampled with align_corners=False. Training does not notice: the network learns maps that
make up for it. What it has learned is wrong, and shows where the maps are used on a larger image.
"""

import math
import sys
import tempfile
from pathlib import Path

import matplotlib
import torch
from torch import nn

import displace

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SMALL, LARGE, STEPS, TESTS = 32, 256, 200, 32


def pattern(places):
    """The scene, a smooth function of places between -1 and +1 (edges), so that it can be seen under any map without resampling."""
    blobs = (
        (-0.35, -0.4, 0.16, 1.0),
        (0.4, -0.3, 0.12, 0.8),
        (-0.1, 0.1, 0.2, 0.7),
        (0.3, 0.45, 0.14, 1.0),
        (-0.45, 0.45, 0.1, 0.6),
    )
    x, y = places[..., 0], places[..., 1]
    return sum(height * torch.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * width**2)) for u, v, width, height in blobs)


def random_theta(count, generator):
    """Turns of up to 20 degrees, scales 0.85 to 1.15, shifts of up to 0.1."""
    angle, scale, shift_x, shift_y = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
    angle, scale = math.radians(20) * angle, 1 + 0.15 * scale
    cos, sin = scale * angle.cos(), scale * angle.sin()
    top, low = torch.stack([cos, -sin, 0.1 * shift_x], -1), torch.stack([sin, cos, 0.1 * shift_y], -1)
    return torch.stack([top, low], dim=1)


def seen_under(theta, side):
    """The picture that, read at theta, gives the pattern itself."""
    whole = torch.cat([theta, theta.new_tensor([[[0, 0, 1]]]).expand(len(theta), 1, 3)], dim=1)
    inverse = torch.linalg.inv(whole)[:, :2].contiguous()
    return pattern(displace.affine_grid(inverse, (len(theta), 1, side, side), align_corners=False)).unsqueeze(1)


class Aligner(nn.Module):
    """A spatial transformer. The two flags should be one."""

    def __init__(self, grid_corners, sample_corners):
        super().__init__()
        self.grid_corners, self.sample_corners = grid_corners, sample_corners
        self.look = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * (SMALL // 8) ** 2, 64), nn.ReLU(),
        )  # fmt: skip
        self.theta = nn.Linear(64, 6)
        nn.init.zeros_(self.theta.weight)
        self.theta.bias.data = torch.tensor([1.0, 0, 0, 0, 1, 0])

    def forward(self, image):
        theta = self.theta(self.look(image)).view(-1, 2, 3)
        return theta, self.sample(image, theta)

    def sample(self, image, theta):
        grid = displace.affine_grid(theta, list(image.shape), align_corners=self.grid_corners)
        return displace.grid_sample(image, grid, "bilinear", "border", self.sample_corners)


def train(grid_corners, sample_corners):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = Aligner(grid_corners, sample_corners)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    wanted = seen_under(torch.eye(2, 3).unsqueeze(0), SMALL)
    for _ in range(STEPS):
        image = seen_under(random_theta(32, generator), SMALL)
        loss = (model(image)[1] - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def judge(model, name):
    truth = random_theta(TESTS, torch.Generator().manual_seed(2))
    image = seen_under(truth, SMALL)
    theta, aligned = model(image)
    loss = (aligned - seen_under(torch.eye(2, 3).unsqueeze(0), SMALL)).square().mean()

    # The learned map, on a large image, against the true one: how far apart do they read?
    size = (TESTS, 1, LARGE, LARGE)
    fields = [
        displace.displacement(displace.affine_grid(t, size, align_corners=False), size[2:], align_corners=False)
        for t in (theta, truth)
    ]
    error = torch.linalg.vector_norm(fields[0] - fields[1], dim=-1)
    grown = torch.linalg.det(theta[:, :, :2]) / torch.linalg.det(truth[:, :, :2])
    print(f"{name:<11} loss {loss:.5f}   learned scale / true scale {grown.sqrt().mean():.4f}   "
          f"reads {error.mean():.2f} px away on {LARGE} x {LARGE}")  # fmt: skip
    return theta


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="displace-"))
    folder.mkdir(parents=True, exist_ok=True)

    # So small a network gains nothing from more, and loses much on a busy machine.
    torch.set_num_threads(1)
    wrong, right = train(True, False), train(False, False)
    print("after training:")
    learned = [judge(model, name) for model, name in ((wrong, "mismatched"), (right, "matched"))]
    print(f"the losses do not tell them apart; the scale does: ({SMALL} - 1) / {SMALL} = {(SMALL - 1) / SMALL:.4f}")

    # The check that finds it before any training: where does the identity read?
    print()
    print("the identity, made with the model's own affine_grid and read with its own align_corners:")
    identity, fields = torch.eye(2, 3).unsqueeze(0), []
    for model, name in ((wrong, "mismatched"), (right, "matched")):
        grid = displace.affine_grid(identity, (1, 1, SMALL, SMALL), align_corners=model.grid_corners)
        field = displace.displacement(grid, (SMALL, SMALL), align_corners=model.sample_corners)
        fields.append(displace.Field(field, align_corners=model.sample_corners))
        report = displace.inspect(grid, (SMALL, SMALL), model.sample_corners, kind="grid")
        lines = dict(report.lines)
        print(f"  {name}: largest {report['largest_px']:.3f} px; range {lines['range']}; reads {lines['reads']}")

    large = seen_under(random_theta(TESTS, torch.Generator().manual_seed(2))[:1], LARGE)
    wanted = seen_under(identity, LARGE)[0, 0]
    grids = [displace.affine_grid(theta[:1], list(large.shape), align_corners=False) for theta in learned]
    aligned = [displace.grid_sample(large, grid, "bilinear", "border", align_corners=False)[0, 0] for grid in grids]
    figure, axes = plt.subplots(2, 3, figsize=(13, 8.2), layout="constrained")
    for row, (name, field, image) in enumerate(zip(("mismatched", "matched"), fields, aligned, strict=True)):
        displace.plot.quiver(field, axes[row, 0], step=2, scale=0.75, arrow_scale=4, colorbar=False)
        axes[row, 0].set_title(f"{name}: where the identity reads")
        axes[row, 1].imshow(image.numpy(), cmap="gray", vmin=0, vmax=1)
        axes[row, 1].set_title("large image, read at the learned map")
        axes[row, 2].imshow((image - wanted).numpy(), cmap="RdBu", vmin=-0.3, vmax=0.3)
        axes[row, 2].set_title("minus the pattern (red, blue: 0.3)")
    figure.savefig(folder / "spatial_transformer.png", dpi=80)
    print(f"written: {folder / 'spatial_transformer.png'}")


if __name__ == "__main__":
    main()
