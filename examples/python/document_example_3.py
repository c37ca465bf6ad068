"""A waving grid, its displacement and a true drawing of it.

python document_example_3.py [FOLDER]
"""

import math
import sys
import tempfile
from pathlib import Path

import matplotlib
import torch
import torch.nn.functional as F

import displace

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# What the original got wrong: the formula of the other extent, up to 0.35 px here; the y part of its grid varied along columns only,
# since both terms were rows; and its arrows were upside down and of no known length, because quiver does not turn with the axis
# unless angles="xy", scale_units="xy" and scale=1 are given.

ALIGN_CORNERS = True


def waving_grid(height, width):
    """Half of the image, pushed sideways along each column and up and down along each row."""
    ys, xs = torch.linspace(-1, 1, height).view(-1, 1), torch.linspace(-1, 1, width).view(1, -1)
    rows, columns = (2 * math.pi * torch.arange(n) / n for n in (height, width))
    grid = torch.zeros(1, height, width, 2)
    grid[..., 0] = 0.5 * xs + 0.2 * torch.sin(rows).view(-1, 1)
    grid[..., 1] = 0.5 * ys + 0.2 * torch.cos(columns).view(1, -1)
    return grid


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="displace-"))
    folder.mkdir(parents=True, exist_ok=True)
    height, width = 20, 20
    features = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    grid = waving_grid(height, width)
    output = F.grid_sample(features, grid, align_corners=ALIGN_CORNERS)

    field = displace.Field(displace.displacement(grid, (height, width), align_corners=ALIGN_CORNERS), align_corners=ALIGN_CORNERS)
    print(displace.inspect(field))
    print(
        f"the field's warp and torch's result differ by {(displace.warp(features, field) - output).abs().max().item():.1e} at most"
    )

    index = torch.stack(torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy"), dim=-1)
    original = ((grid + 1) * torch.tensor([width, height]) - 1) / 2 - index
    print(f"the original's formula is wrong by {(original - field.displacement).abs().max().item():.2f} px at most")

    figure, axes = plt.subplots(1, 2, figsize=(11, 5.2), layout="constrained")
    displace.plot.quiver(field, axes[0], step=1)
    displace.plot.lattice(field, axes[1], step=1)
    figure.savefig(folder / "field.png", dpi=100)
    print(f"written: {folder / 'field.png'}")


if __name__ == "__main__":
    main()
