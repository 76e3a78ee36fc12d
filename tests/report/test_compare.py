"""Comparisons of whole studies, those in which something is missing among them."""

import json

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from bench.commands.app import app
from report.compare import compare, head_to_head
from report.comparison import KEYS, Comparison
from report.document import plain
from report.findings import findings, one_or_two, own_five_percent
from report.numbers import minus
from report.phase_costs import phase_cost_table
from report.study import Results
from report.verdicts import overview_table, verdict_table
from results import Predictions, Store, Study, save_predictions

BASE = [0.80, 0.82, 0.81, 0.79, 0.83, 0.80]
NOISE = np.array([0.002, -0.001, 0.0, 0.001, -0.002, 0.0])


@pytest.fixture
def study(make_record):
    """Records of a reference and of methods with the given differences to it; None diverged."""

    def build(**shifts):
        records = [make_record(method="classic-balanced", seed=i, score=score) for i, score in enumerate(BASE)]
        for method, values in shifts.items():
            for i, shift in enumerate(values):
                entries = {"status": "diverged"} if shift is None else {"score": BASE[i] + float(shift)}
                records.append(make_record(method=method, seed=i, tier="two-stage", **entries))
        return records

    return build


def first(records, method, **options):
    return next(one for one in compare(Results.of(records), **options) if one.method == method)


def words(records) -> str:
    results = Results.of(records)
    blocks = findings(compare(results), "cells", rope=0.01, clock="CPU")
    return "\n".join(plain(t) for b in blocks for t in (b.items if hasattr(b, "items") else (b.text,)))


def test_each_kind_of_outcome_is_said(study):
    wide = 0.05 * np.array([1, -1, 1, -1, 1, -0.5])
    records = study(up=NOISE + 0.03, down=NOISE - 0.03, same=NOISE, wide=wide)
    assert [first(records, m).verdict for m in ("up", "down", "same", "wide")] == [
        "better", "worse", "equivalent", "undecided"
    ]  # fmt: skip
    text = words(records)
    assert "1 better, 1 worse, 1 equivalent, 1 undecided" in text
    assert "up is better by 3.0 points" in text and "down is worse by 3.0 points" in text
    assert "seeds would settle it" in text
    assert len(verdict_table(compare(Results.of(records)), "cells").rows) == 8


def test_p_is_scipys_and_holm_counts_the_family(study):
    records = study(up=NOISE + 0.001, down=NOISE - 0.03)
    p = stats.ttest_1samp(NOISE + 0.001, 0).pvalue
    assert first(records, "up").p == pytest.approx(p, rel=1e-9)
    assert first(records, "up").p_holm == pytest.approx(p)  # the larger of two keeps its own
    apart = Results.of(records, study=Study(families={"placebo": ["up"]}))
    assert {one.family for one in compare(apart)} == {"placebo", "main"}


def test_diverged_runs_stand_in_the_verdict(study):
    one = first(study(up=[None, *(NOISE + 0.03)[1:]]), "up")
    assert (one.n, one.n_diverged, one.n_dropped, one.verdict) == (5, 1, 1, "better when it trains (5 of 6)")


def test_a_reference_that_diverged_stands_in_the_verdict_too(study):
    records = study(up=[None, *(NOISE + 0.03)[1:]])
    records = [
        r.model_copy(update={"status": "diverged", "metrics": None})
        if r.method == "classic-balanced" and r.seed > 4
        else r
        for r in records
    ]
    one = first(records, "up")
    shares = "when it trains (5 of 6) and classic-balanced trains (5 of 6)"
    assert (one.n, one.n_diverged, one.verdict) == (4, 1, f"better {shares}")
    assert f"up is better {shares} by 3.0 points" in words(records)
    early = first([r for r in records if r.method != "up" or r.seed < 5], "up")
    assert early.verdict == "better when it trains (4 of 5)", "of seeds that it was not run with nothing is said"
    none = [r if r.method == "up" else r.model_copy(update={"status": "diverged", "metrics": None}) for r in records]
    assert first(none, "up").reason == "every run of classic-balanced with its seeds failed"


def test_few_equal_or_missing_scores_are_undecided_with_a_reason(study, make_record):
    assert first(study(up=[0.1]), "up").reason == "one pair tells nothing of other seeds"
    assert first(study(up=[None, None]), "up").n == 0
    assert "same amount" in first(study(up=[0.0625] * 6), "up").reason
    assert first(study(up=[0.0] * 6), "up").verdict == "equivalent"
    few = first(study(up=[0.0] * 5), "up")
    assert few.verdict == "undecided" and "are equal, and so few may be so by chance" in few.reason
    shift = NOISE[:5] + 0.0015
    assert first(study(up=[0.0] * 5, down=shift), "down").p_holm == 2 * first(study(down=shift), "down").p, "it counts"
    fixed = [r.model_copy(update={"split": r.split.model_copy(update={"rule": "fixed-test"})}) for r in study(up=NOISE)]
    assert "stored its predictions" in first(fixed, "up").reason
    assert compare(Results.of([make_record()])) == []
    assert "no method has a reference arm" in words([make_record()])


def test_unpaired_seeds_are_refused_by_the_command_and_told_by_the_report(study, make_record, tmp_path):
    store = Store(tmp_path)
    store.write_study(Study(name="s", seeds=list(range(10))))
    for record in [*study(), *(make_record(method="dcgan", seed=s) for s in (8, 9))]:
        store.write(record)
    said = CliRunner().invoke(app, ["compare", str(tmp_path)])
    assert said.exit_code == 3
    assert "dcgan cannot be compared on cells" in said.stderr
    assert "the method has seeds 8, 9, classic-balanced seeds 0, 1, 2, 3, 4, 5" in " ".join(said.stderr.split())
    assert CliRunner().invoke(app, ["report", str(tmp_path)]).exit_code == 0


def test_the_command_prints_the_fixed_keys(study, tmp_path):
    store = Store(tmp_path)
    store.write_study(Study(name="s", seeds=list(range(6))))
    for record in study(up=NOISE + 0.03):
        store.write(record)
    found = CliRunner().invoke(app, ["compare", str(tmp_path), "--json"])
    assert found.exit_code == 0
    printed = json.loads(found.stdout)
    assert [tuple(one) for one in printed] == [KEYS, KEYS]
    assert [one["metric"] for one in printed] == ["balanced_accuracy", "macro_ap"]
    assert CliRunner().invoke(app, ["compare", str(tmp_path), "--reference", "nope"]).exit_code == 2
    printed = CliRunner().invoke(app, ["compare", str(tmp_path)]).stdout
    assert "better" in printed and "How often each method comes first" in " ".join(printed.split())
    assert "G-mean" in CliRunner().invoke(app, ["compare", str(tmp_path), "--metric", "g_mean"]).stdout
    assert CliRunner().invoke(app, ["compare", str(tmp_path), "--metric", "nope"]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+0.036", "+0.036"),
        ("-0.036, +0.017", "−0.036, +0.017"),
        ("+0.000", "0.000"),
        ("-0.0", "0.0"),
        ("-10.0", "−10.0"),
    ],
)
def test_signs_are_true_minus_signs_and_what_rounds_to_zero_has_none(text, shown):
    assert minus(text) == shown


def test_of_the_brier_score_less_is_better(study):
    shifts = {"calmer": NOISE - 0.03, "wilder": NOISE + 0.03}
    records = with_metrics(study(**shifts), **{name: {"brier": shift} for name, shift in shifts.items()})
    results = Results.of(records, study=Study(metric="brier"))
    found = {one.method: one for one in compare(results) if one.metric == "brier"}
    assert (found["calmer"].word, found["wilder"].word) == ("better", "worse")
    assert found["calmer"].difference == pytest.approx(-0.03) and found["calmer"].p_better > 0.95
    text = "\n".join(plain(t) for b in findings(compare(results), "cells", rope=0.01, clock="CPU") for t in texts(b))
    assert "in Brier score, of which less is better: 1 better, 1 worse" in text
    assert "calmer is better by 3.0 points (95 % interval 2.9 to 3.1)" in text
    assert "less is better" in verdict_table(compare(results), "cells").caption


def texts(block):
    return block.items if hasattr(block, "items") else (block.text,)


def test_the_interval_of_a_worse_method_has_the_sign_of_its_words(study):
    text = words(study(down=NOISE - 0.03))
    assert "down is worse by 3.0 points (95 % interval 2.9 to 3.1)" in text


def with_metrics(records, **values):
    """The same records with single metrics replaced: by method, one shift for each seed."""
    return [
        record
        if record.method not in values
        else record.model_copy(
            update={
                "metrics": record.metrics.model_copy(
                    update={
                        name: BASE[record.seed] + float(shift[record.seed])
                        for name, shift in values[record.method].items()
                    }
                )
            }
        )
        for record in records
    ]


@pytest.mark.parametrize(
    ("score", "ranking", "said"),
    [
        (
            NOISE + 0.03,
            NOISE,
            "better in balanced accuracy, equivalent in macro AP (0.0 points (95 % interval −0.1 to 0.1)). Balanced "
            "accuracy rises when the operating point moves",
        ),
        (
            NOISE,
            NOISE - 0.03,
            "equivalent in balanced accuracy, worse in macro AP (−3.0 points (95 % interval −3.1 to −2.9)). Macro AP "
            "looks at the ranking alone",
        ),
        (NOISE - 0.03, NOISE + 0.03, "worse in balanced accuracy, better in macro AP (+3.0 points"),
        (NOISE + 0.03, NOISE + 0.03, None),
    ],
)
def test_where_the_metrics_disagree_the_report_says_that_and_why(study, score, ranking, said):
    records = with_metrics(study(arm=score), arm={"macro_ap": ranking})
    text = words(records)
    assert ("The metrics disagree on arm" in text) == (said is not None)
    assert said is None or said in text


def costly(records, **factors):
    """Cost of each method as a multiple of ten seconds, a little different from seed to seed."""

    def of(record):
        time = record.timing.phases["classifier"]
        seconds = 10 * factors.get(record.method, 1.0) * (1 + 0.01 * (record.seed % 3))
        phases = {"classifier": time.model_copy(update={"cpu_s": seconds + 0.1 * (record.seed % 2)})}
        return record.model_copy(update={"timing": record.timing.model_copy(update={"phases": phases})})

    return [of(record) for record in records]


def test_better_and_cheaper_needs_both(study):
    records = costly(study(up=NOISE + 0.03, dear=NOISE + 0.03, same=NOISE), up=0.5, dear=2.0, same=0.5)
    assert [first(records, m).better_and_cheaper for m in ("up", "dear", "same")] == [True, False, False]
    text = words(records)
    assert "It is better and cheaper: it costs 0.50 times the CPU seconds" in text
    assert "It costs 2.0" in text and "It does the same for less: it costs 0.50 times" in text
    assert text.count("better and cheaper") == 1


def test_cost_ratios_are_of_the_kind_of_times_that_most_pairs_have_and_say_how_many(study):
    records = costly(study(up=NOISE + 0.03), up=2.0)
    mixed = [
        r.model_copy(update={"timing": r.timing.model_copy(update={"contended": "neighbours"})}) if r.seed < 2 else r
        for r in costly(records, up=5.0)
    ]
    mixed = [r if m.timing.contended == "none" else m for r, m in zip(records, mixed, strict=True)]
    one = first(mixed, "up")
    assert (one.n, one.n_cost) == (6, 4) and one.cost_ratio == pytest.approx(2.0, rel=0.02), "and not of 5 too"
    assert ", 4 pairs)" in words(mixed) and " pairs)" not in words(records)
    table = verdict_table(compare(Results.of(mixed)), "cells")
    cell = table.rows[0][[column.name for column in table.columns].index("cost ratio [95 %]")]
    assert plain(cell).endswith("] (4)") and "of how many pairs" in table.caption
    phases = phase_cost_table(Results.of(mixed), "cells", compare(Results.of(mixed)))
    assert phases.rows[0][2] == "4"
    lone = [r for r in mixed if r.seed in (0, 2)]
    assert "costs 5.00 times the CPU seconds of the reference (1 pair)." in words(lone), "no interval, but how many"
    assert "of how many pairs" not in verdict_table(compare(Results.of(records)), "cells").caption


def test_one_process_is_held_against_two_with_the_same_classifier(study, make_record):
    records = study(vitgan=NOISE, other=NOISE)
    vit = {"classifier": "vit"}
    for name, shift in (("unified", 0.03), ("unified[selection=none]", 0.0)):
        records += [
            make_record(method=name, seed=i, score=b + shift - float(NOISE[i]), tier="unified", parameters=vit)
            for i, b in enumerate(BASE)
        ]
    records = [r.model_copy(update={"parameters": vit}) if r.method == "vitgan" else r for r in records]
    found = head_to_head(Results.of(costly(records, unified=0.6)))
    assert [(one.method, one.reference, one.metric, one.word) for one in found] == [
        ("unified", "vitgan", "balanced_accuracy", "better"),
        ("unified", "vitgan", "macro_ap", "better"),
    ]
    text = "\n".join(plain(t) for b in one_or_two(found, "cells", rope=0.01, clock="CPU") for t in texts(b))
    assert "unified is better than vitgan by 3.0 points" in text and "It is better and cheaper" in text
    assert "(a family of 1 comparison)" in text and "disagree" not in text
    same = {r.run_id: r for r in with_metrics(records, unified={"macro_ap": NOISE}, vitgan={"macro_ap": NOISE})}
    found = head_to_head(Results.of([same.get(r.run_id, r) for r in records]))
    text = "\n".join(plain(t) for b in one_or_two(found, "cells", rope=0.01, clock="CPU") for t in texts(b))
    assert "The metrics disagree on unified beside vitgan: better in balanced accuracy, equivalent in macro AP" in text
    assert head_to_head(Results.of(study(up=NOISE))) == []


def test_with_five_seeds_the_report_says_what_they_could_show(study):
    text = words(study(up=(NOISE + 0.03)[:5]))
    assert "With 5 pairs a sign-flip test cannot go below p = 0.0625, whatever the difference." in text
    assert "5 pairs find a true difference four times in five only above" in text
    assert "sign-flip" not in words(study(up=NOISE + 0.03))
    mixed = study(up=NOISE + 0.03, late=NOISE + 0.02)
    text = words([run for run in mixed if run.method != "late" or run.seed < 5])
    assert "With 5 pairs (late) a sign-flip test cannot go below p = 0.0625" in text


def test_a_difference_that_no_score_can_show_is_not_told_as_detectable(study):
    """Of pairs 0.8 apart the standard error is 0.4 or more, and t with one degree of freedom asks for 12.7 of it."""
    records = study(up=np.array([0.15, -0.65]))
    wide = words(records)
    assert "2 pairs cannot be relied on to find any difference: not even one of 100 points." in wide
    table = verdict_table(compare(Results.of(records)), "cells")
    assert {row[[column.name for column in table.columns].index("detectable")] for row in table.rows} == {"> 1"}
    both = words(study(up=np.array([0.15, -0.65]), close=np.array([0.001, 0.002])))
    assert "points (1 method not counted: there not even one of 100 points)." in both


def test_an_interval_that_leaves_zero_out_beside_an_undecided_verdict_is_explained():
    def one(interval):
        return Comparison(
            method="gan", dataset="cells", reference="none", metric="balanced_accuracy", family="main", n=8,
            n_diverged=0, difference=sum(interval) / 2, interval=interval, p=0.03, p_holm=0.09, seeds_needed=12,
        )  # fmt: skip

    def told(interval):
        return "".join(plain(t) for b in findings([one(interval)], "cells", rope=0.01, clock="CPU") for t in texts(b))

    assert "undecided though its interval leaves zero out" in told((0.01, 0.05))
    assert "undecided though its interval leaves zero out" in told((-0.05, -0.01))
    assert "leaves zero out" not in told((-0.01, 0.05))


@pytest.mark.parametrize(("spread", "said"), [(0.15, "The difference is real but"), (2.5, "The mean difference is")])
def test_a_claim_within_the_rope_is_called_small_only_where_that_is_sure(study, spread, said):
    """0.8 points with an error of 0.01, or of 0.14: of Student's t on 5 degrees 0.89 lie within a point then."""
    records = study(up=0.008 + spread * NOISE)
    one = first(records, "up")
    assert one.word == "better" and one.p_equivalent == pytest.approx(1.0 if spread < 1 else 0.89, abs=0.01)
    assert f"{said} within the ±1.0 points that count as equivalent." in words(records)


def test_the_table_names_families_and_their_sizes(study):
    records = study(up=NOISE, down=NOISE, placebo=NOISE)
    found = compare(Results.of(records, study=Study(families={"placebos": ["placebo"]})))
    assert "within its family and metric (main 2, placebos 1)." in verdict_table(found, "cells").caption
    assert "within its family and metric." in verdict_table(compare(Results.of(records)), "cells").caption


def test_each_metric_and_dataset_is_said_to_be_a_question_of_its_own(study):
    one = compare(Results.of(study(up=NOISE)))
    assert plain(own_five_percent(one)).startswith(
        "Each metric (balanced accuracy and macro AP) is a question of its own"
    )
    both = compare(Results.of([*study(up=NOISE), *(r.model_copy(update={"dataset": "b"}) for r in study(up=NOISE))]))
    assert "and each dataset is a question of its own" in plain(own_five_percent(both))
    assert overview_table(one) is None and len(overview_table(both).columns) == 3


def test_of_many_methods_only_those_with_a_claim_get_a_sentence_each(study):
    many = {f"m{k}": NOISE for k in range(8)}
    text = words(study(up=NOISE + 0.03, **many))
    assert "up is better by" in text and "m3 is equivalent" not in text
    assert "Equivalent: m0 (0.0 points), m1 (0.0 points)" in text


def test_shared_test_images_of_one_slide_tell_nothing_of_others(study, tmp_path):
    records = []
    for record in study(up=NOISE):
        records.append(record.model_copy(update={"split": record.split.model_copy(update={"rule": "fixed-test"})}))
        stored = Predictions(np.arange(8) % 2, np.full((8, 2), 0.5, np.float32), np.zeros(8, dtype=int))
        save_predictions(stored, Store(tmp_path).run_folder(record.run_id))
    one = next(c for c in compare(Results.of(records, folder=tmp_path)) if c.metric == "balanced_accuracy")
    assert one.word == "undecided" and "of one group" in one.reason


@pytest.mark.parametrize("grouped", [False, True])
def test_shared_test_images_add_their_sampling_to_the_error(study, tmp_path, grouped):
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    groups = np.arange(120) // 4 if grouped else None
    records = []
    for record in study(up=NOISE):
        split = record.split.model_copy(update={"rule": "fixed-test"})
        right = rng.uniform(size=120) < (0.9 if record.method == "up" else 0.7)
        shares = np.where((labels == 1) == right, 0.8, 0.2)
        folder = Store(tmp_path).run_folder(record.run_id)
        save_predictions(Predictions(labels, np.stack([1 - shares, shares], 1).astype(np.float32), groups), folder)
        records.append(record.model_copy(update={"split": split}))
    one = next(c for c in compare(Results.of(records, folder=tmp_path)) if c.metric == "balanced_accuracy")
    spread = stats.ttest_1samp(NOISE, 0).confidence_interval(0.95)
    assert one.reason == "" and one.rule == "fixed-test"
    # each run's accuracy has a binomial variance of about 0.2 / 120, six independent ones a side
    half = (one.interval[1] - one.interval[0]) / 2
    error = half / stats.t.ppf(0.975, 5)
    assert error == pytest.approx(((0.09 + 0.21) / 120 / 6) ** 0.5, rel=0.35)
    assert half > 5 * (spread.high - spread.low) / 2
    assert "the seeds share their test images" in words_of(one) or one.seeds_needed is not None


def words_of(one):
    return "\n".join(plain(t) for b in findings([one], one.dataset, rope=0.01, clock="CPU") for t in texts(b))
