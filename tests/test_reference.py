"""The committed studies: reports come out of their records again, and no figure in the documents is typed by hand."""

import importlib.util
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.commands.app import app
from bench.contrasts import families
from bench.plan import resolve_methods
from bench.presets import resolve_budget
from datasets import DATASETS
from methods import METHODS
from report.study import Results
from results import Predictions, Store, read_study, save_predictions

ROOT = Path(__file__).resolve().parents[1]
STUDIES = sorted(path.parent for path in (ROOT / "results" / "reference").glob("*/study.toml"))
WRITTEN = ("report.md", "report.html", "table.csv", "table.tex")


@cache
def script(path: str):
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names in their annotations
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_the_committed_report_is_that_of_the_committed_records(study: Path, tmp_path: Path) -> None:
    again = tmp_path / study.name
    shutil.copytree(study, again)
    for name in WRITTEN:
        (again / name).unlink()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "report", str(again), "--format", "md,html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in WRITTEN:
        assert (again / name).read_bytes() == (study / name).read_bytes(), f"{study.name}/{name} is of other records"


def test_figures_in_the_documents_are_those_of_the_records() -> None:
    figures = script("docs/figures.py")
    blocks = {file.name: figures.BLOCK.findall(file.read_text()) for file in figures.files()}
    assert blocks["README.md"], "the README shows no study"
    for file in figures.files():
        assert figures.filled(file.read_text()) == file.read_text(), f"{file.name}: run `python docs/figures.py`"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("data", "ring 117, schizont 42"),
        ("scores", "Mean ± standard deviation over seeds on cells"),
        ("findings", "On `cells`, 4 methods are held against"),
        ("summary", "in balanced accuracy: **1 worse, 3 undecided**"),
        ("verdicts", "Verdicts on cells"),
        ("classes", "trophozoite"),
        ("first", "How often each method comes first on cells"),
        ("seeds", "What one seed would have printed on cells"),
        ("generators", "Generated against test images"),
    ],
)
def test_every_piece_of_a_report_can_stand_in_a_document(kind: str, words: str) -> None:
    assert words in script("docs/figures.py").filled(f"<!-- {kind} demo -->\n<!-- end -->\n")


def test_a_figure_within_a_line_is_that_of_the_table() -> None:
    filled = script("docs/figures.py").filled
    asked = (
        "cost placebos duplicate against oversample",
        "recall demo none schizont",
        "difference demo unified",
        "verdict demo none[classifier=vit]",
    )
    line = " and ".join(f"<!-- {figure} -->x<!-- end -->" for figure in asked)
    cost, recall, difference, verdict = re.findall("-->(.+?)<!-- end -->", filled(line))
    ratio, low, high = re.findall(r"\d+\.\d+", cost)
    verdicts = filled("<!-- verdicts placebos against oversample -->\n<!-- end -->\n")
    assert f"×{ratio} \\[{low}, {high}\\]" in next(row for row in verdicts.splitlines() if "| `duplicate` |" in row)
    assert f"| {recall} ±" in filled("<!-- classes demo -->\n<!-- end -->\n")
    assert f"`none[classifier=vit]` is **{verdict}**" in filled("<!-- findings demo -->\n<!-- end -->\n")
    assert f": {difference}." in filled("<!-- findings demo -->\n<!-- end -->\n")
    assert filled(filled(line)) == filled(line)


def in_a_line(figure: str) -> str:
    filled = script("docs/figures.py").filled(f"<!-- {figure} -->x<!-- end -->")
    return filled.removeprefix(f"<!-- {figure} -->").removesuffix("<!-- end -->")


def test_figures_of_several_methods_are_those_of_their_runs() -> None:
    runs = Store(ROOT / "results" / "reference" / "rbc4").records()
    score = {(run.method, run.seed): run.metrics.balanced_accuracy for run in runs if run.metrics is not None}
    arms = ("dcgan", "bagan")
    led = {arm: [score[arm, s] - score["classic-balanced", s] for m, s in score if m == arm] for arm in arms}
    behind = sorted(round(-100 * fmean(values)) for values in led.values())
    assert in_a_line("behind rbc4 dcgan bagan") == "{} to {}".format(*behind)
    ahead, pairs = sum(x > 0 for of in led.values() for x in of), sum(map(len, led.values()))
    assert in_a_line("ahead rbc4 dcgan bagan") == f"{ahead or 'none'} of {'ten' if pairs == 10 else pairs}"
    assert in_a_line("runs digits none") == "six" and in_a_line("runs demo bagan unified") == "three"
    assert in_a_line("budget bagan-order generator_steps") == "20,000"
    gaps = [
        100 * gap for gap, seed in zip(led["bagan"], [s for m, s in score if m == "bagan"], strict=True) if seed < 3
    ]
    assert in_a_line("difference rbc4 bagan seeds=0,1,2").startswith(f"−{-fmean(gaps):.1f} points")
    assert in_a_line("runs rbc4 bagan seeds=0,1,2") == "three"
    kid = {run.seed: run.generative.kid for run in runs if run.method == "dcgan" and run.generative is not None}
    assert in_a_line("kid rbc4 dcgan seeds=1") == f"{kid[1]:.2f}"
    assert in_a_line("kid rbc4 dcgan seeds=0,2") == "{:.2f} to {:.2f}".format(*sorted((kid[0], kid[2])))
    assert in_a_line("score rbc4 none") == f"{fmean(x for (m, _), x in score.items() if m == 'none'):.3f}"
    written = (ROOT / "results" / "reference" / "rbc4" / "report.md").read_text()
    rho, interval = in_a_line("correlation rbc4 kid_excess").split(" ", 1)
    assert f"variants of one averaged: {rho} {interval};" in written
    low, high = sorted(in_a_line(f"recall rbc4 {arm} teardrop") for arm in arms)
    assert in_a_line("recall rbc4 dcgan bagan teardrop") == f"{low} to {high}" and float(low) < float(high)
    asked = [run for run in Store(ROOT / "results" / "reference" / "bagan-order").records() if run.method == "bagan"]
    by_class = [
        100 * fmean(run.generative.per_class[name].label_fidelity for run in asked)
        for name in asked[0].generative.per_class
    ]
    assert in_a_line("fidelity bagan-order bagan") == f"{min(by_class):.0f} to {max(by_class):.0f}"


def test_figures_of_several_methods_are_those_of_their_verdicts() -> None:
    rows = script("docs/figures.py").filled("<!-- verdicts bagan-order -->\n<!-- end -->\n").splitlines()
    told = {row.split("|")[1].strip(" `"): row for row in rows if "| balanced accuracy |" in row}
    needed, cost = ({arm: row.split("|")[i].strip() for arm, row in told.items()} for i in (10, 11))
    assert (needed["bagan"], needed["bagan-gp"]) == ("4", "6")
    assert in_a_line("needed bagan-order bagan bagan-gp") == "four to six"
    low, high = (cost[arm].split()[0].strip("×") for arm in ("bagan", "bagan-gp"))
    assert in_a_line("costs bagan-order bagan bagan-gp") == f"{low} to {high}"
    assert in_a_line("decided placebos oversample noise duplicate") == "one worse, two undecided"
    heads = script("docs/figures.py").filled("<!-- heads rbc4 -->\n<!-- end -->\n").splitlines()
    row = next(row for row in heads if row.startswith("| `unified` | `vitgan` | macro AP |"))
    assert f"| {in_a_line('head rbc4 unified vitgan macro_ap')} |" in row.replace("**", "")
    for false in ("behind placebos oracle noise", "needed rbc4 unified"):
        with pytest.raises(ValueError, match="say it in other words"):
            in_a_line(false)


def test_studies_of_several_budgets_stand_side_by_side() -> None:
    table = script("docs/figures.py").filled("<!-- grid sensitivity -->\n<!-- end -->\n").splitlines()
    head = next(row for row in table if row.startswith("| learning rates |"))
    row = next(row for row in table if row.startswith("| usual | `cwgan-gp` |"))
    cells = [cell.strip() for cell in row.split("|")[4:-1]]
    budgets = sorted(
        (Store(folder).records()[0].budget["generator_steps"], folder.name)
        for folder in STUDIES
        if folder.name.startswith("sensitivity-")
    )
    assert len(cells) == len(budgets) >= 2
    for cell, (steps, name) in zip(cells, budgets, strict=True):
        assert f"| {steps:,} and " in head
        points = float(re.findall(r"^[+−]?[\d.]+", in_a_line(f"difference {name} cwgan-gp"))[0].replace("−", "-"))
        assert float(cell.split()[0].replace("−", "-")) == pytest.approx(points / 100, abs=0.0006)


def test_in_no_committed_study_is_a_generator_better_than_its_control_as_the_readme_says() -> None:
    figures, better = script("docs/figures.py"), []
    for study in STUDIES:
        evidence = figures.evidence_of(study.name)
        generators = {run.method for run in evidence.results.records if run.tier != "control"}
        better += [(study.name, one) for one in evidence.compared if one.word == "better" and one.method in generators]
    assert not better
    assert any(one.word == "better" for one in figures.evidence_of("cells").compared), "the oracle is"


def test_a_document_can_hold_methods_against_another_arm() -> None:
    table = script("docs/figures.py").filled("<!-- verdicts placebos against oversample -->\n<!-- end -->\n")
    assert "| `duplicate` | `oversample` |" in table and "| `oracle` | `oversample` |" in table


def test_a_figure_that_was_changed_by_hand_would_be_seen() -> None:
    figures = script("docs/figures.py")
    readme = (ROOT / "README.md").read_text()
    block = figures.BLOCK.search(readme)
    changed = readme[: block.start()] + block.group().replace(" methods", "9 methods", 1) + readme[block.end() :]
    assert changed != readme and figures.filled(changed) == readme


NO_FIGURE = re.compile(
    r"95 % interval|±1 point|arXiv [\d.]+|32 × 32|RBC-12|Four types|eleven types|Ten digits|a 6 of a 9|update to four"
    r"|seed 0|`[^`\n]*`|\]\([^)\n]*\)|^#.*$|^```[\s\S]*?^```|<!--.*?-->",
    re.MULTILINE,
)
"""What may stand in a document of findings though no record has it: settings, names, titles and links."""

FIGURE = re.compile(
    r"(?<![\w.])\d[\d.,]*|\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty)\b", re.IGNORECASE
)


def typed_by_hand(text: str) -> list[str]:
    figures = script("docs/figures.py")
    prose = NO_FIGURE.sub("", figures.WITHIN_A_LINE.sub("", figures.BLOCK.sub("", text)))
    return [line for line in prose.splitlines() if FIGURE.search(line)]


def test_no_figure_of_the_findings_is_typed_by_hand() -> None:
    readme, findings = (ROOT / "README.md").read_text(), (ROOT / "docs" / "findings.md").read_text()
    opening = readme[readme.index("## What it found") : readme.index("## Set-up")]
    assert not typed_by_hand(opening) + typed_by_hand(findings)
    planted = findings.replace(
        "\n## What is still open", "\nIt was 3.2 points, with five seeds.\n\n## What is still open"
    )
    assert typed_by_hand(planted) == ["It was 3.2 points, with five seeds."]


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "studies").glob("*.toml")), ids=lambda path: path.stem)
def test_every_study_file_names_what_there_is(file: Path) -> None:
    study = read_study(file)
    assert [METHODS.build(spec) for spec in study.methods]
    assert [DATASETS.build(spec).info.name for spec in study.datasets]
    assert resolve_budget(study.preset, study.budget)


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "studies").glob("*.toml")), ids=lambda path: path.stem)
def test_families_are_of_at_most_fourteen_comparisons_under_the_names_that_runs_have(file: Path) -> None:
    study = read_study(file)
    methods = resolve_methods(study.methods, references=True)
    named = {name for members in study.families.values() for name in members}
    assert not named - {method.name for method in methods}, "a name that no run has"
    compared = {
        family: [name for name in members if not name.startswith("classic-balanced")]
        for family, members in families(methods, study).items()
    }
    assert max(map(len, compared.values())) <= 14, compared


def test_the_ablation_has_a_row_for_every_switch_of_unified() -> None:
    switches = {
        ("projection", False),
        ("weighting", "dwa"),
        ("weighting", "fixed"),
        ("selection", "confidence"),
        ("selection", "none"),
        ("backbone", "conv"),
        ("generated", False),
        ("adversarial", False),
    }
    planned = [METHODS.build(spec) for spec in read_study(ROOT / "docs" / "studies" / "unified-ablation.toml").methods]
    assert switches <= {item for method in planned for item in method.non_default_parameters().items()}
    runs = Store(ROOT / "results" / "reference" / "unified-ablation").records()
    asked = {method.name for method in planned}
    assert {(run.dataset, run.method) for run in runs} == {(d, m) for d in ("chula-rbc-4", "cells") for m in asked}


def test_photographs_that_are_published_twice_are_left_out_of_the_tests(tmp_path: Path) -> None:
    copies = script("docs/copies.py")
    photograph = {"1": "1", "2": "1", "3": "3", "4": "4"}
    assert copies.shown(np.array(["1", "3", "4"]), np.array(["2", "3"]), photograph).tolist() == [True, True, False]
    runs = [run for run in Store(ROOT / "results" / "reference" / "digits").records() if run.seed == 0]
    labels, called = np.array([0, 0, 0, 0, 1, 1]), {"classic-balanced": [0, 0, 0, 0, 1, 1], "none": [0, 0, 0, 1, 1, 1]}
    records = [run for run in runs if run.method in called]
    for run in records:
        folder = Store(tmp_path).run_folder(run.run_id)
        folder.mkdir(parents=True)
        save_predictions(Predictions(labels, np.eye(2, dtype=np.float32)[called[run.method]]), folder)
    twice = np.array([True, True, False, False, False, False])
    scores, differences = copies.shifts(Results.of(records, folder=tmp_path), {0: twice})
    assert scores == {"classic-balanced": 0, "none": pytest.approx((1 / 2 - 3 / 4) / 2)}  # of the first class's recall
    assert differences == {"none": pytest.approx(-1 / 8)}


def test_thinned_curves_keep_their_ends() -> None:
    from results.curves import CurvePoint

    points = [CurvePoint("joint", step, name, step / 2, 0.1 * step) for step in range(1, 101) for name in ("a", "b")]
    kept = script("results/reference/keep.py").thinned(points)
    assert kept[-2:] == points[-2:]
    assert [p.step for p in kept if p.name == "a"] == list(range(1, 101, 3))


def test_a_kept_study_is_called_as_its_folder_and_has_the_same_figures(tmp_path: Path) -> None:
    source, kept = STUDIES[0], tmp_path / "kept"
    keep = [sys.executable, str(ROOT / "results" / "reference" / "keep.py")]
    subprocess.run([*keep, str(source), str(kept)], cwd=ROOT, check=True)
    assert Store(kept).read_study().name == "kept"
    assert [r.metrics for r in Store(kept).records()] == [r.metrics for r in Store(source).records()]
    gone = Store(source).run_ids()[0]
    shutil.copytree(kept, tmp_path / "fewer")
    (tmp_path / "fewer" / "records" / f"{gone}.json").unlink()
    subprocess.run([*keep, str(tmp_path / "fewer"), str(kept)], cwd=ROOT, check=True)
    assert gone not in Store(kept).run_ids() and not Store(kept).run_folder(gone).exists()
    done = subprocess.run(
        [*keep, str(tmp_path / "none"), str(kept)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stderr.startswith("keep.py: ") and done.stderr.count("\n") == 1


def test_the_command_tells_which_verdicts_rest_on_the_luck_of_few_seeds() -> None:
    said = {
        name: CliRunner().invoke(app, ["compare", str(ROOT / "results" / "reference" / name)]).stderr
        for name in ("demo", "rbc4")
    }
    luck = "bench: cells: none[classifier=vit]'s verdict rests on 3 seeds that differ less (0.4 points) than their test"
    assert luck in said["demo"]
    assert "vitgan[selection=full] stays worse if its 5 seeds" in said["rbc4"]
    assert "unified stays better than vitgan[selection=full] if its 5 seeds" in said["rbc4"]
