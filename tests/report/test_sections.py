"""Sections of the report against figures worked by hand: single images, ranks, variants, costs by phase."""

import numpy as np
import pytest

from report.across import across
from report.compare import against_base, compare
from report.content import compose
from report.document import Items, Paragraph, Table, plain
from report.drawing import Drawing
from report.one_seed import one_seed
from report.phase_costs import phase_cost_table
from report.single_images import SingleImages, image_table
from report.stability import stability
from report.study import Results
from report.tables import cost_table
from report.variants import ablations, grids, variants
from report.verdicts import verdict_table
from results import PhaseTime, Predictions, Store, Study, save_predictions


def cells(table):
    return [[plain(cell) for cell in row] for row in table.rows]


def predicted(store, record, right):
    """Predictions of two classes of which the given images are called right."""
    labels = np.arange(len(right)) % 2
    shares = np.where((labels == 1) == right, 0.8, 0.2)
    predictions = Predictions(labels, np.stack([1 - shares, shares], 1).astype(np.float32))
    save_predictions(predictions, store.run_folder(record.run_id))


def test_one_seeds_test_images_alone_tell_where_all_agree(make_record, tmp_path):
    records = []
    for seed in range(3):
        for method, wrong in (("classic-balanced", 60), ("sure", 0), ("same", 60)):
            run = make_record(method=method, seed=seed, score=1 - wrong / 200 - 0.001 * seed * (method == "sure"))
            predicted(Store(tmp_path), run, np.arange(200) >= wrong)
            records.append(run)
    results = Results.of(records, folder=tmp_path)
    images = SingleImages(results, "cells")
    table = image_table(results, "cells", compare(results), images)
    rows = {row[0]: row for row in cells(table)}
    # 60 of 200 images differ: binomial sd of a difference in accuracy √(.3 · .7 / 200) = 3.2 points
    assert rows["sure"][3] in ("3.2", "3.3") and rows["sure"][5] == "3 / 0" and rows["sure"][7] == "3 / 0"
    assert rows["sure"][4] == "> 100 %", "the seeds differ by 0.1 points, the test images alone make 3.2"
    assert rows["same"][1:] == ["3", "0.0", "0.0", "–", "0 / 0", "0.0", "0 / 0"]
    counts, n = images.confusions["classic-balanced"]
    assert n == 3 and counts.tolist() == [[3 * 70, 3 * 30], [3 * 30, 3 * 70]]


def test_who_stays_first(make_record):
    scores = {"a": [0.9, 0.9, 0.9, 0.6], "b": [0.8, 0.8, 0.8, 0.8], "c": [0.1, 0.1, 0.1, 0.1], "d": [0.99]}
    records = [make_record(method=m, seed=i, score=s) for m, of in scores.items() for i, s in enumerate(of)]
    said, table = stability(Results.of(records), "cells")
    first, second, third = cells(table)
    assert (first[0], second[0], third) == ("a", "b", ["c", "3", "0.100", "0 %"])
    # a stays first where the fourth seed is drawn at most once in four: (3/4)⁴ + 4 (1/4) (3/4)³ = 74 %
    assert abs(int(first[3].split()[0]) - 74) <= 3
    assert plain(said.text).startswith(f"a has the highest mean balanced accuracy, and keeps it in {first[3]}")
    assert "Left out, since seeds are missing: d." in table.caption


def test_who_stays_first_is_asked_where_the_most_scores_are(make_record):
    seeds = {"a": 6, "b": 6, "c": 6, "late": 3}  # 3 × 6 scores without a gap, or 4 × 3
    records = [make_record(method=m, seed=i, score=0.5 + i / 100) for m, n in seeds.items() for i in range(n)]
    said, table = stability(Results.of(records), "cells")
    assert "draw these 6 seeds again" in plain(said.text)
    assert "Left out, since seeds are missing: late." in table.caption
    records += [make_record(method="late", seed=i, score=0.5) for i in (3, 4)]  # 4 × 5 are more
    said, table = stability(Results.of(records), "cells")
    assert "draw these 5 seeds again" in plain(said.text) and len(table.rows) == 4


def test_one_lucky_and_one_unlucky_seed(make_record):
    scores = {"classic-balanced": [0.80, 0.80, 0.80], "gan": [0.83, 0.79, 0.80], "good": [0.81, 0.9, 0.85]}
    records = [make_record(method=m, seed=i, score=s) for m, of in scores.items() for i, s in enumerate(of)]
    results = Results.of(records)
    said, table = one_seed(results, "cells", compare(results))
    rows = {row[0]: row[1:] for row in cells(table)}
    assert rows["gan"][:4] == ["classic-balanced", "+0.030 (0)", "−0.010 (1)", "1 of 3"]
    assert rows["good"][1:4] == ["+0.100 (1)", "+0.010 (0)", "3 of 3"]
    assert plain(said.text) == (
        "Had one seed been run, 1 of 2 comparisons could have come out either way: in balanced accuracy gan comes out "
        "with seed 0 3.0 points above classic-balanced, or with seed 1 1.0 points below it."
    )


def test_of_the_calibration_error_the_luckiest_seed_is_the_lowest(make_record):
    def of(ece):
        return make_record(score=0.5).metrics.model_copy(update={"ece": ece})

    errors = {"classic-balanced": [0.10, 0.10], "gan": [0.12, 0.13]}
    records = [make_record(method=m, seed=i, metrics=of(e)) for m, es in errors.items() for i, e in enumerate(es)]
    results = Results.of(records, study=Study(metric="ece"))
    said, table = one_seed(results, "cells", compare(results))
    assert plain(said.text) == "Of 1 comparison none would have come out the other way with one seed."
    assert cells(table)[0][2:5] == ["+0.020 (0)", "+0.030 (1)", "0 of 2"]


def test_one_seed_alone_has_no_lucky_one(make_record):
    results = Results.of([make_record(method=m) for m in ("classic-balanced", "gan")])
    assert list(one_seed(results, "cells", compare(results))) == []


def test_of_the_calibration_error_the_lowest_is_first(make_record):
    records = [
        make_record(method=m, seed=i, metrics=make_record(score=0.5).metrics.model_copy(update={"ece": e + 0.001 * i}))
        for m, e in (("a", 0.1), ("b", 0.2))
        for i in range(3)
    ]
    said, _ = stability(Results.of(records, study=Study(metric="ece")), "cells")
    assert plain(said.text).startswith("a has the lowest mean calibration error, and keeps it in 100 %")


def test_ranks_across_datasets_or_why_not(make_record, tmp_path):
    def of(n):
        return Results.of(
            [
                make_record(dataset=f"d{k}", method=m, seed=i, score=s - 0.01 * k)
                for k in range(n)
                for m, s in (("a", 0.9), ("b", 0.8), ("c", 0.7))
                for i in range(2)
            ]
        )

    assert list(across(of(1), Drawing(tmp_path))) == []
    (_, why) = across(of(4), Drawing(tmp_path))
    assert "need 5 datasets on which every method has scores, and there are 4" in plain(why.text)
    _, said, _, table = across(of(6), Drawing(tmp_path))
    # the same order on six datasets: χ² = 12 · 6 / (3 · 4) · ((1 − 2)² + 0 + (3 − 2)²) = 12
    assert "χ² = 12.00, p = 0.0025; the methods are not all alike" in plain(said.text)
    assert [row[:2] for row in cells(table)] == [["a", "1.00"], ["b", "2.00"], ["c", "3.00"]]


def timed(record, **phases):
    times = {name: PhaseTime(wall_s=s, cpu_s=s) for name, s in phases.items()}
    return record.model_copy(update={"timing": record.timing.model_copy(update={"phases": times})})


def test_tables_of_times_count_the_runs_that_have_none(make_record):
    runs = [make_record(seed=seed, status="ok" if seed else "failed") for seed in range(3)]
    results = Results.of([*runs, make_record(method="classic", seed=0)])
    (kind,) = results.kinds
    counted = [row[:2] for row in cells(cost_table(results, "cells", kind)) if row[0]]
    assert sorted(counted) == [["classic", "1"], ["none", "2 of 3"]]


def test_a_study_of_one_dataset_says_why_it_has_no_ranks_across_datasets(make_record, tmp_path):
    document = compose(Results.of([make_record(seed=seed) for seed in range(2)]), tmp_path, [])
    said = [plain(item) for block in document.blocks if isinstance(block, Items) for item in block.items]
    assert "ranks across datasets: none, for they take 5 datasets or more" in said


def test_costs_phase_by_phase_are_shares_of_the_references_run(make_record):
    records = []
    for seed in range(3):
        score = 0.8 + 0.01 * seed
        base = make_record(method="classic-balanced", seed=seed, score=score)
        two = make_record(method="dcgan", seed=seed, score=score, tier="two-stage")
        records += [timed(base, classifier=10.0, score=5.0), timed(two, generator=30.0, classifier=11.0, score=9.0)]
    results = Results.of(records)
    table = phase_cost_table(results, "cells", compare(results))
    assert [column.name for column in table.columns] == [
        "method",
        "held against",
        "pairs",
        "generator",
        "classifier",
        "whole run",
    ]
    ((_, _, _, generator, classifier, whole),) = cells(table)
    assert (generator, classifier, whole) == ("×3.00 [3.00, 3.00]", "×1.10 [1.10, 1.10]", "×4.10 [4.10, 4.10]")
    assert phase_cost_table(Results.of([make_record()]), "cells", []) is None


def test_a_reference_of_two_phases_shows_what_each_is_of_its_whole(make_record):
    records = []
    for seed in range(3):
        two = make_record(method="vitgan", seed=seed, tier="two-stage")
        one = make_record(method="unified", seed=seed, tier="unified")
        records += [timed(two, generator=30.0, classifier=10.0, score=5.0), timed(one, joint=32.0, score=5.0)]
    results = Results.of(records, study=Study(name="x", reference="vitgan"))
    table = phase_cost_table(results, "cells", compare(results))
    assert [column.name for column in table.columns][3:-1] == ["generator", "classifier", "joint"]
    exactly = [f"×{x} [{x}, {x}]" for x in ("0.75", "0.25", "0.80", "1.00")]
    assert [row[:2] for row in cells(table)] == [["unified", "vitgan"], ["vitgan", "vitgan"]]
    assert cells(table)[0][5:] == [exactly[2], exactly[2]]
    assert cells(table)[1][3:5] + cells(table)[1][6:] == [exactly[0], exactly[1], exactly[3]]


def settings(make_record, names, base):
    noise = np.array([0.002, -0.001, 0.0, -0.001])
    return [
        make_record(
            method=name,
            tier="unified",
            seed=i,
            score=0.8 + shift + float(noise[(i + len(name)) % 4]),
            parameters=base | of,
        )
        for name, (of, shift) in names.items()
        for i in range(6)
    ] + [make_record(method="classic-balanced", seed=i, score=0.8 - float(noise[i % 4])) for i in range(6)]


def test_switches_are_ablations(make_record, tmp_path):
    base = {"classifier": "cnn", "projection": True, "selection": "full"}
    names = {
        "u": ({}, 0.05),
        "u[projection=false]": ({"projection": False}, 0.0),
        "u[selection=none]": ({"selection": "none"}, 0.05),
    }
    results = Results.of(settings(make_record, names, base))
    (group,) = variants(results)
    assert (group.base, group.varied, group.is_grid) == ("u", ["projection", "selection"], False)
    switched = against_base(results, [("u", list(names)[1:])])
    words = {one.method: one.word for one in switched if one.metric == "balanced_accuracy"}
    assert words == {"u[projection=false]": "worse", "u[selection=none]": "equivalent"}
    drawing = Drawing(tmp_path)
    (figure,) = ablations(results, drawing, "cells", switched, [group])
    drawing.finish()
    assert (tmp_path / figure.path).is_file() and (tmp_path / figure.path).with_suffix(".svg").is_file()
    assert list(grids(results, drawing, "cells", compare(results), [group])) == []


def test_parameters_that_vary_span_a_grid(make_record, tmp_path):
    base = {"classifier": "cnn", "steps": 100, "rate": 0.1}
    names = {
        "u": ({}, 0.0),
        "u[steps=200]": ({"steps": 200}, 0.02),
        "u[rate=0.2]": ({"rate": 0.2}, -0.02),
        "u[rate=0.2,steps=200]": ({"rate": 0.2, "steps": 200}, 0.0),
    }
    results = Results.of(settings(make_record, names, base))
    (group,) = variants(results)
    assert group.is_grid and group.varied == ["steps", "rate"]
    drawing = Drawing(tmp_path)
    (figure,) = grids(results, drawing, "cells", compare(results), [group])
    drawing.finish()
    assert (tmp_path / figure.path).is_file()
    assert list(ablations(results, drawing, "cells", [], [group])) == []


def test_one_classifiers_variants_are_no_other_classifiers(make_record):
    records = [
        make_record(method="none"),
        make_record(method="none[classifier=vit]", parameters={"classifier": "vit"}),
    ]
    assert variants(Results.of(records)) == []


def test_a_switch_that_brings_its_own_classifier_joins_the_others(make_record):
    vit, conv = {"classifier": "vit", "backbone": "vit"}, {"classifier": "cnn", "backbone": "conv"}
    records = [
        make_record(method="u", parameters=vit),
        make_record(method="u[backbone=conv,classifier=cnn]", parameters=conv),
        make_record(method="u[classifier=big]", parameters=vit | {"classifier": "big"}),
    ]
    (group,) = variants(Results.of(records))
    assert group.settings == {"u": {"backbone": "vit"}, "u[backbone=conv,classifier=cnn]": {"backbone": "conv"}}


def test_blocks_are_of_the_documents_kinds(make_record):
    records = [make_record(method=m, seed=i, score=0.5) for m in ("a", "b") for i in range(2)]
    assert [type(block) for block in stability(Results.of(records), "cells")] == [Paragraph, Table]


def calibrated(record, *, slowness=1.0, calibration=0.01, **phases):
    """A run on a machine that is so many times slower than the calibration says it usually is."""
    slow = timed(record, **{name: slowness * s for name, s in phases.items()})
    timing = slow.timing.model_copy(update={"calibration_s": calibration and slowness * calibration})
    return slow.model_copy(update={"timing": timing})


def uneven(make_record, *, calibration=0.01, seconds=20.0, slowness=(1.0, 2.0, 1.0)):
    """A method of three times its reference's cost, whose own runs met a slower machine with the second seed."""
    records = []
    for seed, slow in enumerate(slowness):
        base = make_record(method="classic-balanced", seed=seed, score=0.8 + 0.01 * seed)
        two = make_record(method="dcgan", seed=seed, score=0.8 + 0.02 * seed, tier="two-stage")
        records.append(calibrated(base, calibration=0.01, classifier=seconds, score=5.0))
        of = {"generator": 2 * seconds, "classifier": seconds, "score": 5.0}
        records.append(calibrated(two, slowness=slow, calibration=calibration, **of))
    return Results.of(records)


def test_a_slow_hour_of_the_machine_does_not_make_a_method_dear(make_record):
    results = uneven(make_record)
    one = compare(results)[0]
    assert one.at_equal_speed and one.cost_ratio == pytest.approx(3.0)
    assert one.cost_interval == pytest.approx((3.0, 3.0))
    table = phase_cost_table(results, "cells", compare(results))
    assert cells(table)[0][3:] == ["×2.00 [2.00, 2.00]", "×1.00 [1.00, 1.00]", "×3.00 [3.00, 3.00]"]
    said = "Cost ratios are at equal speed of the machine"
    assert said in table.caption and said in verdict_table(compare(results), "cells").caption
    assert results.runs["cost_s"].max() == 120.0, "seconds that are shown stay as they were measured"


@pytest.mark.parametrize("odd", [{"calibration": None}, {"seconds": 9.99}], ids=["no calibration", "short runs"])
def test_without_good_calibrations_costs_are_of_plain_seconds(make_record, odd):
    results = uneven(make_record, **odd)
    one = compare(results)[0]
    # seconds 3, 6 and 3 times those of the reference
    assert not one.at_equal_speed and one.cost_ratio == pytest.approx(3 * 2 ** (1 / 3))
    table = phase_cost_table(results, "cells", compare(results))
    said = "Cost ratios are of plain seconds."
    assert said in table.caption and said in verdict_table(compare(results), "cells").caption


def test_a_run_of_a_thousand_calibrations_is_long_enough(make_record):
    assert compare(uneven(make_record, seconds=10.0))[0].at_equal_speed
