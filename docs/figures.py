"""Draws the pictures of the site: `python docs/figures.py` writes docs/img/.

Every place in the drawings is computed by displace; tests/python/test_docs.py checks that the files are what this script draws.
"""

import html
from pathlib import Path

import numpy as np

import displace

INK, SOFT, RULE = "#222222", "#777777", "#cccccc"
BLUE, ORANGE, PALE = "#1f5fa8", "#b8500f", "#eaf0f7"


class Drawing:
    """SVG in pixels, from left to right and from top to bottom."""

    def __init__(self, width, height, title):
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        self.lines = [
            f'{head} font-family="Helvetica, Arial, sans-serif" font-size="14" role="img">',
            f"<title>{html.escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]

    def add(self, name, **attributes):
        given = " ".join(f'{key.replace("_", "-")}="{_short(value)}"' for key, value in attributes.items())
        self.lines.append(f"<{name} {given}/>")

    def box(self, x, y, width, height, fill="none", stroke=INK):
        self.add("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=stroke)

    def line(self, x1, y1, x2, y2, stroke=INK, width=1.5, dash=None):
        extra = {"stroke_dasharray": dash} if dash else {}
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **extra)

    def dot(self, x, y, fill=INK, radius=3.5):
        self.add("circle", cx=x, cy=y, r=radius, fill=fill)

    def path(self, points, stroke):
        joined = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self.add("polyline", points=joined, fill="none", stroke=stroke, stroke_width=2)

    def arrow(self, x1, y1, x2, y2, stroke):
        """A head of 9 pixels, a quarter of the length where that is short."""
        length = float(np.hypot(x2 - x1, y2 - y1))
        along = np.array([x2 - x1, y2 - y1]) / length
        head = min(9.0, length / 2)
        neck = np.array([x2, y2]) - head * along
        side = head * 0.45 * np.array([-along[1], along[0]])
        self.line(x1, y1, *neck, stroke=stroke, width=2)
        corners = " ".join(f"{_short(x)},{_short(y)}" for x, y in ((x2, y2), neck + side, neck - side))
        self.add("polygon", points=corners, fill=stroke)

    def text(self, x, y, words, anchor="middle", fill=INK, size=14, weight="normal"):
        place = f'x="{_short(x)}" y="{_short(y)}" text-anchor="{anchor}" fill="{fill}" font-size="{size}" font-weight="{weight}"'
        self.lines.append(f"<text {place}>{html.escape(words)}</text>")

    def svg(self):
        return "\n".join([*self.lines, "</svg>", ""])


def _short(value):
    if isinstance(value, (int, float, np.floating)):
        return f"{float(value):.1f}".removesuffix(".0")
    return value


def _signed(value):
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _locations(grid, length, align_corners):
    """Where values of a grid read along an axis, in pixels."""
    values = np.zeros((1, 1, len(grid), 2))
    values[..., 0] = grid
    field = displace.displacement(values, (1, length), align_corners=align_corners, rest="index")
    return field[0, 0, :, 0] + np.arange(len(grid))


def extents():
    """The two meanings of -1..+1 on a row of five pixels."""
    drawing = Drawing(720, 330, "What minus one and plus one span on a row of five pixels")
    left, side, top = 110, 100, 125
    values = np.array([-1, -0.5, 0, 0.5, 1])

    def at(p):
        return left + side * (p + 0.5)

    for j in range(5):
        drawing.box(left + j * side, top, side, 70, fill=PALE)
        drawing.text(at(j) - 44, top + 62, f"pixel {j}", anchor="start", fill=SOFT, size=12)
    for align_corners, colour, ruler, edge, sign in ((False, BLUE, 60, top, -1), (True, ORANGE, 260, top + 70, 1)):
        places = _locations(values, 5, align_corners)
        drawing.line(at(places[0]), ruler, at(places[-1]), ruler, stroke=colour, width=2)
        for g, p in zip(values, places, strict=True):
            drawing.line(at(p), ruler, at(p), top + 35 if align_corners else edge + 20, stroke=colour, width=1, dash="3 3")
            drawing.line(at(p), ruler - 6, at(p), ruler + 6, stroke=colour, width=2)
            drawing.text(at(p), ruler - 12 if sign < 0 else ruler + 24, f"g = {_signed(g)}", fill=colour)
            drawing.text(
                at(p) + 6, ruler + 22 if sign < 0 else ruler - 10, f"p = {_signed(p)}", anchor="start", fill=colour, size=12
            )
        words = "edges: align_corners=False" if sign < 0 else "centers: align_corners=True"
        drawing.text(360, 24 if sign < 0 else 316, words, fill=colour, weight="bold")
    for j in range(5):
        drawing.dot(at(j), top + 35)
    drawing.text(6, top + 39, "pixel centre", anchor="start", fill=SOFT, size=12)
    drawing.line(78, top + 35, at(0) - 8, top + 35, stroke=RULE, width=1)
    return drawing.svg()


def padding():
    """What a row of four pixels is beyond its ends."""
    row = np.array([[[[1.0, 3.0, 2.0, 4.0]]]])
    first, last, fine = -5.0, 8.0, 0.125
    places = np.arange(first, last + fine / 2, fine)
    grid = np.stack([places, np.zeros_like(places)], axis=-1)[None, None]
    kinds = (
        ("zeros", "zeros", False, "fades to 0 over one pixel beyond the end centres", ()),
        ("border", "border", False, "the end pixel goes on", ()),
        ("reflection, align_corners=False", "reflection", False, "mirrors at the outer edges, −½ and 3½", (-0.5, 3.5)),
        ("reflection, align_corners=True", "reflection", True, "mirrors at the end centres, 0 and 3", (0, 3)),
        ("wrap", "wrap", False, "repeats with period 4", ()),
    )
    step, high, gap, left = 48, 88, 52, 48
    drawing = Drawing(720, len(kinds) * (high + gap) + 36, "A row of four pixels beyond its ends, under each padding")

    def at(p):
        return left + step * (p - first)

    for k, (name, mode, align_corners, words, mirrors) in enumerate(kinds):
        top = 34 + k * (high + gap)
        bottom = top + high
        values = displace.grid_sample(row, grid, "bilinear", mode, align_corners, coords="pixel")[0, 0, 0]
        drawing.text(left, top - 10, name, anchor="start", fill=INK, weight="bold")
        drawing.text(at(last), top - 10, words, anchor="end", fill=SOFT)
        drawing.box(at(-0.5), top, at(3.5) - at(-0.5), high, fill=PALE, stroke="none")
        drawing.line(at(first), bottom, at(last), bottom, stroke=RULE, width=1)
        for mirror in mirrors:
            drawing.line(at(mirror), top - 4, at(mirror), bottom + 4, stroke=ORANGE, width=2, dash="5 4")
        drawing.path([(at(p), bottom - 20 * v) for p, v in zip(places, values, strict=True)], BLUE)
        for p, v in zip(places, values, strict=True):
            if p == int(p):
                drawing.dot(at(p), bottom - 20 * v, fill=INK if 0 <= p <= 3 else BLUE)
                drawing.text(at(p), bottom + 16, _signed(p), fill=SOFT, size=11)
    drawing.text(360, len(kinds) * (high + gap) + 24, "location (px); grey-blue: the image, its pixels 1, 3, 2, 4", fill=SOFT)
    return drawing.svg()


def rests():
    """Four pixels read by two: the same locations from two places of rest."""
    drawing = Drawing(720, 300, "Four pixels read by two: displacement from the two places of rest")
    side, left, places = 110, 200, _locations(np.array([-0.5, 0.5]), 4, False)
    grid = np.zeros((1, 1, 2, 2))
    grid[0, 0, :, 0] = -0.5, 0.5

    def at(p):
        return left + side * (p + 0.5)

    for k, rest in enumerate(("index", "extent")):
        top = 40 + 130 * k
        field = displace.displacement(grid, (1, 4), rest=rest)[0, 0, :, 0]
        drawing.text(20, top + 30, f'rest="{rest}"', anchor="start", weight="bold")
        by = ", ".join(_signed(d) for d in field)
        drawing.text(20, top + 52, f"displacement {by}", anchor="start", fill=SOFT)
        for j in range(4):
            drawing.box(left + j * side, top, side, 70, fill=PALE)
            drawing.text(left + (j + 1) * side - 6, top + 64, str(j), anchor="end", fill=SOFT, size=12)
        for j, (p, d) in enumerate(zip(places, field, strict=True)):
            y = top + 22 + 18 * j
            drawing.add("circle", cx=at(p - d), cy=y, r=5, fill="white", stroke=BLUE, stroke_width=2)
            if d:
                drawing.arrow(at(p - d) + 5, y, at(p) - 4, y, BLUE)
            drawing.dot(at(p), y, fill=ORANGE)
    drawing.text(360, 288, "ring: rest; dot: the place that is read; arrow: displacement (px)", fill=SOFT)
    return drawing.svg()


def direction():
    """A field of +2: what is read, and where its content appears."""
    drawing = Drawing(720, 262, "The arrow points to where a pixel is read from; the content moves the other way")
    side, left = 70, 200
    image = np.array([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    field = np.zeros((1, 6, 2))
    field[..., 0] = 2
    warped = displace.warp(image, field)
    for top, row, words in ((40, image, "input"), (160, warped, "output")):
        drawing.text(20, top + 38, words, anchor="start", weight="bold")
        for j in range(6):
            drawing.box(left + j * side, top, side, 60, fill=ORANGE if row[0, j] else PALE)
            drawing.text(left + (j + 0.5) * side, top + 36, str(j), fill="white" if row[0, j] else SOFT)
    for j in range(6):
        x, to = left + (j + 0.5) * side, left + (j + 2.5) * side
        drawing.arrow(x, 158, to - 18, 104, BLUE if j == 1 else RULE)
    drawing.text(360, 24, "displacement +2 everywhere: output pixel 1 reads input pixel 3", fill=BLUE)
    drawing.text(360, 246, "the orange content has moved two pixels to the left; pixels 4 and 5 read nothing", fill=SOFT)
    return drawing.svg()


FIGURES = {"extents": extents, "padding": padding, "rests": rests, "direction": direction}


def start(path):
    """The picture of the first page, with matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    photograph = displace.read(Path(__file__).parents[1] / "examples" / "astronaut.png")[::2, ::2]
    grid = twist(*photograph.shape[:2])
    field = displace.Field(displace.displacement(grid, photograph.shape[:2]))
    warped = displace.warp(photograph, field, channels_last=True)[0]
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.9), layout="constrained")
    displace.plot.quiver(field, axes[0], image=photograph, step=16, colorbar=False)
    axes[0].set_title("where each pixel is read from")
    axes[1].imshow(warped)
    axes[1].set(title="what it reads", xlabel="x (px)", ylabel="y (px)")
    figure.savefig(path, dpi=100, pil_kwargs={"quality": 88})
    plt.close(figure)


def antialias(path):
    """A zone plate at a quarter of its size, without and with an average."""
    size, by = 512, 4
    at = np.arange(size, dtype=np.float32) - (size - 1) / 2
    image = 0.5 + 0.5 * np.cos(np.pi / size * (at[:, None] ** 2 + at[None] ** 2))
    x = np.arange(size // by, dtype=np.float32) * by + (by - 1) / 2
    grid = np.stack(np.meshgrid(x, x), -1)[None]
    pictures = [
        displace.grid_sample(image[None, None], grid, "bilinear", "reflection", align_corners=False, coords="pixel", antialias=on)
        for on in (False, True)
    ]
    gap = np.ones((size // by, 8), np.float32)
    both = np.concatenate([pictures[0][0, 0], gap, pictures[1][0, 0]], 1)
    displace.write(path, (np.clip(both, 0, 1).repeat(2, 0).repeat(2, 1) * 255).round().astype(np.uint8))


def twist(height, width):
    """A grid that turns the middle of an image by 60 degrees and leaves its rim alone, as the first page makes it."""
    theta = np.float32([[[1, 0, 0], [0, 1, 0]]])
    grid = displace.affine_grid(theta, (1, 1, height, width), align_corners=False)
    x, y = grid[..., 0], grid[..., 1]
    angle = np.float32(np.pi / 3) * np.clip(1 - np.hypot(x, y), 0, None)
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)


def bent(height, width):
    """Offsets and masks of a 3 x 3 kernel, as if learnt: taps turn along x and spread around the middle."""
    y, x = np.mgrid[:height, :width].astype(float)
    offset, mask = np.zeros((1, 18, height, width)), np.zeros((1, 9, height, width))
    wide = 1.2 + 1.3 * np.exp(-((x - width / 2) ** 2 + (y - height / 2) ** 2) / 60)
    angle = 0.5 * np.sin(x / 7)
    for tap in range(9):
        i, j = tap // 3 - 1, tap % 3 - 1
        offset[0, 2 * tap] = wide * (np.sin(angle) * j + np.cos(angle) * i) - i + 0.8 * np.cos(y / 6)
        offset[0, 2 * tap + 1] = wide * (np.cos(angle) * j - np.sin(angle) * i) - j
        mask[0, tap] = 1 / (1 + np.exp(i * i + j * j - 1.5 - np.sin(x / 3 + tap)))
    return offset, mask


def taps(path):
    """The picture of deformable convolution, with matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    offset, mask = bent(24, 32)
    taps = displace.deform_conv2d_displacement(offset, 3, padding=1, mask=mask, input_size=(24, 32))
    figure, axes = plt.subplots(1, 2, figsize=(10.4, 4.2), layout="compressed")
    displace.plot.deform_conv(taps, [(12, 16), (6, 5), (18, 27)], axes[0])
    displace.plot.deform_conv(taps, [(12, 16)], axes[1], show="density")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def attention(path):
    """The picture of deformable attention, with matplotlib: two queries of four heads on three levels, as if learnt."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shapes = [(24, 32), (12, 16), (6, 8)]
    reference = np.broadcast_to(np.array([[0.3, 0.4], [0.72, 0.62]])[None, :, None], (1, 2, 3, 2))
    head, level, point = np.meshgrid(np.arange(4), np.arange(3), np.arange(4), indexing="ij")
    # Each head looks another way, each point a step farther, as the weights are initialised.
    angle = np.pi * head / 2 + 0.5 * level + np.array([0.3, -0.5])[:, None, None, None]
    reach = (point + 1) * np.array([1.0, 0.7])[:, None, None, None] * 0.8
    offsets = np.stack([reach * np.cos(angle), reach * np.sin(angle)], -1)[None]
    weights = np.exp(1.5 * np.cos(angle + point / 2) - level / 2)[None]
    weights /= weights.sum((-2, -1), keepdims=True)
    places = displace.deform_attention_locations(reference, offsets, shapes)
    figure, axes = plt.subplots(1, 3, figsize=(12.4, 3.9), layout="compressed")
    displace.plot.deform_attention(places, [0, 1], shapes, axes, weights=weights)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main():
    folder = Path(__file__).parent / "img"
    folder.mkdir(exist_ok=True)
    for name, draw in FIGURES.items():
        (folder / f"{name}.svg").write_text(draw(), encoding="utf-8")
    start(folder / "start.jpg")
    taps(folder / "deform_conv.png")
    attention(folder / "deform_attention.png")
    antialias(folder / "antialias.png")


if __name__ == "__main__":
    main()
