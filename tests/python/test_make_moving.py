"""Moving least squares beside a plain writing of the paper's formulas."""

from __future__ import annotations

import numpy as np
import pytest

import displace


def paper(v, p, q, kind, alpha):
    """Schaefer, McPhail and Warren 2006: equations 5 to 8, row vectors as there."""
    w = 1 / ((p - v) ** 2).sum(1) ** alpha
    p_star, q_star = (w @ p) / w.sum(), (w @ q) / w.sum()
    p_hat, q_hat = p - p_star, q - q_star
    if kind == "affine":
        matrix = np.linalg.inv((w[:, None] * p_hat).T @ p_hat) @ (w[:, None] * p_hat).T @ q_hat
        return (v - p_star) @ matrix + q_star

    def turned(x):
        return np.stack([-x[..., 1], x[..., 0]], -1)

    total = np.zeros(2)
    away = v - p_star
    frame = np.stack([away, -turned(away)])
    for weight, a, b in zip(w, p_hat, q_hat, strict=True):
        total += b @ (weight * np.stack([a, -turned(a)]) @ frame.T)
    if kind == "rigid":
        return np.linalg.norm(away) * total / np.linalg.norm(total) + q_star
    return total / (w @ (p_hat**2).sum(1)) + q_star


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.7, 2.0])
@pytest.mark.parametrize("kind", ["affine", "similarity", "rigid"])
def test_paper(kind, alpha):
    generator = np.random.default_rng(5)
    p = generator.uniform(0, 40, (9, 2))
    q = p + generator.normal(scale=4, size=p.shape)
    field = displace.moving_least_squares(q, p, (30, 41), kind=kind, alpha=alpha, dtype="float64")
    y, x = np.mgrid[:30, :41]
    expected = np.array([paper(np.array([i, j], float), p, q, kind, alpha) for i, j in zip(x.ravel(), y.ravel(), strict=True)])
    places = np.asarray(field) + np.stack([x, y], -1)
    np.testing.assert_allclose(places.reshape(-1, 2), expected, atol=1e-10, rtol=0)
    single = displace.moving_least_squares(q, p, (30, 41), kind=kind, alpha=alpha)
    np.testing.assert_array_equal(single, np.asarray(field).astype(np.float32))


@pytest.mark.parametrize("kind", ["affine", "similarity", "rigid"])
def test_points_are_met(kind):
    destination = [[3, 2], [20, 5], [9, 25], [30, 28]]
    source = [[4.5, 2.25], [18, 9], [8, 22], [31, 27]]
    field = np.asarray(displace.moving_least_squares(source, destination, (32, 36), kind=kind, dtype="float64"))
    for (x, y), place in zip(destination, source, strict=True):
        np.testing.assert_array_equal(field[y, x] + [x, y], place)


def test_one_map_is_kept():
    p = np.random.default_rng(6).uniform(0, 50, (7, 2))
    q = p @ np.array([[0.8, 0.6], [-0.6, 0.8]]) + [3, -2]
    expected = displace.affine([[0.8, -0.6, 3], [0.6, 0.8, -2]], (40, 50), dtype="float64")
    for kind in ("affine", "similarity", "rigid"):
        field = displace.moving_least_squares(q, p, (40, 50), kind=kind, dtype="float64")
        np.testing.assert_allclose(field, expected, atol=1e-11)
    larger = displace.moving_least_squares(q, p, (40, 50), (80, 90), rest="index", dtype="float64")
    np.testing.assert_allclose(larger, expected, atol=1e-11)


def test_volume():
    p = np.random.default_rng(7).uniform(0, 12, (9, 3))
    matrix = [[1.1, 0.2, 0, 1], [0, 0.9, 0.1, 2], [0.3, 0, 1, -1]]
    q = p @ np.array(matrix)[:, :3].T + np.array(matrix)[:, 3]
    field = displace.moving_least_squares(q, p, (8, 9, 10), kind="affine", dtype="float64")
    np.testing.assert_allclose(field, displace.affine(matrix, (8, 9, 10), dtype="float64"), atol=1e-11)


def test_tensors():
    torch = pytest.importorskip("torch")
    points = torch.tensor([[1.0, 2.0], [7.0, 3.0]])
    field = displace.moving_least_squares(points + 1, points, (8, 9))
    assert isinstance(field.displacement, torch.Tensor)
    torch.testing.assert_close(field.displacement, torch.ones(8, 9, 2))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"source": [[1, 2]]}, displace.ShapeError, "1 source and 3 destination"),
        ({"source": np.zeros((0, 2)), "destination": np.zeros((0, 2))}, displace.ShapeError, "at least one"),
        ({"source": [[1, 2, 3]] * 3}, displace.ShapeError, "(K, 2)"),
        ({"kind": "projective"}, displace.DisplaceError, "'projective'"),
        ({"alpha": 0}, displace.DisplaceError, "alpha is 0"),
        ({"kind": "affine", "destination": [[0, 0], [1, 1], [2, 2]]}, displace.DisplaceError, "affine map needs 3"),
        ({"destination": [[0, 0], [0, 0], [2, 2]]}, displace.DisplaceError, "points 0 and 1 are both at destination"),
        ({"destination": [[0, 0], [np.inf, 0], [2, 2]]}, displace.DisplaceError, "point 1"),
        (
            {"source": np.eye(3), "destination": np.eye(3), "size": (4, 4, 4)},
            displace.DisplaceError,
            'kind Rigid is for 2-D points, not for 3-D: take kind "affine"',
        ),
    ],
)
def test_mistakes(change, error, said):
    given = {"source": [[0, 1], [4, 1], [2, 6]], "destination": [[0, 0], [5, 0], [1, 5]], "size": (8, 9), **change}
    with pytest.raises(error) as raised:
        displace.moving_least_squares(**given)
    assert said in str(raised.value)


@pytest.mark.parametrize("kind", ["affine", "similarity", "rigid"])
@pytest.mark.parametrize("alpha", [3, 4])
def test_strong_weights_keep_one_map(kind, alpha):
    # A hundredth of a pixel away, the nearest point weighs 10^25 times what the others do, of which two in turn outweigh the rest.
    destination = np.round(np.random.default_rng(1).uniform(0, 60, (8, 2)), 2)
    scale, turn = (1.1 if kind != "rigid" else 1), 0.3
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if kind == "affine":
        matrix = matrix @ [[1, 0.3], [0, 0.8]]
    source = destination @ matrix.T + (3, -5)
    field = displace.moving_least_squares(source, destination, (60, 60), kind=kind, alpha=alpha, dtype="float64")
    y, x = np.mgrid[:60, :60]
    expected = np.stack([x, y], -1) @ matrix.T + (3, -5) - np.stack([x, y], -1)
    np.testing.assert_allclose(field.displacement, expected, atol=1e-7 if kind == "affine" else 1e-11)
