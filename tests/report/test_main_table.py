"""The main table as CSV and LaTeX."""

import numpy as np
import pandas as pd
import pytest

from report.compare import compare
from report.main_table import main_frame
from report.study import Results


def test_a_row_holds_what_the_records_say(written_study, study_records):
    table = pd.read_csv(written_study / "table.csv").set_index(["dataset", "method"])
    assert len(table) == 10
    row = table.loc[("cells", "none")]
    scores = {
        m: [r.metrics.macro_f1 for r in study_records if (r.dataset, r.method) == ("cells", m)] for m in ("none",)
    }
    assert row["macro_f1_mean"] == pytest.approx(np.mean(scores["none"]))
    assert row["macro_f1_sd"] == pytest.approx(np.std(scores["none"], ddof=1))
    assert row["reference"] == "classic-balanced" and row["n_ok"] == 3
    assert table.loc[("cells", "unified"), "n_diverged"] == 1
    assert np.isnan(table.loc[("cells", "classic-balanced"), "macro_ap_difference"])


def test_verdicts_are_those_of_compare(written_study, study_records):
    table = pd.read_csv(written_study / "table.csv").set_index(["dataset", "method"])
    for one in compare(Results.of(study_records)):
        row = table.loc[(one.dataset, one.method)]
        assert row[f"{one.metric}_verdict"] == one.verdict
        assert row[f"{one.metric}_difference"] == pytest.approx(one.difference)
        assert (row[f"{one.metric}_low"], row[f"{one.metric}_high"]) == pytest.approx(one.interval)


def test_no_scores_leave_empty_cells(make_record):
    error = {"type": "E", "message": "m", "phase": None}
    results = Results.of([make_record(status="failed", error=error, split=None, timing=None)])
    (row,) = main_frame(results, []).to_dict("records")
    assert row["n_failed"] == 1 and row["balanced_accuracy_mean"] is None and row["macro_ap_verdict"] is None


def test_the_table_for_papers_has_a_row_a_method(written_study):
    text = (written_study / "table.tex").read_text()
    assert text.count("\\begin{table}") == 2 and text.count(" \\\\\n") == 2 * (1 + 5)
    assert "\\texttt{dcgan[classifier=resnet18,per\\_class=false]} & 3 ok & 0." in text
