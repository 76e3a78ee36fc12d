"""Comparisons of whole studies, those in which something is missing among them."""

import json

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from bench.commands.app import app
from report.compare import KEYS, compare
from report.document import plain
from report.findings import _minus, findings, verdict_table
from report.study import Results
from results import Store, Study

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


def test_few_equal_or_missing_scores_are_undecided_with_a_reason(study, make_record):
    assert first(study(up=[0.1]), "up").reason == "one pair tells nothing of other seeds"
    assert first(study(up=[None, None]), "up").n == 0
    assert "same amount" in first(study(up=[0.0625] * 6), "up").reason
    assert first(study(up=[0.0] * 6), "up").verdict == "equivalent"
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
    assert "better" in CliRunner().invoke(app, ["compare", str(tmp_path)]).stdout


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
    assert _minus(text) == shown
