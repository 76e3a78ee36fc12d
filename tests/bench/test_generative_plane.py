"""The plane of real features: known clouds land where they should."""

import numpy as np

from bench.generative.extractor import Embedding
from bench.generative.plane import MOST_A_CLASS, plane_of
from bench.generative.trio import Seen, Trio
from results import load_plane, save_plane


def seen(features):
    features = np.asarray(features, dtype=np.float64)
    return Seen(np.zeros((len(features), 1, 4, 4), np.uint8), Embedding(features, None))


def clouds():
    """Real images spread most along the third axis, then the first; generated ones are the same, moved by 1 there."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(80, 4)) * [3.0, 0.1, 9.0, 0.1]
    return real, real[:70] + np.array([0.0, 0.0, 1.0, 0.0])


def test_the_plane_holds_the_two_widest_axes_of_the_real_images(tmp_path):
    real, made = clouds()
    plane = plane_of({2: Trio(generated=seen(made), test=seen(real), train=None)})
    moved = plane.generated - plane.real
    assert len(plane.real) == len(plane.generated) == MOST_A_CLASS and set(plane.real_labels) == {2}
    assert np.allclose(moved, [1.0, 0.0], atol=0.1)
    assert 0.99 < plane.explained < 1
    save_plane(plane, tmp_path)
    read = load_plane(tmp_path)
    assert np.array_equal(read.generated, plane.generated) and read.explained == plane.explained


def test_the_plane_does_not_hang_on_what_was_generated():
    real, made = clouds()
    first, second = (plane_of({0: Trio(seen(of), seen(real), None)}) for of in (made, -5 * made))
    assert np.array_equal(first.real, second.real)


def test_without_spread_there_is_no_plane(tmp_path):
    assert plane_of({}) is None
    assert plane_of({0: Trio(seen(np.ones((5, 3))), seen(np.ones((5, 3))), None)}) is None
    assert load_plane(tmp_path) is None
    (tmp_path / "plane.npz").write_bytes(b"PK")
    assert load_plane(tmp_path) is None
