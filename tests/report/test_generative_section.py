"""The report's section on generated images, from records with known figures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from report import generative
from report.document import Items, Paragraph, Table, plain
from report.drawing import Drawing
from report.pictures import images
from report.study import Results
from results import ClassGenerative, Extractor, Generative, Store

DOMAIN = Extractor(name="domain", hash="0123456789ab", resize="none", n=30)


def found(kid: float, *, floor: float = 0.1, missing: dict[str, str] | None = None, **values: float) -> Generative:
    of_class = ClassGenerative(n=20, kid=2 * kid, kid_floor=floor, label_fidelity=0.5)
    return Generative(
        n=30, kid=kid, kid_floor=floor, per_class={"a": of_class}, missing=missing or {}, extractor=DOMAIN, **values
    )


def section(records, folder: Path = Path("nowhere")) -> list:
    results = Results.of(records, folder=folder)
    return list(generative.section(results, "cells", Drawing(folder)))


def tables(blocks: list) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def cells(table: Table) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in table.rows]


def test_differences_to_the_floor_are_averaged_seed_by_seed(make_record) -> None:
    """KID 0.5 over a floor of 0.1, and 0.9 over 0.3: differences 0.4 and 0.6, mean 0.5, sd √0.02."""
    records = [
        make_record(method="dcgan", tier="two-stage", seed=0, generative=found(0.5, floor=0.1)),
        make_record(method="dcgan", tier="two-stage", seed=1, generative=found(0.9, floor=0.3)),
    ]
    likeness, fidelity = tables(section(records))
    assert [column.name for column in likeness.columns] == ["method", "runs", "class", "KID − floor", "KID floor"]
    assert cells(likeness) == [
        ["dcgan", "2", "all classes", "+0.500 ± 0.141", "0.200 ± 0.141"],
        ["", "", "a", "+1.200 ± 0.424", "0.200 ± 0.141"],
    ]
    assert cells(fidelity)[1] == ["", "", "a", "0.500 ± 0.000"]


def test_real_training_images_stand_first_and_each_seed_counts_once(make_record) -> None:
    """Two methods share the floors of a seed: 0.6 and 0.8 over two seeds."""
    records = [
        make_record(method=method, seed=seed, generative=found(0.5, precision=0.5, precision_floor=0.6 + 0.2 * seed))
        for method in ("x", "y")
        for seed in (0, 1)
    ]
    likeness = tables(section(records))[0]
    assert [column.name for column in likeness.columns][-1] == "precision"
    assert cells(likeness)[0] == ["real training images", "2", "all classes", "–", "–", "0.700 ± 0.141"]
    assert cells(likeness)[1] == ["x", "2", "all classes", "+0.400 ± 0.000", "0.100 ± 0.000", "0.500 ± 0.000"]


def test_a_figure_without_its_floor_has_no_difference(make_record) -> None:
    alone = Generative(n=5, fid=30.0, kid=0.2, kid_floor=0.5, extractor=DOMAIN)
    (likeness,) = tables(section([make_record(generative=alone)]))
    assert [column.name for column in likeness.columns][3:] == ["KID − floor", "KID floor"]
    assert cells(likeness) == [["none", "1", "all classes", "−0.300", "0.500"]]


def test_nothing_is_said_where_nothing_was_measured(make_record) -> None:
    assert section([make_record()]) == []


def test_reasons_stand_below_and_floors_go_without_saying(make_record) -> None:
    missing = {
        "fid/a": "3 test images, needs more than the 64 features",
        "fid_floor/a": "3 test images, needs more than the 64 features",
        "cas": "a whole training, left out with preset quick",
    }
    blocks = section([make_record(method="dcgan", generative=found(0.5, missing=missing))])
    (items,) = [block for block in blocks if isinstance(block, Items)]
    assert [plain(item) for item in items.items] == [
        "FID of a: 3 test images, needs more than the 64 features",
        "CAS: a whole training, left out with preset quick",
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((0, 1, 2, 3, 4), "−1.00 (no interval"),  # the nearest images come with the largest gain
        ((0, 1, 2, 4, 3), "−0.90 (95 % interval −1.00 to +0.17)"),
        ((4, 3, 2, 1, 0), "+1.00 (no interval"),
    ],
)
def test_nearness_is_ranked_against_the_gain_over_the_reference(make_record, order, expected) -> None:
    records = [make_record(method="classic-balanced", score=0.5)] + [
        make_record(method=f"m{i}", generative=found(0.2 + 0.2 * rank), score=0.9 - 0.01 * i)
        for i, rank in enumerate(order)
    ]
    text = [plain(block.text) for block in section(records) if isinstance(block, Paragraph)]
    assert any(f"over 5 methods, variants of one averaged: {expected}" in line for line in text), text
    few = [plain(block.text) for block in section(records[:4]) if isinstance(block, Paragraph)]
    assert any("needs 4 methods with both figures, and there are 3" in line for line in few), few


def test_variants_of_a_method_are_one_point_of_the_rank_correlation(make_record) -> None:
    """As two points, (0.2, 0.9) and (0.6, 0.8), they would make it −0.90 over five."""
    records = [make_record(method="classic-balanced", score=0.5)] + [
        make_record(method=name, generative=found(kid), score=score)
        for name, kid, score in [
            ("a", 0.2, 0.9),
            ("a[x=1]", 0.6, 0.8),  # with a: 0.4, 0.85
            ("b", 0.3, 0.86),
            ("c", 0.5, 0.84),
            ("d", 0.7, 0.82),
        ]
    ]
    text = [plain(block.text) for block in section(records) if isinstance(block, Paragraph)]
    assert any("over 4 methods, variants of one averaged: −1.00" in line for line in text), text


def test_nearest_pairs_are_shown_by_class(make_record, tmp_path: Path) -> None:
    run = make_record(method="dcgan", generative=found(0.5))
    folder = Store(tmp_path).run_folder(run.run_id)
    folder.mkdir(parents=True)
    rows = np.full((4 * 52, 520, 3), 255, dtype=np.uint8)
    Image.fromarray(rows).save(folder / "nearest.png")
    drawing = Drawing(tmp_path)
    (figure,) = images.nearest(Results.of([run], folder=tmp_path), drawing, "cells")
    drawing.finish()
    assert (tmp_path / figure.path).exists()
    assert "nearest training images of cells: a, b" in figure.alt
    assert plain(figure.caption).endswith("copies would look the same; seed 0.")
