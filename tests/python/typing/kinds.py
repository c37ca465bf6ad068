"""What a type checker says of results: the caller's kind of array, and float32 for half types. Read by mypy, never run."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.quiver import Quiver

import displace

half: npt.NDArray[np.float16] = np.zeros((1, 4, 4, 2), np.float16)
single: npt.NDArray[np.float32] = np.zeros((1, 4, 4, 2), np.float32)
double: npt.NDArray[np.float64] = np.zeros((1, 4, 4, 2), np.float64)
grey: npt.NDArray[np.uint8] = np.zeros((4, 4), np.uint8)
tensor = torch.zeros(1, 4, 4, 2)
image = torch.zeros(1, 3, 4, 4)

assert_type(displace.displacement(half, (4, 4)), npt.NDArray[np.float32])
assert_type(displace.displacement(single, (4, 4)), npt.NDArray[np.float32])
assert_type(displace.displacement(double, (4, 4)), npt.NDArray[np.float64])
assert_type(displace.displacement(tensor, (4, 4), align_corners=True, rest="index"), torch.Tensor)
assert_type(displace.displacement([[[[0.0, 0.0]]]], (1, 1)), npt.NDArray[Any])
assert_type(displace.effective_displacement(tensor, (4, 4), mode="nearest").coverage, torch.Tensor)
assert_type(displace.grid_from_displacement(tensor, tensor.shape[1:3]), torch.Tensor)
assert_type(displace.grid_from_displacement(displace.Field(tensor)), torch.Tensor)
assert_type(displace.affine_grid(torch.zeros(1, 2, 3), (1, 3, 4, 4), False), torch.Tensor)
assert_type(displace.grid_sample(image, tensor, "nearest", "border", True), torch.Tensor)
assert_type(displace.warp(grey, single), npt.NDArray[np.uint8])
assert_type(displace.warp(image, displace.Field(tensor), fill=1.0), torch.Tensor)
assert_type(displace.inspect(displace.Field(tensor))["mean_px"], Any)
assert_type(displace.plot.quiver(single), Quiver)

displace.grid_sample(image, tensor, mode="bilinar")  # type: ignore[call-overload]
displace.warp(image, tensor, rest="edges")  # type: ignore[call-overload]
