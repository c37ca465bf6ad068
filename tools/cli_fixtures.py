"""Writes the small files that the command's tests read: a grid, an image and what torch makes of both.

    python tools/cli_fixtures.py [--out crates/displace-cli/tests/fixtures]

Needs torch 2.15 and NumPy. The tests themselves need neither.
"""

import argparse
import pathlib

import numpy as np
import torch
import torch.nn.functional as F


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("crates/displace-cli/tests/fixtures"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)

    # A rotation with a wave, reading a 12 x 20 image onto 9 x 16 pixels.
    theta = torch.tensor([[[0.9, 0.3, 0.05], [-0.2, 0.8, -0.1]]])
    grid = F.affine_grid(theta, (1, 1, 9, 16), align_corners=False)
    grid = grid + 0.05 * torch.sin(4 * grid.flip(-1))
    image = torch.rand(1, 3, 12, 20)
    np.save(out / "grid.npy", grid.numpy())
    np.save(out / "grid_f16_fortran.npy", np.asfortranarray(grid.numpy().astype(np.float16)))
    np.save(out / "grid_big_endian.npy", grid.numpy().astype(">f4"))
    np.save(out / "image.npy", image.numpy())
    for mode in ("nearest", "bilinear", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            warped = F.grid_sample(image.double(), grid.double(), mode, padding, align_corners=False)
            np.save(out / f"warped_{mode}_{padding}.npy", warped.float().numpy())


if __name__ == "__main__":
    main()
