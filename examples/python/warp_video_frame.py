"""Warps one photograph of a pair onto the other by true disparity, and masks what the other does not show.

    python warp_video_frame.py [FOLDER]

The pair is scikit-image's `stereo_motorcycle` (Middlebury 2014): two views of one scene and, for each pixel of the left one, how many
pixels further left its content is in the right one. Two frames of a video with optical flow are the same task.
"""

import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import skimage.data

import displace

matplotlib.use("Agg")
import matplotlib.pyplot as plt

TOLERANCE = 1.0  # pixels of disparity: what lies on one slanted surface differs by less from pixel to pixel


def hidden_behind_others(disparity):
    """Left pixels whose content something nearer covers in the right view.

    The field alone cannot say so. It gives two left pixels the same right pixel, and nothing in it tells which of the two is really
    seen there. Depth does: the one with the larger disparity is nearer and hides the other. So every left pixel is carried to the
    right view, each right pixel keeps the largest disparity that arrives, and a left pixel is hidden if a larger one arrived where it
    lands. This is the usual left-right check, with the right view's disparity made from the left's.
    """
    height, width = disparity.shape
    known = np.isfinite(disparity)
    y, x = np.nonzero(known)
    landing = x - disparity[known]
    nearest = np.full((height, width), -np.inf, np.float32)
    # A surface seen at an angle is stretched in the other view: both neighbours of the landing place belong to it.
    for column in (np.floor(landing), np.ceil(landing)):
        inside = (column >= 0) & (column < width)
        np.maximum.at(nearest, (y[inside], column[inside].astype(int)), disparity[known][inside])
    column = np.round(landing).astype(int).clip(0, width - 1)
    hidden = np.zeros((height, width), bool)
    hidden[known] = nearest[y, column] > disparity[known] + TOLERANCE
    return hidden


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="displace-"))
    folder.mkdir(parents=True, exist_ok=True)
    left, right, disparity = skimage.data.stereo_motorcycle()
    disparity = np.where(np.isfinite(disparity), disparity, np.float32(np.nan))
    size = disparity.shape

    # Pull: left pixel x is read at x - disparity of the right image. Where the disparity is unknown nothing is read.
    field = displace.Field(np.stack([-disparity, np.zeros_like(disparity)], axis=-1))
    print(displace.inspect(field))
    warped = displace.warp(right, field, channels_last=True)

    unknown = np.isnan(disparity)
    grid = displace.grid_from_displacement(field)
    coverage = displace.effective_displacement(grid, size).coverage
    out_of_view = (coverage < 1) & ~unknown
    hidden = hidden_behind_others(disparity) & ~out_of_view
    visible = ~(unknown | out_of_view | hidden)

    difference = np.abs(warped.astype(np.float32) - left).mean(axis=-1)
    print()
    print("mean difference of the warped right image from the left, in steps of 255:")
    for name, mask in (("visible", visible), ("out of view", out_of_view), ("hidden", hidden), ("disparity unknown", unknown)):
        print(f"  {name:<18} {mask.mean():6.1%} of pixels   {difference[mask].mean():5.1f}")
    print(
        f"  not warped at all, visible pixels          {np.abs(right.astype(np.float32) - left).mean(axis=-1)[visible].mean():5.1f}"
    )

    masked = np.where(visible[..., None], warped, np.uint8(255))
    displace.write(folder / "warped.png", warped)
    displace.write(folder / "masked.png", masked)
    reasons = np.ones((*size, 3), np.float32)
    for mask, colour in ((unknown, (0.6, 0.6, 0.6)), (out_of_view, (0.2, 0.4, 0.8)), (hidden, (0.85, 0.35, 0.1))):
        reasons[mask] = colour

    figure, axes = plt.subplots(2, 2, figsize=(12, 8.4), layout="constrained")
    for ax, image, title in (
        (axes[0, 0], left, "left"),
        (axes[0, 1], warped, "right, warped to the left"),
        (axes[1, 0], masked, "the same, without what the right view does not show"),
        (axes[1, 1], reasons, "out of view: blue; hidden: orange; unknown: grey"),
    ):
        ax.imshow(image)
        ax.set(title=title, xlabel="x (px)", ylabel="y (px)")
    figure.savefig(folder / "frames.png", dpi=80)
    print(f"written: {folder}/warped.png, masked.png, frames.png")


if __name__ == "__main__":
    main()
