"""What files and fields say of themselves: not contradicted in silence, and not lost where a format cannot hold it."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import displace
from displace import DisplaceError, Field, Placement, StoredField, Volume

RNG = np.random.default_rng(9)
PLANE = Placement((1, 1), (0, 0))
SPACE = Placement((1, 1.5, 2), (3, -4, 5))


# How many axes there are


def test_two_slices_are_no_samples():
    ddf = RNG.normal(size=(3, 2, 5, 6)).astype(np.float32)
    with pytest.raises(DisplaceError, match="3 samples of a plane or a volume of 2 slices"):
        displace.convert(ddf, "voxelmorph", "flow")
    assert displace.convert(ddf, "voxelmorph", "flow", input_size=(2, 5, 6)).shape == (2, 5, 6, 3)
    assert displace.convert(ddf, "voxelmorph", "flow", input_size=(5, 6)).shape == (3, 5, 6, 2)


def test_two_slices_of_a_file_are_two(tmp_path):
    by = RNG.normal(size=(2, 5, 6, 3))
    image = sitk.GetImageFromArray(by, isVector=True)
    image.SetSpacing((0.5, 2.0, 3.0))
    sitk.WriteImage(image, tmp_path / "two.nii")
    flow = displace.convert(tmp_path / "two.nii", "itk", "flow", source="same")
    np.testing.assert_allclose(flow, by / (0.5, 2, 3), rtol=1e-6)


# What a field of ours knows


@pytest.fixture(params=["file", "field"])
def own(request, tmp_path):
    field = Field(np.zeros((2, 2, 2), np.float32), (4, 4), rest="index")
    if request.param == "field":
        return field
    displace.write(tmp_path / "own.npz", field)
    return tmp_path / "own.npz"


@pytest.mark.parametrize(
    "named",
    [{"rest": "extent"}, {"input_size": (8, 8)}, {"source": "same"}, {"align_corners": True}],
    ids=lambda n: next(iter(n)),
)
def test_a_field_is_not_contradicted(own, named):
    with pytest.raises(DisplaceError, match="contradicts"):
        displace.convert(own, dst="torch_grid", **named)
    # What it says of itself may be said again.
    again = {"rest": "index", "input_size": (4, 4), "align_corners": False}
    grid = displace.convert(own, dst="torch_grid", **again)
    assert (grid == displace.convert(own, dst="torch_grid")).all() and grid.ravel()[0] == -0.75


def test_inverses_name_the_pixels_they_are_on():
    with pytest.raises(DisplaceError, match="size of the image that is read"):
        displace.convert(np.zeros((4, 5, 2), np.float32), "flow,direction=push", "flow", invert=True)


# Where pixels lie


def test_a_reference_elsewhere_is_where_the_field_is_worked_out(tmp_path):
    by = RNG.normal(size=(4, 6, 2))
    image = sitk.GetImageFromArray(by, isVector=True)
    image.SetOrigin((1.0, -2.0))
    there = sitk.GetImageFromArray(np.zeros((5, 7), np.float32))
    there.SetOrigin((2.25, -1.5))
    there.SetSpacing((0.75, 0.5))
    sitk.WriteImage(there, tmp_path / "there.mha")
    sitk.WriteImage(image, tmp_path / "field.mha")
    transform = sitk.DisplacementFieldTransform(image)
    sitk.WriteTransform(transform, tmp_path / "field.h5")
    moved = [
        np.subtract(transform.TransformPoint(at), at)
        for at in (there.TransformIndexToPhysicalPoint((x, y)) for y in range(5) for x in range(7))
    ]
    for name in ("field.mha", "field.h5"):
        found = displace.convert(tmp_path / name, dst="itk", reference=tmp_path / "there.mha")
        np.testing.assert_allclose(found.reshape(-1, 2), moved, atol=1e-12)
    # Its own pixels change nothing.
    assert (displace.convert(tmp_path / "field.h5", dst="itk", reference=tmp_path / "field.mha") == by).all()
    flow = StoredField(by, "ants,quantity=location", Placement((1, 1), (1, -2)))
    with pytest.raises(DisplaceError, match="lie elsewhere"):
        displace.convert(flow, dst="itk", reference=tmp_path / "there.mha")


def test_fields_in_mm_are_not_placed_unasked(tmp_path):
    for end in ("mha", "nrrd", "nii", "h5", "zarr"):
        with pytest.raises(DisplaceError, match=r"no places|nothing says where the pixels"):
            displace.write(tmp_path / f"a.{end}", StoredField(np.zeros((4, 6, 2)), "itk"))


def test_a_space_without_a_name_is_said(tmp_path):
    header = b"NRRD0004\ntype: float\ndimension: 3\nsizes: 2 4 3\nkinds: vector domain domain\nspace dimension: 2\n"
    header += b"space directions: none (1,0) (0,1)\nspace origin: (0,0)\nendian: little\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(header + bytes(96))
    assert displace.read(tmp_path / "a.nrrd").remarks == ("it names no space: its axes are taken as LPS",)


# What formats hold


@pytest.mark.parametrize("end", ["mha", "nii", "nrrd", "h5", "zarr"])
def test_one_sample_needs_no_axis(end, tmp_path):
    by = RNG.normal(size=(1, 4, 5, 6, 3))
    displace.write(tmp_path / f"a.{end}", StoredField(by, "itk", SPACE))
    back = displace.convert(tmp_path / f"a.{end}", "itk" if end == "nii" else None, "itk", source="same")
    np.testing.assert_array_equal(back, by[0])


def test_numbers_that_do_not_come_back_are_counted():
    turned = Placement((1, 1), (0, 0), [[0.8, -0.6], [0.6, 0.8]])
    by = np.float32([[[np.nan, 5], [np.inf, 2], [1, 1]]])
    report = displace.convert(StoredField(by, "flow", turned), dst="itk", source="same", report=True)[1]
    assert report["numbers_lost"] == 2 and "do not come back" in str(report)


def test_pixels_without_numbers_have_an_alpha(tmp_path):
    by = np.zeros((4, 5, 2), np.float32)
    displace.write(tmp_path / "whole.exr", StoredField(by, "flow"))
    by[0, 0] = np.nan
    displace.write(tmp_path / "holes.exr", StoredField(by, "flow"))
    assert displace.read(tmp_path / "whole.exr").shape == (4, 5, 3)
    colours = displace.read(tmp_path / "holes.exr")
    assert colours.shape == (4, 5, 4) and np.isfinite(colours).all()
    assert colours[0, 0, 3] == 0 and (colours[..., 3].sum()) == 19


def test_the_numbers_of_others_are_not_replaced(tmp_path):
    image = Volume(np.zeros((2, 3), np.float32), PLANE)
    (tmp_path / "a.raw").write_bytes(b"mine")
    with pytest.raises(DisplaceError, match=r"a\.raw.*not this header"):
        displace.write(tmp_path / "a.mhd", image)
    assert (tmp_path / "a.raw").read_bytes() == b"mine" and not (tmp_path / "a.mhd").exists()
    displace.write(tmp_path / "b.mhd", image)
    displace.write(tmp_path / "b.mhd", image)
    assert (displace.read(tmp_path / "b.mhd").array == 0).all()


def test_long_names_are_not_copied_for_everything_below_them(tmp_path):
    torch.save({"k" * 5000: [torch.zeros(1)] * 3}, tmp_path / "a.pt")
    with pytest.raises(DisplaceError, match="more than 4096 bytes of keys"):
        displace.read(tmp_path / "a.pt")
