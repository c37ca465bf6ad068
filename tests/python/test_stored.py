"""What files say, held in Python: edited, masked, placed, and taken as images."""

import copy
import pickle

import numpy as np
import pytest
import SimpleITK as sitk

import displace
from displace import DisplaceError, Field, Placement, ShapeError, StoredField, Volume

FLOW = np.random.default_rng(5).normal(0, 2, (4, 6, 2)).astype(np.float32)
PLACE = Placement((0.5, 2), (-10, 5))
OTHER = Placement((2.0, 0.25), (3, 1), [[0, -1], [1, 0]])


# Edits


def test_what_is_edited_is_written_converted_and_guessed(tmp_path):
    displace.write(tmp_path / "a.flo", StoredField(FLOW, "flow"))
    stored = displace.read(tmp_path / "a.flo")
    stored.array *= 2
    displace.write(tmp_path / "b.flo", stored)
    assert (displace.read(tmp_path / "b.flo").array == 2 * FLOW).all()
    assert (displace.convert(stored, dst="flow") == 2 * FLOW).all()
    stored.array = np.zeros((3, 5, 2), np.float32)
    assert displace.convert(stored, dst="flow").shape == (3, 5, 2)
    assert displace.convert(np.zeros((3, 5, 2)), "flow", "torch_grid", source=stored).shape == (3, 5, 2)


def test_an_edited_image_is_written(tmp_path):
    volume = Volume(np.zeros((4, 6), np.float32), PLACE)
    volume.array[...] = 5
    volume.placement = OTHER
    displace.write(tmp_path / "a.mha", volume)
    back = displace.read(tmp_path / "a.mha")
    assert (back.array == 5).all() and back.placement == OTHER


def test_edited_masks_places_and_meanings_count(tmp_path):
    stored = StoredField(FLOW, "flow", PLACE, np.arange(24).reshape(4, 6) != 7)
    assert np.isnan(stored.array[1, 1]).all() and np.isnan(stored.array).sum() == 2
    stored.valid[2, 3] = False
    assert np.isnan(displace.convert(stored, dst="flow")[[1, 2], [1, 3]]).all()
    stored.array[...], stored.valid = FLOW, None
    stored.placement = OTHER
    expected = displace.convert(StoredField(FLOW, "flow", OTHER), dst="itk", source="same")
    assert (displace.convert(stored, dst="itk", source="same") == expected).all()
    stored.readings = ("itk",)
    displace.write(tmp_path / "a.mha", stored)
    assert (sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "a.mha")) == FLOW).all()


def test_an_untouched_file_is_written_as_it_was(tmp_path):
    known = np.arange(24).reshape(4, 6) % 5 != 0
    for name in ("a.flo", "a.mha", "a.nii", "a.nrrd", "a.h5"):
        field = StoredField(FLOW, "flow", None, known) if name == "a.flo" else StoredField(FLOW.astype(float), "itk", OTHER)
        displace.write(tmp_path / name, field)
        stored = displace.read(tmp_path / name)
        if len(stored.readings) > 1:
            stored.readings = stored.readings[:1]
        displace.write(tmp_path / f"b{name}", stored)
        assert (tmp_path / f"b{name}").read_bytes() == (tmp_path / name).read_bytes(), name


# Masks


def test_a_mask_has_the_shape_of_the_pixels():
    with pytest.raises(ShapeError, match=r"valid has shape \(6, 4\): expected \(4, 6\)"):
        StoredField(FLOW, "flow", valid=np.arange(24).reshape(6, 4) != 1)
    with pytest.raises(ShapeError, match=r"\(4, 6\)"):
        StoredField(np.moveaxis(FLOW, -1, 0), "scipy", valid=np.ones(24, bool))
    assert StoredField(FLOW[None], "flow", valid=np.ones((1, 4, 6), bool)).valid.shape == (1, 4, 6)
    stored = StoredField(FLOW, "flow", valid=np.ones((4, 6), bool))
    stored.valid = np.ones((6, 4), bool)
    with pytest.raises(ShapeError, match=r"\(6, 4\)"):
        displace.convert(stored, dst="flow")


# Placed fields


@pytest.mark.parametrize("place", [None, OTHER])
def test_a_field_keeps_its_place(tmp_path, place):
    field = Field(FLOW[None], (8, 9), rest="index", placement=place)
    assert ("placement=" in repr(field)) == (place is not None)
    assert copy.copy(field).placement == pickle.loads(pickle.dumps(field)).placement == place
    path = tmp_path / "a.npz"
    displace.write(path, field)
    assert displace.read(path).placement == place
    with np.load(path) as members:
        assert ("placement" in members) == (place is not None)


def test_a_placed_field_converts_as_its_file_does(tmp_path):
    path = tmp_path / "a.npz"
    displace.write(path, Field(FLOW, placement=PLACE))
    by_file = displace.convert(path, dst="itk", source="same")
    assert (displace.convert(displace.read(path), dst="itk", source="same")[0] == FLOW * np.float32([0.5, 2])).all()
    assert (displace.convert(displace.read(path), dst="itk", source="same") == by_file).all()
    # As an image, too, a field is where it says.
    assert (displace.convert(StoredField(FLOW, "flow", PLACE), dst="itk", source=displace.read(path)) == by_file[0]).all()


def test_a_place_of_other_axes_is_refused():
    with pytest.raises(ShapeError, match="3 axes"):
        Field(FLOW, placement=Placement((1, 1, 1), (0, 0, 0)))
    with pytest.raises(TypeError, match="tuple"):
        Field(FLOW, placement=((1, 1), (0, 0)))


# Arrays as images


def grid(source, **known):
    return displace.convert(FLOW, "flow", "torch_grid", source=source, rest="index", **known)


@pytest.mark.parametrize("kind", ["array", "path", "tensor"])
def test_arrays_are_images_where_their_axes_say_so(tmp_path, kind):
    def given(shape):
        image = np.zeros(shape, np.float32)
        if kind == "path":
            np.save(tmp_path / "a.npy", image)
            return tmp_path / "a.npy"
        return image if kind == "array" else pytest.importorskip("torch").from_numpy(image)

    expected = displace.convert(FLOW, "flow", "torch_grid", input_size=(8, 9), rest="index")
    assert (grid(given((8, 9))) == expected).all()
    assert (grid(given((8, 9, 3))) == expected).all()
    for shape in ((3, 4, 6), (3, 8, 4), (1, 3, 8, 9), (8, 9, 5), (5,)):
        with pytest.raises(DisplaceError, match=r"input_size=\(H, W\)"):
            grid(given(shape))
    still = np.zeros((3, 4, 5, 3))
    volume = displace.convert(still, "flow", "torch_grid", input_size=(7, 8, 9), rest="index")
    assert (displace.convert(still, "flow", "torch_grid", source=given((7, 8, 9)), rest="index") == volume).all()
    assert (displace.convert(still, "flow", "torch_grid", source=given((7, 8, 9, 2)), rest="index") == volume).all()
    with pytest.raises(DisplaceError, match=r"input_size=\(D, H, W\)"):
        displace.convert(still, "flow", "torch_grid", source=given((8, 9)), rest="index")


def test_pictures_are_images_by_their_file(tmp_path):
    displace.write(tmp_path / "a.png", np.zeros((8, 4, 3), np.uint8))
    expected = displace.convert(FLOW, "flow", "torch_grid", input_size=(8, 4), rest="index")
    assert (grid(tmp_path / "a.png") == expected).all()


# Guesses


def ranked(report):
    return [(found["convention"], found["confidence"]) for found in report["candidates"]]


def test_guesses_know_what_fields_and_archives_say(tmp_path):
    field = Field(np.full((4, 4, 2), 30, np.float32), (64, 64), rest="index")
    displace.write(tmp_path / "a.npz", field)
    by_hand = ranked(displace.guess(field.displacement, (64, 64), declared="flow"))
    for given in (field, tmp_path / "a.npz", displace.read(tmp_path / "a.npz")):
        report = displace.guess(given)
        assert ranked(report) == by_hand, given
        assert "(assumed)" not in repr(report)
    np.savez(tmp_path / "one.npz", anything=FLOW)
    assert displace.guess(tmp_path / "one.npz")["candidates"] == displace.guess(FLOW)["candidates"]
    np.savez(tmp_path / "two.npz", a=FLOW, b=FLOW)
    with pytest.raises(DisplaceError, match="archive of a, b"):
        displace.guess(tmp_path / "two.npz")


def test_nothing_is_guessed_of_transforms_and_images(tmp_path):
    sitk.WriteTransform(sitk.AffineTransform(2), tmp_path / "a.tfm")
    with pytest.raises(DisplaceError, match="a transform says what it is: nothing to guess"):
        displace.guess(tmp_path / "a.tfm")
    with pytest.raises(DisplaceError, match="an image: numbers that say where pixels go are expected"):
        displace.guess(Volume(np.zeros((4, 6), np.float32), PLACE))


# Images that may be fields


@pytest.mark.parametrize("end", ["mha", "nii", "nrrd"])
def test_images_of_as_many_channels_as_axes_are_warped(tmp_path, end):
    colour = np.random.default_rng(6).normal(size=(3, 4, 5, 3)).astype(np.float32)
    image = sitk.GetImageFromArray(colour, isVector=True)
    sitk.WriteImage(image, tmp_path / f"a.{end}")
    read = displace.read(tmp_path / f"a.{end}")
    assert isinstance(read, StoredField)
    field = np.random.default_rng(7).normal(size=(3, 4, 5, 3)).astype(np.float32)
    expected = displace.warp(colour, field, channels_last=True)
    assert (displace.warp(read, field) == expected).all()
    assert (displace.warp(Volume(colour, Placement((1, 1, 1), (0, 0, 0))), field) == expected).all()
    scalar = Volume(colour[..., 0], Placement((1, 1, 1), (0, 0, 0)))
    assert (displace.warp(scalar, field) == displace.warp(colour[..., 0], field)).all()


def test_flows_are_no_images():
    with pytest.raises(DisplaceError, match="no image"):
        displace.warp(StoredField(FLOW, "flow"), FLOW)


# What cannot be written


def test_what_an_archive_lacks_is_named(tmp_path):
    with pytest.raises(DisplaceError, match=r"input_size, align_corners and rest.*displace\.Field"):
        displace.write(tmp_path / "a.npz", StoredField(FLOW, "flow"))
    with pytest.raises(DisplaceError, match=r"not written as \.tfm: use \.h5"):
        displace.write(tmp_path / "a.tfm", StoredField(FLOW, "itk", PLACE))


def test_scaled_whole_numbers_are_fields(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    numbers = np.random.default_rng(8).normal(0, 2, (5, 4, 3, 1, 3))
    image = nibabel.Nifti1Image(numbers, np.diag([-1.0, -1, 1, 1]))
    image.set_data_dtype(np.int16)
    image.header.set_intent("vector")
    nibabel.save(image, tmp_path / "a.nii.gz")
    theirs = nibabel.load(tmp_path / "a.nii.gz").get_fdata()[:, :, :, 0]
    assert nibabel.load(tmp_path / "a.nii.gz").header.get_slope_inter()[0] != 1
    ours = displace.convert(tmp_path / "a.nii.gz", "itk", "itk", dtype="float64")
    np.testing.assert_allclose(ours, theirs.transpose(2, 1, 0, 3), rtol=0, atol=1e-12)
