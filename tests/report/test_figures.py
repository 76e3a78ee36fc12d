"""What a reader would trip over: names that overlap or are cut off."""

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from report import Spread, style
from report.figures.ablation import draw_ablation
from report.figures.confusion import draw_confusions, per_page
from report.figures.curves import Curve, draw_curves, over_seeds
from report.figures.embedding import Cloud, draw_embedding
from report.figures.forest import CAP, Effect, Group, draw_forest
from report.figures.grid import draw_grid
from report.figures.heatmap import draw_heatmap
from report.figures.phases import draw_phases
from report.figures.ranks import cliques, draw_ranks
from report.figures.samples import draw_samples, read_rows
from report.figures.scatter import Point, draw_scatter, pareto_front, spread_out
from report.figures.strip import Row, draw_strip
from report.figures.widths import Width, draw_widths, half_width
from report.statistics.paired import estimate, interval

LONG = [f"dcgan[classifier=resnet18,per_class=false,policy=fixed:{k}000]" for k in range(6)]
NAMES = ["none", "classic-balanced[classifier=resnet18]", *LONG, "$x_1^", "unified"]


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    """Figures that were saved, so that their texts can be looked at."""
    figures: list[Figure] = []
    print_png = FigureCanvasAgg.print_png

    def keep(canvas: FigureCanvasAgg, *args: object, **keywords: object) -> None:
        if canvas.figure not in figures:  # measuring text goes through here too
            figures.append(canvas.figure)
        print_png(canvas, *args, **keywords)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", keep)
    return figures


def ticks_out_of_view(axes: Axes) -> list[Text]:
    """Tick labels that matplotlib keeps at hand but does not draw."""
    labels = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                labels += [tick.label1, tick.label2]
    return labels


def assert_readable(figure: Figure) -> None:
    """No text reaches over the edge or over another text."""
    figure.draw_without_rendering()
    beyond = {label for axes in figure.axes for label in ticks_out_of_view(axes)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    texts = [text for text in texts if text not in beyond]
    boxes = {text: Text.get_window_extent(text) for text in texts}  # of an annotation without its line
    width, height = figure.bbox.width, figure.bbox.height
    for text, box in boxes.items():
        if box.width == 0:
            continue
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, f"{text.get_text()!r} is cut off at {box}"
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, f"{one.get_text()!r} overlaps {other.get_text()!r}"


def test_intervals_are_moved_apart_no_further_than_needed():
    wanted, heights = np.array([5.0, 5.0, 20.0]), np.array([2.0, 2.0, 2.0])
    np.testing.assert_allclose(spread_out(wanted, heights, 0, 30), [4, 6, 20])
    np.testing.assert_allclose(spread_out(np.array([0.5, 29.9]), np.array([4.0, 4.0]), 0, 30), [2, 28])
    crowded = spread_out(np.array([3.0, 1.0, 2.0]), np.array([10.0, 10.0, 10.0]), 0, 20)
    np.testing.assert_allclose(np.sort(crowded), [0, 10, 20])
    assert crowded.argsort().tolist() == [1, 2, 0]


@pytest.mark.parametrize("costs", [np.full(10, 12.0), np.geomspace(1, 900, 10)])
def test_scatter_is_readable(tmp_path, drawn, costs):
    tiers = ["control", "two-stage", "unified", "control", "two-stage"] * 2
    points = [
        Point(name, tier, Spread(float(cost), 0.1, 3), Spread(0.9 + 0.001 * k, 0.01, 3))
        for k, (name, tier, cost) in enumerate(zip(NAMES, tiers, costs, strict=True))
    ]
    path = draw_scatter(points, tmp_path / "a.png", score_label="balanced accuracy", cost_label="cost [s]")
    assert_readable(drawn[0])
    assert Image.open(path).width == round(style.WIDTH * style.DPI)
    assert path.is_file()


def test_scatter_of_one_point_without_spread_or_cost(tmp_path, drawn):
    points = [Point("none", "control", Spread(0.0, None, 1), Spread(1.0, None, 1))]
    draw_scatter(points, tmp_path / "a.png", score_label="score", cost_label="cost")
    assert_readable(drawn[0])


def test_strip_is_readable(tmp_path, drawn):
    rows = [Row(name, "two-stage", (0.9, 0.91, 0.92), 0.9) for name in NAMES[:-1]]
    draw_strip([*rows, Row("unified", "unified", ())], tmp_path / "a.png", label="balanced accuracy")
    assert_readable(drawn[0])


def test_phases_are_readable_and_add_up(tmp_path, drawn):
    bars = [(name, {"classifier": 10.0, "generator": 20.0 * k, "other": 1.0}) for k, name in enumerate(NAMES)]
    draw_phases(bars, tmp_path / "a.png", label="CPU seconds a run")
    assert_readable(drawn[0])
    assert {text.get_text() for text in drawn[0].axes[0].texts} >= {"11.0", "191"}


@pytest.mark.parametrize("n_classes", [1, 4, 12])
def test_heatmap_is_readable(tmp_path, drawn, n_classes):
    values = np.full((len(NAMES), n_classes), 0.987)
    values[0, 0] = np.nan
    columns = [
        (f"class {k}" if n_classes < 12 else f"a rather long class {k}", "5600 images") for k in range(n_classes)
    ]
    draw_heatmap(values, tmp_path / "a.png", rows=NAMES, columns=columns, label="recall")
    assert_readable(drawn[0])


def test_curves_are_readable(tmp_path, drawn):
    steps = np.arange(1.0, 101.0)
    curve = over_seeds([(steps, 1 / steps), (steps, 2 / steps)])
    panels = {f"loss {k}": dict.fromkeys(NAMES, curve) for k in range(5)}
    draw_curves(panels, tmp_path / "a.png", methods=NAMES)
    assert_readable(drawn[0])


def test_curves_of_seeds_are_put_together_step_by_step():
    one = (np.array([10.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0]))
    stopped = (np.array([10.0, 20.0]), np.array([3.0, np.nan]))
    curve = over_seeds([one, stopped])
    assert curve.steps.tolist() == [10, 20, 30]
    assert curve.mean.tolist() == [2, 2, 3]
    assert curve.low.tolist() == [1, 2, 3] and curve.high.tolist() == [3, 2, 3]


def test_curves_of_which_nothing_is_finite_are_drawn_empty(tmp_path):
    empty = over_seeds([(np.array([1.0]), np.array([np.nan]))])
    assert isinstance(empty, Curve) and empty.steps.size == 0
    assert draw_curves({"loss": {"none": empty}}, tmp_path / "a.png", methods=["none"]).is_file()


def picture(n_classes: int, height: int = 8, width: int = 80) -> np.ndarray:
    """Row k is filled with the value 10 k."""
    return np.repeat(np.arange(2 * n_classes, dtype=np.uint8) * 10, height)[:, None, None] * np.ones(
        (1, width, 3), np.uint8
    )


def test_samples_are_cut_into_real_and_generated_rows(tmp_path):
    Image.fromarray(picture(3)).save(tmp_path / "samples.png")
    rows = read_rows(tmp_path / "samples.png", n_classes=3)
    assert rows is not None
    assert [(int(real[0, 0, 0]), int(made[0, 0, 0])) for real, made in rows] == [(0, 10), (20, 30), (40, 50)]
    assert {row.shape for pair in rows for row in pair} == {(8, 80, 3)}
    assert read_rows(tmp_path / "samples.png", n_classes=5) is None
    assert read_rows(tmp_path / "missing.png", n_classes=3) is None
    (tmp_path / "broken.png").write_bytes((tmp_path / "samples.png").read_bytes()[:60])
    assert read_rows(tmp_path / "broken.png", n_classes=3) is None


def test_samples_are_readable(tmp_path, drawn):
    Image.fromarray(picture(3)).save(tmp_path / "samples.png")
    rows = read_rows(tmp_path / "samples.png", n_classes=3)
    assert rows is not None
    draw_samples({"dcgan": rows, "unified": rows}, tmp_path / "a.png", classes=["ring", "a $long$ name " * 3, "c"])
    assert_readable(drawn[0])


def test_the_same_figures_give_the_same_files(tmp_path):
    rows = [Row("none", "control", (0.9, 0.8))]
    for suffix in (".png", ".svg"):
        files = [draw_strip(rows, tmp_path / f"{name}{suffix}", label="score") for name in "ab"]
        one, other = (file.read_bytes() for file in files)
        assert one == other


ARMS = [*NAMES, "wgan-gp", "cgan-diffaug[classic=false]", "ddpm", "classic-balanced[classifier=vit]"]
"""Fourteen."""

CLASSES = [f"a class {k} with a name" for k in range(11)]


def effect(name, k):
    word = ("better", "worse", "equivalent", "undecided")[k % 4]
    share = " when it trains (9 of 10)" if k % 5 == 0 else ""
    share += f"{' and' if share else ' when'} classic-balanced trains (5 of 6)" if k % 6 == 0 else ""
    return Effect(name, 0.01 * (k - 5), (0.01 * (k - 7), 0.01 * (k - 3)) if k else None, word, f"{word}{share}")


def test_forests_and_ablations_are_readable(tmp_path, drawn):
    rows = [effect(name, k) for k, name in enumerate(ARMS)]
    groups = [Group("against classic-balanced (cnn), mean 88.9", rows), Group(f"against {LONG[0]}", rows[:2])]
    draw_forest([("balanced accuracy", groups), ("macro AP", groups[1:])], tmp_path / "a.png", rope=0.01)
    draw_ablation([("unified", rows), (LONG[0] * 2, rows[:1])], tmp_path / "b.png", rope=0.01, label="difference")
    for figure in drawn:
        assert_readable(figure)


def test_a_forest_is_in_points_and_no_marker_hides_an_interval(tmp_path, drawn):
    short = Effect("unified", 0.003, (0.0, 0.007), "equivalent", "equivalent", tier="unified")
    other = Effect("bagan", -0.236, (-0.271, -0.202), "worse", "worse", tier="two-stage")
    draw_forest([("balanced accuracy", [Group("against a", [other, short])])], tmp_path / "a.png", rope=0.01)
    (axes,) = drawn[0].axes
    caps = [line for line in axes.collections if isinstance(line, LineCollection)]
    ends = sorted(segment[0][0] for line in caps for segment in line.get_segments())
    assert ends == pytest.approx([-27.1, -20.2, 0.0, 0.7])
    marker = next(mark for mark in axes.collections if isinstance(mark, PathCollection))
    radius = marker.get_sizes()[0] ** 0.5 / 72 / 2
    assert radius < CAP and all(line.zorder > marker.zorder for line in caps)
    legend = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert legend == ["two-stage", "unified"]
    weights = {text.get_text(): text.get_weight() for text in axes.texts}
    assert weights["worse"] == "bold" and "points" in axes.get_xlabel()


def test_the_scatter_names_its_front_and_its_scale(tmp_path, drawn):
    def of(costs):
        points = [Point(f"m{k}", "control", Spread(c, 1.0, 3), Spread(0.5 + 0.1 * k, 0.1, 3)) for k, c in costs]
        draw_scatter(points, tmp_path / "a.png", score_label="score", cost_label="cost [s]")
        axes = drawn.pop().axes[0]
        return axes.get_xlabel(), [text.get_text() for text in axes.get_legend().get_texts()]

    assert of([(0, 10.0), (1, 100.0)]) == ("cost [s], log scale", ["control", "Pareto front"])
    assert of([(1, 10.0), (0, 20.0)]) == ("cost [s]", ["control"]), "one point is no line"


@pytest.mark.parametrize("n_classes", [2, 4, 6, 11])
@pytest.mark.parametrize("n_methods", [1, 6, 7, 10, 12], ids=lambda n: f"{n} methods")
def test_confusions_are_readable(tmp_path, drawn, n_classes, n_methods):
    counts = np.random.default_rng(0).integers(0, 90, (n_classes, n_classes))
    counts[0] = 0
    shown = ARMS[: min(n_methods, per_page(n_classes))]
    draw_confusions(
        dict.fromkeys(shown, counts), tmp_path / "a.png", classes=[name[:18] for name in CLASSES[:n_classes]]
    )
    assert_readable(drawn[0])
    assert drawn[0].get_size_inches()[1] <= 10


def test_ranks_are_readable_and_join_what_cannot_be_told_apart(tmp_path, drawn):
    ranks = {name: 1 + 0.9 * k for k, name in enumerate(ARMS)}
    draw_ranks(ranks, tmp_path / "a.png", critical_difference=4.8, n_datasets=5)
    draw_ranks({"a": 1.0, "b": 2.0, "c": 3.0}, tmp_path / "b.png", critical_difference=9.0, n_datasets=5)
    for figure in drawn:
        assert_readable(figure)
    assert cliques([1.0, 1.5, 3.0, 3.4], 1.6) == [(0, 1), (1, 2), (2, 3)]
    assert cliques([1.0, 2.0, 3.0], 2.0) == [(0, 2)] and cliques([1.0, 3.0], 1.0) == []


@pytest.mark.parametrize("n_rows", [1, 3])
def test_grids_are_readable(tmp_path, drawn, n_rows):
    rows, columns = ["0.0001", "0.001", "0.01"][:n_rows], [f"fixed:{k}000" for k in range(1, 7)]
    cells = {(row, column): effect("u", k) for k, (row, column) in enumerate(itertools.product(rows, columns))}
    del cells[rows[0], columns[1]]
    draw_grid(cells, tmp_path / "a.png", rows=rows, columns=columns, names=("rate", "policy"))
    assert_readable(drawn[0])


def test_embeddings_are_readable(tmp_path, drawn):
    rng = np.random.default_rng(0)
    labels = np.arange(110) % 11
    cloud = Cloud(rng.normal(labels[:, None], 1, (110, 2)), labels)
    draw_embedding(dict.fromkeys(ARMS[:9], (cloud, cloud)), tmp_path / "a.png", classes=CLASSES)
    draw_embedding({LONG[0]: (cloud, cloud)}, tmp_path / "b.png", classes=CLASSES)
    for figure in drawn:
        assert_readable(figure)


def test_widths_are_readable_and_those_of_the_interval(tmp_path, drawn):
    found = estimate([0.01, 0.03, -0.02, 0.0])
    low, high = interval(found)
    assert half_width(found, 4) == pytest.approx((high - low) / 2) and half_width(found, 16) < half_width(found, 4) / 2
    rows = [Width(name, found, 40 if k else None) for k, name in enumerate(ARMS[:12])]
    draw_widths(rows, tmp_path / "a.png", methods=ARMS, rope=0.01)
    assert_readable(drawn[0])


def test_the_pareto_front_is_of_points_that_no_other_beats():
    def point(name, cost, score):
        return Point(name, "control", Spread(cost, None, 1), Spread(score, None, 1))

    points = [point("a", 1, 0.7), point("b", 2, 0.6), point("c", 3, 0.9), point("d", 3, 0.8), point("e", 4, 0.9)]
    assert [p.name for p in pareto_front(points)] == ["a", "c"]
    assert [p.name for p in pareto_front(points, more_is_better=False)] == ["a", "b"]
