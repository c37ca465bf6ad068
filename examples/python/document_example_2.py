"""Displacement of a random grid, and a proof: an image of coordinates, sampled with the same call, says where it was read.

python document_example_2.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F

import displace

# What the original got wrong: it sampled with align_corners=True and computed places with the formula of align_corners=False. The
# difference is g/2 pixels on each axis, half a pixel at the rim. It also measured from a lattice of the input's size.

ALIGN_CORNERS = True


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="displace-"))
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 3, 10, 10, generator=generator)
    grid = torch.rand(2, 5, 5, 2, generator=generator) * 2 - 1

    sampled = F.grid_sample(features, grid, align_corners=ALIGN_CORNERS)
    ours = displace.grid_sample(features, grid, align_corners=ALIGN_CORNERS)
    print(f"torch's result and ours differ by {(sampled - ours).abs().max().item():.1e} at most")

    field = displace.displacement(grid, features.shape[2:], align_corners=ALIGN_CORNERS, rest="index")
    print("sample 0, pixel x = 2, y = 2:", [f"{d:.4f}" for d in field[0, 2, 2].tolist()])
    print("sample 1, pixel x = 3, y = 3:", [f"{d:.4f}" for d in field[1, 3, 3].tolist()])

    # An image whose two channels are x and y: what torch reads from it is where torch reads.
    x, y = torch.meshgrid(torch.arange(10.0), torch.arange(10.0), indexing="xy")
    places = F.grid_sample(torch.stack((x, y)).repeat(2, 1, 1, 1), grid, align_corners=ALIGN_CORNERS).movedim(1, -1)
    index = torch.stack(torch.meshgrid(torch.arange(5), torch.arange(5), indexing="xy"), dim=-1)
    print(f"displacement against what torch read: {(field - (places - index)).abs().max().item():.1e} px at most")

    original = ((grid + 1) * 10 - 1) / 2 - index
    print(f"the original's formula against it:    {(original - (places - index)).abs().max().item():.2f} px at most")

    displace.write(folder / "field.npz", displace.Field(field, (10, 10), align_corners=ALIGN_CORNERS, rest="index"))
    print(f"written: {folder / 'field.npz'}")


if __name__ == "__main__":
    main()
