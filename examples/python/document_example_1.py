"""Displacement of a 3 x 3 grid that reads a 5 x 5 image, and of an output larger than its input.

python document_example_1.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import torch

import displace

# What the original got wrong: linspace(-1, 1, n) puts the ends on the centres of the end pixels (align_corners=True), but its formula
# was that for edges, so the corners came out half a pixel outside the image. It measured from pixel indices of the input, cropped to
# the output: that fails where the output is larger, and where the sizes differ it is one of two answers, which it did not name.

ALIGN_CORNERS = True


def lattice(height, width):
    """A grid whose ends lie on the centres of the end pixels."""
    x, y = torch.meshgrid(torch.linspace(-1, 1, width), torch.linspace(-1, 1, height), indexing="xy")
    return torch.stack((x, y), dim=-1).unsqueeze(0)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="displace-"))
    folder.mkdir(parents=True, exist_ok=True)
    input_size = 5, 5

    grid = lattice(3, 3)
    index = displace.displacement(grid, input_size, align_corners=ALIGN_CORNERS, rest="index")
    extent = displace.displacement(grid, input_size, align_corners=ALIGN_CORNERS, rest="extent")
    print("5 x 5 read by 3 x 3, pixel (1, 1):")
    print("  from the input pixel of the same index:", index[0, 1, 1].tolist())
    print("  from the same place in the frame:      ", extent[0, 1, 1].tolist())
    print("  the corners read pixels", (index[0, 0, 0] + 0).tolist(), "and", (index[0, 2, 2] + 2).tolist())

    larger = displace.displacement(lattice(8, 8), input_size, align_corners=ALIGN_CORNERS, rest="extent")
    print(
        "5 x 5 read by 8 x 8: largest displacement in the frame", f"{larger.abs().max().item():.1e} px, the rounding of the grid"
    )

    field = displace.Field(index, input_size, align_corners=ALIGN_CORNERS, rest="index")
    displace.write(folder / "field.npz", field)
    print(f"written: {folder / 'field.npz'}")


if __name__ == "__main__":
    main()
