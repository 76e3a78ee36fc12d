"""Whole reports: the full one, and those of studies in which something is missing."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import report
from report.drawing import Drawing
from report.pictures.scores import scores
from report.run_curves import read_run
from report.study import Results
from results import (
    CurveWriter,
    NotComparable,
    Predictions,
    Store,
    Study,
    UnreadableFile,
    save_predictions,
)


def section(text: str, title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#)", text, flags=re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def test_the_report_names_what_was_compared_and_what_went_wrong(written_study):
    text = (written_study / "report.md").read_text()
    assert text.startswith("# fake study\n")
    assert "**5 methods on 2 datasets** with 3 seeds and preset quick: 30 runs, 28 ok, 1 diverged, 1 failed." in text
    assert "red blood cell 5600, ring 292, schizont 106, trophozoite 887" in text
    faults = section(text, "What failed or diverged")
    assert "- `unified` on `cells`, seed 1: diverged in phase joint: loss\\_d is not finite at step 31." in faults
    assert "- `none` on `digits`, seed 2: failed: cannot read a\\|b\\*c\\*.png or \\<img\\> \\`x\\`" in faults
    assert text.count("Verdicts on ") == 2
    assert text.count("2 ok, 1 diverged") == 3 and text.count("2 ok, 1 failed") == 3


def test_the_report_says_which_budgets_of_the_preset_were_changed(tmp_path, make_record):
    store = Store(tmp_path)
    store.write(make_record())
    store.write_study(Study(name="short", budget={"classifier_steps": 10}))
    report.write(tmp_path, ["md"])
    text = (tmp_path / "report.md").read_text()
    assert "with 1 seed and preset quick with other classifier steps: 1 run" in text
    assert "- preset quick with other classifier steps: " in text


def test_every_figure_that_the_report_shows_is_there(written_study):
    text = (written_study / "report.md").read_text()
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert len(shown) == len(set(shown)) == 2 * 12
    for path in shown:
        assert (written_study / path).stat().st_size > 5000
    kinds = {path.removeprefix("figures/cells-") for path in shown if "cells" in path}
    curves = {"curves-classifier.svg", "curves-generator.svg", "curves-joint.svg"}
    against = {"scores.svg", "differences.svg", "seeds.svg", "cost.svg", "phases.svg"}
    assert kinds == against | {"recall.svg", "confusion.svg", "samples.png", "embedding.svg"} | curves


def test_the_main_table_holds_the_figures_of_the_records(written_study, study_records):
    text = (written_study / "report.md").read_text()
    scores = [r.metrics.balanced_accuracy for r in study_records if (r.method, r.dataset) == ("none", "cells")]
    row = next(line for line in section(text, "Results on `cells`").splitlines() if line.startswith("| `none` |"))
    assert f"| {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} |" in row


def test_the_same_records_give_the_same_files(written_study):
    names = ["report.md", "report.html", "report.pdf", "table.csv", "table.tex", "results.parquet"]
    files = [written_study / name for name in [*names, "figures/cells-cost.svg", "figures/cells-samples.png"]]
    first = [file.read_bytes() for file in files]
    assert report.write(written_study) == files[: len(names)]
    for file, before in zip(files, first, strict=True):
        assert file.read_bytes() == before, file


def test_only_the_formats_asked_for_are_written(tmp_path, make_record):
    Store(tmp_path).write(make_record())
    written = report.write(tmp_path, ("html",))
    assert [path.name for path in written] == ["report.html", "table.csv", "table.tex", "results.parquet"]
    assert not (tmp_path / "report.md").exists() and not (tmp_path / "report.pdf").exists()


def test_a_format_whose_package_is_missing_is_left_out(tmp_path, make_record, monkeypatch):
    monkeypatch.setattr("report.writing.find_spec", lambda name: None if name == "typst" else object())
    Store(tmp_path).write(make_record())
    assert [path.name for path in report.write(tmp_path)][:2] == ["report.md", "report.html"]
    assert not (tmp_path / "report.pdf").exists()
    with pytest.raises(ValueError, match="needs the package typst; install it"):
        report.write(tmp_path, ("pdf",))


def test_parquet_holds_a_row_a_run(written_study):
    table = pd.read_parquet(written_study / "results.parquet")
    assert len(table) == 30
    assert table["status"].value_counts().to_dict() == {"ok": 28, "diverged": 1, "failed": 1}
    assert table["metrics.balanced_accuracy"].notna().sum() == 28


def test_the_summary_is_the_main_table(study_records):
    tables = report.summary(study_records)
    assert len(tables) == 2
    heads = [column.name for column in tables[0].columns]
    assert heads[:3] == ["method", "runs", "balanced accuracy"]
    rows = [[report.plain(cell) for cell in row] for row in tables[0].rows]
    assert [row[0] for row in rows] == list(dict.fromkeys(r.method for r in study_records))
    assert rows[4][1] == "2 ok, 1 diverged"
    assert report.summary([]) == []


def write_records(folder: Path, *records, **study) -> str:
    store = Store(folder)
    store.write_study(Study(name="study", **study))
    for record in records:
        store.write(record)
    store.records_folder.mkdir(exist_ok=True)
    return report.write(folder)[0].read_text()


def test_one_run_is_a_report(tmp_path, make_record):
    text = write_records(tmp_path, make_record())
    assert "There is one seed" in text
    assert "1 method on 1 dataset" in text
    assert "There is no method with a reference arm" in text


def test_no_run_is_a_report(tmp_path):
    assert "No run has a record yet." in write_records(tmp_path)


def test_runs_that_all_failed_are_a_report(tmp_path, make_record):
    error = {"type": "RuntimeError", "message": "out of memory", "phase": "generator"}
    runs = [make_record(seed=s, status="failed", error=error, split=None, timing=None) for s in range(3)]
    text = write_records(tmp_path, *runs)
    assert "seeds 0, 1, 2: failed in phase generator: out of memory" in text
    assert "No run on this dataset has scores." in text


def test_metrics_that_are_not_defined_are_a_report(tmp_path, make_record):
    from results import Metrics

    names = [name for name in Metrics.model_fields if name != "recall"]
    metrics = Metrics(**dict.fromkeys(names), recall={"a": None, "b": None})
    text = write_records(tmp_path, make_record(metrics=metrics), make_record(method="classic-balanced"))
    assert "| `none` | 1 ok | – | – | – | – | – |" in text


def test_equal_scores_and_no_time_are_a_report(tmp_path, make_record):
    from results import PhaseTime, Timing

    timing = Timing(wall_s=0, phases={"classifier": PhaseTime(wall_s=0, cpu_s=0)})
    runs = [make_record(method=m, seed=s, timing=timing) for m in ("none", "classic-balanced") for s in range(2)]
    text = write_records(tmp_path, *runs)
    assert "| `none` | 2 ok | 0.500 ± 0.000 | 0.500 ± 0.000 | 0.500 ± 0.000 | 0.500 ± 0.000 | 0.000 ± 0.000 |" in text


def test_times_of_runs_that_shared_are_left_out_and_said_so(tmp_path, make_record):
    from results import PhaseTime, Timing

    timing = Timing(wall_s=7, phases={"classifier": PhaseTime(wall_s=7, cpu_s=7)}, contended="shared")
    text = write_records(tmp_path, make_record(timing=timing))
    assert "No times are shown" in text and "Times of 1 run that shared device or cores" in text
    assert "7.00" not in section(text, "Cost")
    report.write(tmp_path, shared=True)
    assert "7.00" in section((tmp_path / "report.md").read_text(), "Cost")


def test_missing_runs_are_counted(tmp_path, make_record):
    text = write_records(
        tmp_path, make_record(), methods=["none", "classic-balanced"], datasets=["cells"], seeds=[0, 1]
    )
    assert "1 run, 1 ok; 3 of the study have no record yet" in text
    (tmp_path / "two").mkdir()
    text = write_records(tmp_path / "two", make_record(), methods=["none"], datasets=["cells"], seeds=[0, 1])
    assert "1 run, 1 ok; 1 of the study has no record yet" in text


def test_a_damaged_record_is_named(tmp_path, make_record):
    Store(tmp_path).write(make_record())
    (tmp_path / "records" / "broken.json").write_text("{")
    text = write_records(tmp_path)
    assert "the record of broken is damaged" in text and "broken.json.damaged" in text


def test_mixed_protocols_leave_the_former_report(tmp_path, make_record):
    before = write_records(tmp_path, make_record())
    Store(tmp_path).write(make_record(seed=1, protocol="other", preset="paper"))
    with pytest.raises(NotComparable, match="preset paper and quick"):
        report.write(tmp_path)
    assert (tmp_path / "report.md").read_text() == before


def test_what_is_no_study_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="there is no study file"):
        report.write(tmp_path)
    with pytest.raises(ValueError, match="no report format 'docx'"):
        report.write(tmp_path, ("docx",))


def test_names_of_datasets_never_lead_outside_and_never_collide(tmp_path, make_record):
    names = ["../../x", "..\\..\\x", "/x", "", "é" * 300]
    records = [make_record(dataset=name, run_id=f"r{k}") for k, name in enumerate(names)]
    drawing = Drawing(tmp_path)
    paths = [next(scores(Results.of(records, folder=tmp_path), drawing, name)).path for name in names]
    drawing.finish()
    assert len(set(paths)) == len(names)
    assert all(path.parent == Path("figures") and (tmp_path / path).is_file() for path in paths)
    assert {path.name for path in tmp_path.iterdir()} == {"figures"}


def test_the_report_shows_whether_the_generators_curves_are_flat(written_study):
    text = section((written_study / "report.md").read_text(), "Learning curves")
    row = next(line for line in text.splitlines() if line.startswith("| `unified` |"))
    values = " | ".join(f"{1000 * (0.01 + 0.02 * np.exp(-step / 250)):.1f}" for step in range(200, 1001, 200))
    assert row == f"| `unified` | 2 of 3 | 1,000 | {values} | 2 of 2 |"


def test_a_phase_entered_again_goes_on_in_its_curve(tmp_path, make_record):
    record = make_record(run_id="a")
    with CurveWriter(Store(tmp_path).run_folder("a")) as writer:
        for start in (1.0, 0.5):
            for step in (1, 2, 3):
                writer.add("generator", step, {"loss_g": start / step}, 0.0)
    points = read_run(Store(tmp_path), record)
    steps, values = zip(*points["generator", "loss g"], strict=True)
    assert steps == (1, 2, 3, 4, 5, 6)
    assert values == pytest.approx((1, 1 / 2, 1 / 3, 0.5, 0.25, 1 / 6), rel=1e-5)


def test_a_report_needs_no_torch():
    code = "import sys, report, results; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


@pytest.mark.parametrize(("n", "in_full", "confusion"), [(4, False, True), (5, False, False), (5, True, True)])
def test_studies_of_many_datasets_leave_out_what_only_one_asks_for(
    make_record, tmp_path, n, in_full, confusion
) -> None:
    store = Store(tmp_path)
    for k in range(n):
        for method in ("classic-balanced", "dcgan"):
            for seed in range(2):
                record = make_record(method=method, dataset=f"set{k}", seed=seed, score=0.5 + 0.1 * seed)
                store.write(record)
                save_predictions(
                    Predictions(np.array([0, 1]), np.eye(2, dtype=np.float32)), store.run_folder(record.run_id)
                )
    store.write_study(Study(name="many"))
    report.write(tmp_path, ["md"], in_full=in_full)
    text = (tmp_path / "report.md").read_text()
    assert ("set0-confusion" in text) == confusion
    assert ("--in-full" in text) == (not confusion)
