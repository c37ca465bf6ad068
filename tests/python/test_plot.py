"""Pictures: what the artists hold is what the field says, and nothing else changes."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.colors import to_rgba  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import displace  # noqa: E402
from displace import plot  # noqa: E402

STYLES = [plot.quiver, plot.lattice, plot.wheel, plot.magnitude]


def axes(*args, **kwargs):
    return Figure(layout="constrained").subplots(*args, **kwargs)


def draw(ax):
    FigureCanvasAgg(ax.figure).draw()
    return ax


def random_field(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def artists(drawn):
    return list(drawn) if isinstance(drawn, tuple) else [drawn]


def values(drawn):
    """Everything a picture holds, to compare two of them."""
    if isinstance(drawn, plot.Lattice):
        return [np.concatenate(drawn.lines.get_segments()), *[path.vertices for path in drawn.folds.get_paths()]]
    if hasattr(drawn, "U"):
        return [drawn.XY, drawn.U, drawn.V, drawn.get_array()]
    return [np.ma.filled(drawn.get_array(), -1)]


def assert_same(one, other):
    one, other = values(one), values(other)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def tails_and_heads(arrows):
    """Ends of the drawn arrows in data coordinates, from the polygons on the canvas."""
    ax = draw(arrows.axes)
    tails = arrows.get_offsets()
    middle = ax.transData.transform(tails)
    heads = []
    for path, at in zip(arrows.get_paths(), middle, strict=True):
        outline = arrows.get_transform().transform(path.vertices) + at
        # An arrow is symmetrical: its head is the corner farthest from its tail.
        heads.append(outline[np.argmax(np.hypot(*(outline - at).T))])
    return tails, ax.transData.inverted().transform(heads)


# --- quiver


def test_arrows_end_where_their_pixels_are_read_from():
    field = random_field(5, 7, 2)
    tails, heads = tails_and_heads(plot.quiver(field, axes(), step=1))
    y, x = np.mgrid[:5, :7]
    np.testing.assert_allclose(tails, np.stack([x, y], axis=-1).reshape(-1, 2))
    np.testing.assert_allclose(heads, tails + field.reshape(-1, 2), atol=1e-9)


def test_y_points_down():
    field = np.zeros((4, 4, 2))
    field[1, 1] = 0, 2
    ax = axes()
    tails, heads = tails_and_heads(plot.quiver(field, ax, step=1))
    up, down = ax.transData.transform([tails[5], heads[5]])[:, 1]
    assert down < up


@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_arrow_scale_multiplies_lengths_and_is_said(factor):
    field = random_field(4, 5, 2)
    ax = axes()
    tails, heads = tails_and_heads(plot.quiver(field, ax, arrow_scale=factor))
    np.testing.assert_allclose(heads - tails, factor * field.reshape(-1, 2), atol=1e-9)
    assert f"arrows {factor:g} × true length" in ax.get_xlabel()


def test_true_lengths_are_not_said():
    ax = axes()
    plot.quiver(random_field(4, 5, 2), ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (px)", "y (px)")


def test_default_step_is_the_commands_and_is_said():
    ax = axes()
    arrows = plot.quiver(np.zeros((30, 90, 2)), ax)
    # 90 / 28, rounded up; centred in the field.
    assert sorted(set(arrows.XY[:, 0])) == list(range(0, 90, 4))
    assert sorted(set(arrows.XY[:, 1])) == list(range(0, 30, 4))
    assert "every 4th pixel" in ax.get_title()
    centred = plot.quiver(np.zeros((9, 9, 2)), axes(), step=5)
    assert sorted(set(centred.XY[:, 0])) == [1, 6]


def test_colours_are_lengths_up_to_the_largest_of_all_pixels():
    field = np.zeros((3, 3, 2))
    field[0, 0] = 3, 4
    arrows = plot.quiver(field, axes(), step=2)
    assert arrows.get_array().max() == 5
    assert arrows.get_clim() == (0, 5)
    # The largest lies between the drawn pixels.
    assert plot.quiver(np.roll(field, 1, (0, 1)), axes(), step=2).get_clim() == (0, 5)
    assert plot.quiver(field, axes(), scale=2).get_clim() == (0, 2)
    assert plot.quiver(0 * field, axes()).get_clim() == (0, 1)


def test_a_norm_of_the_callers_is_kept():
    ax = axes()
    arrows = plot.quiver(np.ones((3, 3, 2)), ax, norm=matplotlib.colors.Normalize(vmin=0.5), cmap="magma")
    assert arrows.get_clim() == (0.5, 2**0.5)
    draw(ax)


def test_one_colour_needs_no_scale():
    ax = axes()
    arrows = plot.quiver(random_field(3, 3, 2), ax, color="black")
    assert arrows.get_array() is None
    assert ax.figure.axes == [ax]


def test_arrows_that_are_not_finite_are_left_out_and_counted():
    field = np.ones((3, 4, 2))
    field[0, 1, 0], field[2, 3, 1], field[1, 1] = np.nan, np.inf, -np.inf
    ax = axes()
    arrows = plot.quiver(field, ax)
    assert len(arrows.U) == 9
    assert "3 of 12 not finite (left out)" in ax.get_title()
    assert len(draw(ax).collections) == 1


@pytest.mark.parametrize("style", STYLES)
def test_nothing_finite_is_still_a_picture(style):
    ax = axes()
    style(np.full((3, 4, 2), np.nan), ax)
    draw(ax)


def test_arrows_start_at_the_rest_places_of_a_resize():
    # 2 pixels read 4: between edges the rest places are 0.5 and 2.5.
    ax = axes()
    arrows = plot.quiver(np.zeros((1, 2, 2)), ax, input_size=(1, 4), rest="extent")
    assert arrows.XY[:, 0].tolist() == [0.5, 2.5]
    assert ax.get_xlabel() == "input x (px)"
    arrows = plot.quiver(np.zeros((1, 2, 2)), axes(), input_size=(1, 4), rest="extent", align_corners=True)
    assert arrows.XY[:, 0].tolist() == [0, 3]
    arrows = plot.quiver(np.zeros((1, 1, 2)), axes(), input_size=(1, 4), rest="extent", align_corners=True)
    assert arrows.XY[:, 0].tolist() == [1.5]
    arrows = plot.quiver(np.zeros((1, 2, 2)), axes(), input_size=(1, 4), rest="index")
    assert arrows.XY[:, 0].tolist() == [0, 1]


# --- lattice


def test_lines_pass_through_rest_plus_displacement():
    field = random_field(5, 6, 2)
    lines = plot.lattice(field, axes(), step=2).lines
    y, x = np.mgrid[:5, :6]
    places = np.stack([x, y], axis=-1) + field
    expected = [places[i] for i in (0, 2, 4)] + [places[:, i] for i in (0, 2, 4, 5)]
    segments = lines.get_segments()
    assert len(segments) == len(expected)
    for segment, line in zip(segments, expected, strict=True):
        np.testing.assert_allclose(segment, line)


def test_lattice_of_a_resize_lies_in_the_input():
    lines = plot.lattice(np.zeros((2, 2, 2)), axes(), input_size=(4, 8), rest="extent").lines
    assert [line.tolist() for line in lines.get_segments()[:2]] == [[[1.5, 0.5], [5.5, 0.5]], [[1.5, 2.5], [5.5, 2.5]]]


def test_lines_break_where_a_location_is_not_finite():
    field = np.zeros((1, 6, 2))
    field[0, 2] = np.nan
    lines = plot.lattice(field, axes()).lines
    rows = [segment.tolist() for segment in lines.get_segments()[:2]]
    assert rows == [[[0, 0], [1, 0]], [[3, 0], [4, 0], [5, 0]]]


def test_folds_are_the_cells_with_a_corner_that_turned_over():
    # The pixel at (2, 2) is read from beyond the cell above it on the left.
    field = np.zeros((4, 5, 2))
    field[2, 2] = -1.5, -1.5
    ax = axes()
    folds = plot.lattice(field, ax).folds
    y, x = np.mgrid[:4, :5]
    places = np.stack([x, y], axis=-1) + field

    def cross(a, b):
        return a[0] * b[1] - a[1] * b[0]

    expected = []
    for i in range(3):
        for j in range(4):
            p, q, r, s = places[i, j], places[i, j + 1], places[i + 1, j + 1], places[i + 1, j]
            if min(cross(q - p, s - p), cross(q - p, r - q), cross(r - s, s - p), cross(r - s, r - q)) <= 0:
                expected.append([p, q, r, s])
    assert 1 <= len(expected) < 12
    np.testing.assert_allclose([path.vertices[:4] for path in folds.get_paths()], expected)
    assert f"{len(expected)} of 12 cells folded" in ax.get_title()
    assert to_rgba(folds.get_facecolor()[0], alpha=1) == to_rgba("red")


def test_a_smooth_field_has_no_folds():
    y, x = np.mgrid[:20, :30] / 10
    drawn = plot.lattice(np.stack([np.sin(y), np.cos(x)], axis=-1), ax := axes())
    assert len(drawn.folds.get_paths()) == 0
    assert "0 of 551 cells folded" in ax.get_title()


def test_a_mirror_has_no_folds():
    field = np.zeros((3, 5, 2))
    field[..., 0] = 4 - 2 * np.arange(5)
    drawn = plot.lattice(field, ax := axes())
    assert len(drawn.folds.get_paths()) == 0
    assert "all 8 cells turned over, as by a mirror: no folds" in ax.get_title()
    # A cell that cannot be judged changes nothing; one that collapsed does.
    field[0, 0] = np.nan
    assert len(plot.lattice(field, axes()).folds.get_paths()) == 0
    field[2, 4, 0] = field[2, 3, 0] - 1
    assert len(plot.lattice(field, axes()).folds.get_paths()) == 7


def test_a_point_is_a_fold():
    field = -np.stack(np.mgrid[:2, :2][::-1], axis=-1).astype(float)
    assert len(plot.lattice(field, axes()).folds.get_paths()) == 1


def test_bands_of_rows_do_not_change_folds(monkeypatch):
    field = random_field(9, 11, 2)
    whole = plot.lattice(field, axes())
    assert 10 < len(whole.folds.get_paths()) < 70
    for pixels in (1, 23, 44, 1000):
        monkeypatch.setattr(plot, "_BAND", pixels)
        assert_same(plot.lattice(field, axes()), whole)


def test_very_many_folds_are_drawn_in_blocks_that_hold_them_all(monkeypatch):
    field = np.zeros((65, 40, 2))
    field[20:40, 10:30] = 3 * random_field(20, 20, 2)
    field[25, 25] = np.nan
    cells = plot.lattice(field, axes()).folds
    monkeypatch.setattr(plot, "_MOST_POLYGONS", 10)
    monkeypatch.setattr(plot, "_BLOCKS", 16)
    ax = axes()
    blocks = plot.lattice(field, ax).folds
    assert 10 < len(blocks.get_paths()) < len(cells.get_paths()) / 8
    assert all(np.isfinite(path.vertices).all() for path in blocks.get_paths())
    assert f"{len(cells.get_paths())} of 2,496 cells folded" in ax.get_title()


def test_line_properties_and_fold_colour():
    field = np.zeros((2, 3, 2))
    field[:, 1, 0] = 1.5
    drawn = plot.lattice(field, axes(), fold_color="orange", color="green", linewidth=2)
    assert to_rgba(drawn.folds.get_facecolor()[0], alpha=1) == to_rgba("orange")
    assert to_rgba(drawn.lines.get_color()[0]) == to_rgba("green")
    assert drawn.lines.get_linewidth()[0] == 2


# --- wheel and magnitude


def hue(rgb):
    """In degrees, of sRGB bytes."""
    return 360 * matplotlib.colors.rgb_to_hsv(np.asarray(rgb) / 255)[0]


def test_wheel_hues_of_the_four_directions():
    field = np.array([[[1, 0], [0, 1], [-1, 0], [0, -1]]], float)
    right, down, left, up = plot.wheel(field, axes()).get_array()[0]
    for colour, degrees in ((right, 357), (down, 68), (left, 190), (up, 259)):
        assert abs((hue(colour) - degrees + 180) % 360 - 180) < 10, (colour, hue(colour), degrees)


def test_wheel_saturation_is_length():
    field = np.zeros((1, 4, 2))
    field[0, :, 0] = 0, 1, 2, 4
    colours = plot.wheel(field, axes()).get_array()[0]
    assert colours[0].tolist() == [255, 255, 255]
    saturation = matplotlib.colors.rgb_to_hsv(colours / 255)[:, 1]
    assert (np.diff(saturation) > 0.1).all()
    # Beyond the scale is darker than all that lies within it.
    ax = axes()
    beyond = plot.wheel(field, ax, scale=2).get_array()[0].astype(int).sum(axis=-1)
    assert beyond[3] + 100 < beyond[2]
    assert "1 of 4 are longer (dark)" in ax.get_title()


def test_wheel_is_equally_light_in_all_directions():
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    field = np.stack([np.cos(turn), np.sin(turn)], axis=-1)[None]
    colours = plot.wheel(field, axes()).get_array()[0] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert np.ptp(luminance) < 0.1


def test_what_is_not_finite_is_grey():
    field = np.ones((2, 3, 2))
    field[0, 1, 0], field[1, 2, 1] = np.nan, np.inf
    bad = np.zeros((2, 3), bool)
    bad[0, 1] = bad[1, 2] = True
    ax = axes()
    colours = plot.wheel(field, ax).get_array()
    assert ((colours == 150).all(axis=-1) == bad).all()
    assert "2 of 6 not finite (grey)" in ax.get_title()
    image = plot.magnitude(field, axes())
    assert (image.get_array().mask == bad).all()
    drawn = image.to_rgba(image.get_array(), bytes=True)[..., :3]
    assert ((drawn == 150).all(axis=-1) == bad).all()


def test_magnitude_values():
    field = random_field(6, 5, 2)
    ax = axes()
    image = plot.magnitude(field, ax)
    np.testing.assert_allclose(image.get_array(), np.linalg.norm(field, axis=-1))
    length = image.get_array()
    y, x = np.unravel_index(np.argmax(length), length.shape)
    assert f"at x = {x}, y = {y}" in ax.get_title()
    assert image.get_clim() == (0, length.max())
    assert image.get_cmap().name == "viridis"
    assert plot.magnitude(field, axes(), scale=0.5).get_clim() == (0, 0.5)
    assert plot.magnitude(field, axes(), vmin=1, vmax=3, cmap="magma").get_clim() == (1, 3)


def test_scales_beside_the_picture_are_as_high_as_it():
    for layout in ("constrained", "tight", None):
        for style in (plot.magnitude, plot.quiver, plot.wheel):
            ax = Figure(layout=layout).subplots()
            style(random_field(10, 60, 2), ax, scale=0.5)
            draw(ax)
            beside = [other for other in ax.figure.axes if other is not ax]
            assert len(beside) == 1
            if style is not plot.wheel:
                outer = beside[0].get_tightbbox(for_layout_only=True)
                drawn = ax.get_window_extent()
                assert abs(drawn.height - beside[0].get_window_extent().height) < 0.15 * drawn.height
                assert outer.y0 < drawn.y1
        ax = Figure(layout="constrained").subfigures(1, 2)[1].subplots()
        plot.wheel(random_field(10, 60, 2), ax)
        FigureCanvasAgg(ax.figure.figure).draw()
    for options in ({"colorbar": False}, {"legend": False}):
        ax = axes()
        (plot.wheel if "legend" in options else plot.magnitude)(random_field(4, 4, 2), ax, **options)
        assert ax.figure.axes == [ax]


# --- compare


def test_compare_has_one_scale():
    before, after = np.arange(12.0).reshape(3, 4), 2 * np.arange(10.0).reshape(2, 5)
    left, right = ax = axes(1, 2)
    one, other = plot.compare(before, after, ax, titles=("in", "out"))
    assert (one.axes, other.axes) == (left, right)
    assert (left.get_title(), right.get_title()) == ("in", "out")
    assert one.get_clim() == other.get_clim() == (0, 18)
    assert left.get_xlim() == right.get_xlim() == (-0.5, 4.5)
    assert left.get_ylim() == right.get_ylim() == (2.5, -0.5)
    assert one.get_extent() == [-0.5, 3.5, 2.5, -0.5]
    np.testing.assert_array_equal(one.get_array(), before)


def test_compare_takes_images_in_any_order_of_axes():
    image = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    one, other = plot.compare(image, image[None], axes(1, 2))
    assert one.get_array().shape == (4, 5, 3)
    assert_same(one, other)
    one, other = plot.compare(image[:1], image[0, :, :, None], axes(1, 2))
    assert one.get_array().shape == (4, 5)
    assert_same(one, other)
    assert one.get_clim() == (0, 255)


def test_compare_marks_what_is_not_finite():
    image = np.full((2, 3, 3), 0.5, np.float32)
    image[1, 2, 0] = np.nan
    colours, _ = plot.compare(image, image, axes(1, 2))
    assert colours.get_array()[1, 2].tolist() == pytest.approx([0.8, 0.55, 0.7])
    assert colours.get_array()[0, 0].tolist() == [0.5] * 3
    grey, _ = plot.compare(image[..., 0], image[..., 0], ax := axes(1, 2))
    assert grey.to_rgba(grey.get_array())[1, 2].tolist() == pytest.approx([0.8, 0.55, 0.7, 1])
    draw(ax[0])
    assert np.isnan(image[1, 2, 0])


def test_compare_needs_two():
    image = np.zeros((2, 2))
    with pytest.raises(displace.ShapeError, match="ax holds 1 axes: expected two"):
        plot.compare(image, image, axes())
    with pytest.raises(displace.ShapeError, match="titles is 'ab': expected two"):
        plot.compare(image, image, axes(1, 2), titles="ab")
    with pytest.raises(displace.ShapeError, match=r"after has shape \(2, 2, 2\)"):
        plot.compare(image, np.zeros((2, 2, 2)), axes(1, 2))
    with pytest.raises(displace.DTypeError, match="before holds complex128"):
        plot.compare(image * 1j, image, axes(1, 2))


# --- all styles


@pytest.mark.parametrize("style", STYLES)
def test_axes_are_in_pixels_with_y_down(style):
    ax = axes()
    style(np.full((6, 9, 2), 0.01), ax)
    assert ax.get_xlim() == (-0.5, 8.5)
    assert ax.get_ylim() == (5.5, -0.5)
    assert ax.get_aspect() == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (px)", "y (px)")
    draw(ax)
    for ticks in (ax.get_xticks(), ax.get_yticks()):
        assert all(tick == round(tick) for tick in ticks)


@pytest.mark.parametrize("style", STYLES)
def test_artists_belong_to_the_axes(style):
    left, right = axes(1, 2)
    drawn = artists(style(random_field(4, 5, 2), right))
    assert all(artist.axes is right and artist in right.get_children() for artist in drawn)
    assert not left.has_data()


@pytest.mark.parametrize("style", STYLES)
def test_a_title_of_the_callers_stays(style):
    ax = axes()
    ax.set_title("mine")
    style(random_field(4, 5, 2), ax)
    assert ax.get_title() == "mine"


@pytest.mark.parametrize("style", STYLES)
def test_the_middle_slice_of_a_volume(style):
    volume = random_field(5, 6, 7, 3)
    ax = axes()
    assert_same(style(volume, ax), style(volume[2, ..., :2], axes()))
    assert "slice z = 2 of 5" in ax.get_title()
    assert_same(style(volume, axes(), slice=4), style(volume[4, ..., :2], axes()))
    assert_same(style(volume[:4], axes()), style(volume[2, ..., :2], axes()))
    batch = np.stack([volume, 2 * volume])
    assert_same(style(batch, axes(), sample=1, slice=0), style(2 * volume[0, ..., :2], axes()))


@pytest.mark.parametrize("style", STYLES)
def test_samples(style):
    batch = random_field(3, 4, 5, 2)
    assert_same(style(batch, axes()), style(batch[0], axes()))
    assert_same(style(batch, axes(), sample=2), style(batch[2], axes()))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("align_corners", [False, True])
def test_a_field_and_its_array_look_the_same(style, align_corners):
    array = random_field(4, 5, 2)
    what = {"align_corners": align_corners, "rest": "extent"}
    field = displace.Field(array, (7, 9), **what)
    assert_same(style(field, axes()), style(array, axes(), input_size=(7, 9), **what))
    # Saying what the Field says is no contradiction.
    assert_same(style(field, axes()), style(field, axes(), input_size=(7, 9), **what))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f8", np.int32])
def test_number_types(style, dtype):
    array = np.round(4 * random_field(4, 5, 2)).astype(dtype)
    assert_same(style(array, axes()), style(array.astype(np.float64), axes()))
    assert_same(style(array.astype(float).tolist(), axes()), style(array, axes()))


@pytest.mark.parametrize("style", STYLES)
def test_torch_tensors(style):
    torch = pytest.importorskip("torch")
    array = np.round(4 * random_field(1, 4, 5, 2))
    tensor = torch.from_numpy(array)
    for one in (tensor, tensor.clone().requires_grad_(), tensor.bfloat16()):
        assert_same(style(one, axes()), style(array, axes()))
    assert_same(style(displace.Field(tensor), axes()), style(array, axes()))


@pytest.mark.parametrize("style", STYLES)
def test_the_field_is_not_written_to(style):
    array = random_field(4, 5, 2)
    array.flags.writeable = False
    style(array, axes())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_narrow_fields(style, size):
    ax = axes()
    style(random_field(*size, 2), ax)
    draw(ax)
    width, height = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    assert width >= height / 6 - 1e-9
    assert height >= width / 6 - 1e-9


@pytest.mark.parametrize("style", [plot.quiver, plot.lattice])
def test_frames_widen_for_what_leaves_them_and_the_input_is_outlined(style):
    field = np.zeros((10, 10, 2))
    field[:, -1, 0] = 2
    ax = axes()
    style(field, ax, step=1)
    assert ax.get_xlim() == pytest.approx((-0.5, 11.2))
    assert ax.get_ylim() == (9.5, -0.5)
    (outline,) = ax.patches
    assert outline.get_bbox().extents.tolist() == [-0.5, -0.5, 9.5, 9.5]
    # Never so far that the rest is too small to see.
    field[:, -1, 0] = 1e6
    ax = axes()
    style(field, ax, step=1)
    assert ax.get_xlim() == pytest.approx((-0.5, 12.5))


@pytest.mark.parametrize("style", [plot.quiver, plot.lattice])
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (3, 4, 6), (1, 3, 4, 6), (4, 6, 1), (1, 4, 6)])
def test_an_image_behind(style, shape):
    ax = axes()
    style(np.zeros((8, 12, 2)), ax, input_size=(4, 6), rest="extent", image=np.full(shape, 7, np.uint8))
    (image,) = ax.images
    assert image.get_array().shape[:2] == (4, 6)
    assert image.get_extent() == [-0.5, 5.5, 3.5, -0.5]
    assert image.get_alpha() < 0.6
    draw(ax)


@pytest.mark.parametrize("style", [plot.quiver, plot.lattice])
def test_an_image_behind_must_be_the_input(style):
    with pytest.raises(displace.ShapeError, match=r"image has shape \(8, 12\): expected \(4, 6\), .*the size of the input"):
        style(np.zeros((8, 12, 2)), axes(), input_size=(4, 6), rest="extent", image=np.zeros((8, 12)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"field": np.zeros((4, 5, 3))}, displace.ShapeError, r"shape \(4, 5, 3\): expected"),
        ({"field": np.zeros((4, 5))}, displace.ShapeError, r"shape \(4, 5\): expected"),
        ({"field": np.zeros((0, 5, 2))}, displace.ShapeError, "the field is 0x5: a picture needs at least one pixel"),
        ({"field": np.zeros((0, 4, 5, 2))}, displace.ShapeError, "sample is 0: expected one of 0 samples"),
        ({"field": np.zeros((4, 5, 2)) * 1j}, displace.DTypeError, "field holds complex128"),
        ({"input_size": (4, 0), "rest": "index"}, displace.ShapeError, r"input_size is \(4, 0\)"),
        ({"sample": 2}, displace.ShapeError, "sample is 2: expected one of 2 samples, counted from 0"),
        ({"sample": -1}, displace.ShapeError, "sample is -1"),
        ({"slice": 0}, displace.ShapeError, r"slice is 0, but a field of shape \(2, 4, 5, 2\) has no z axis"),
        ({"field": np.zeros((3, 4, 5, 3)), "slice": 3}, displace.ShapeError, "slice is 3: expected one of 3 slices"),
        ({"input_size": (8, 5)}, displace.RestError, "the source is 8x5 and the destination 4x5"),
        ({"input_size": 8}, displace.ShapeError, "input_size is 8"),
        ({"rest": "edges"}, displace.DisplaceError, "'edges'"),
        ({"field": displace.Field(np.zeros((4, 5, 2))), "input_size": (8, 5)}, displace.DisplaceError, "the Field's own is"),
        ({"field": displace.Field(np.zeros((4, 5, 2))), "rest": "extent"}, displace.DisplaceError, "the Field's own is 'index'"),
        ({"field": displace.Field(np.zeros((4, 5, 2))), "align_corners": True}, displace.DisplaceError, "own is False"),
    ],
)
def test_errors_have_the_values(style, arguments, error, message):
    ax = axes()
    with pytest.raises(error, match=message):
        style(**{"field": np.zeros((2, 4, 5, 2)), "ax": ax, **arguments})
    assert not ax.has_data()


def test_numbers_that_must_be_positive():
    field = np.zeros((4, 5, 2))
    for scale in (0, -1, np.nan, np.inf):
        for style in (plot.quiver, plot.wheel, plot.magnitude):
            with pytest.raises(displace.DisplaceError, match=r"scale is .*: expected a positive number of pixels"):
                style(field, axes(), scale=scale)
        with pytest.raises(displace.DisplaceError, match=r"arrow_scale is .*: expected a positive number"):
            plot.quiver(field, axes(), arrow_scale=scale)
    for style in (plot.quiver, plot.lattice):
        with pytest.raises(displace.DisplaceError, match="step is 0: expected 1 or more"):
            style(field, axes(), step=0)


# --- nothing else changes


def test_nothing_global_changes():
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    maps = set(matplotlib.colormaps)
    left, right = Figure().subplots(1, 2)
    for style in STYLES:
        style(random_field(4, 5, 2), left)
    plot.compare(np.zeros((3, 3)), np.ones((3, 3)), (left, right))
    draw(left)
    assert dict(matplotlib.rcParams) == before
    assert set(matplotlib.colormaps) == maps
    assert plt.get_fignums() == []


def test_the_current_axes_stay_current():
    left, right = axes(1, 2)
    left.figure.sca(left)
    for style in STYLES:
        style(random_field(4, 5, 2), right)
        assert left.figure.gca() is left


def test_settings_of_the_session_do_not_turn_pictures_over():
    settings = {"image.origin": "lower", "image.aspect": "auto", "image.cmap": "jet", "axes.grid": True}
    with matplotlib.rc_context(settings):
        ax = axes()
        image = plot.magnitude(random_field(4, 5, 2), ax)
        assert image.get_extent() == [-0.5, 4.5, 3.5, -0.5]
        assert image.origin == "upper"
        assert (ax.get_ylim(), ax.get_aspect(), image.get_cmap().name) == ((3.5, -0.5), 1, "viridis")


def test_without_axes_a_figure_is_made():
    import matplotlib.pyplot as plt

    for style in STYLES:
        drawn = artists(style(random_field(4, 5, 2)))
        assert plt.get_fignums() == [drawn[0].figure.number]
        draw(drawn[0].axes)
        plt.close("all")
    one, other = plot.compare(np.zeros((3, 4)), np.zeros((3, 4)))
    assert one.axes is not other.axes
    assert one.figure is other.figure
    draw(one.axes)
    plt.close("all")


def run(code):
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pyplot_is_not_imported_when_axes_are_given():
    run("""
        import sys
        import numpy as np
        import displace
        assert "matplotlib" not in sys.modules
        displace.plot
        assert "matplotlib" not in sys.modules
        from matplotlib.figure import Figure
        for style in (displace.plot.quiver, displace.plot.lattice, displace.plot.wheel, displace.plot.magnitude):
            style(np.ones((3, 4, 2)), Figure().subplots()).__class__
        displace.plot.compare(np.ones((3, 4)), np.ones((3, 4)), Figure().subplots(1, 2))
        assert "matplotlib.pyplot" not in sys.modules
    """)


def test_without_matplotlib_the_error_says_what_to_install():
    run("""
        import sys
        sys.modules["matplotlib"] = None
        import numpy as np
        import displace
        for style in (displace.plot.quiver, displace.plot.lattice, displace.plot.wheel, displace.plot.magnitude):
            try:
                style(np.ones((3, 4, 2)))
            except ImportError as error:
                assert "pip install displace[plot]" in str(error)
            else:
                raise AssertionError
    """)
