"""The gate over whole studies: what passes, what falls short, what cannot be held against each other."""

import json
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from bench.commands.app import app
from report.gate import check
from report.junit import junit
from results import NotComparable, PhaseTime, Store, Timing, baseline_of, read_baseline, write_baseline

SCORES = [0.80, 0.82, 0.81, 0.79, 0.83, 0.80]
WOBBLE = [0.97, 1.02, 1.0, 1.01, 0.98, 1.03]


@pytest.fixture
def study(make_record):
    """Six seeds of two methods; ``shift`` moves a method's scores, ``slower`` stretches its generator phase."""

    def build(shift=0.0, slower=1.0, load=1.0, seeds=6, **values):
        def timing(k, factor):
            seconds = {
                "generator": 60 * WOBBLE[k] * factor * load,
                "classifier": 20 * WOBBLE[-k] * load,
                "score": 5.0 * k,
            }
            phases = {name: PhaseTime(wall_s=s, cpu_s=s) for name, s in seconds.items() if s}
            return Timing(wall_s=100.0, phases=phases, calibration_s=0.01 * load, contended="neighbours")

        return [
            make_record(
                method=method, seed=k, score=SCORES[k] + delta, timing=timing(k, factor), tier="two-stage", **values
            )
            for method, delta, factor in (("bagan", 0.0, 1.0), ("dcgan", shift, slower))
            for k in range(seeds)
        ]

    return build


def outcomes(findings):
    return {(f.method, f.what): f.outcome for f in findings}


def failed(findings):
    return [(f.method, f.what) for f in findings if f.outcome == "failed"]


def test_unchanged_code_passes_whatever_the_load(study):
    findings = check(study(load=1.7), baseline_of(study()))
    assert set(outcomes(findings).values()) == {"passed"}
    assert {what for _, what in outcomes(findings)} == {
        "runs",
        "balanced_accuracy",
        "macro_ap",
        "generator",
        "classifier",
    }


def test_a_loss_of_three_points_and_a_slow_down_are_found_where_they_are(study):
    baseline = baseline_of(study())
    assert failed(check(study(shift=-0.03), baseline)) == [("dcgan", "balanced_accuracy"), ("dcgan", "macro_ap")]
    assert failed(check(study(slower=1.3), baseline)) == [("dcgan", "generator")]
    assert failed(check(study(slower=1.3), baseline, times=False)) == []
    assert failed(check(study(shift=0.03, slower=0.5), baseline)) == []


def test_the_seeds_that_a_loss_needs_are_told(study):
    finding = next(f for f in check(study(), baseline_of(study())) if f.what == "macro_ap")
    assert finding.seeds_needed is not None and 2 < finding.seeds_needed <= 8
    assert f"{finding.seeds_needed} seeds find a loss of 3 points" in finding.sentence


def test_lost_runs_and_other_versions_fall_short(study, make_record):
    baseline = baseline_of(study())
    some = study()
    some[7] = make_record(method="dcgan", seed=1, status="diverged", tier="two-stage")
    assert failed(check(some[:-1], baseline)) == [("dcgan", "runs")]
    sentence = next(f.sentence for f in check(some[:-1], baseline) if f.outcome == "failed")
    assert "seed 1 diverged, seed 5 missing" in sentence
    newer = check(study(version=2), baseline)
    assert failed(newer) == [("bagan", "runs"), ("dcgan", "runs")] and len(newer) == 2


def test_single_seeds_are_skipped_not_passed(study):
    findings = outcomes(check(study(seeds=1), baseline_of(study(seeds=1))))
    assert findings["dcgan", "macro_ap"] == findings["dcgan", "generator"] == "skipped"


@pytest.mark.parametrize("other", [{"protocol": "ba9876543210"}, {"dataset_fingerprint": "e" * 32}])
def test_what_is_not_comparable_is_refused(study, other):
    with pytest.raises(NotComparable):
        check(study(**other), baseline_of(study()))
    with pytest.raises(NotComparable):
        check([], baseline_of(study()))


def test_a_baseline_is_read_as_it_was_written(tmp_path, study):
    baseline = baseline_of(study())
    write_baseline(baseline, tmp_path / "base.json")
    assert read_baseline(tmp_path / "base.json") == baseline
    assert '"schema": 1' in (tmp_path / "base.json").read_text()


def test_junit_counts_and_holds_any_text(study):
    findings = check(study(shift=-0.03, seeds=6), baseline_of(study()))
    root = ElementTree.fromstring(junit(findings, name="a <b> & \x00\uffff").encode())
    suite = root[0]
    assert suite.attrib["failures"] == "2" and suite.attrib["tests"] == str(len(findings))
    assert sum(case.find("failure") is not None for case in suite) == 2
    assert suite.attrib["name"].startswith("a <b> &")


def test_the_command_from_baseline_to_verdict(tmp_path, study):
    def written(name, records):
        for record in records:
            Store(tmp_path / name).write(record)
        return str(tmp_path / name)

    def bench(*arguments):
        return CliRunner().invoke(app, list(arguments))

    before, file, xml = written("before", study()), str(tmp_path / "base.json"), tmp_path / "out.xml"
    assert "12 runs" in bench("baseline", before, "--out", file).stdout
    fine = bench("check", written("same", study(load=2.0)), "--baseline", file, "--json")
    assert fine.exit_code == 0 and {finding["outcome"] for finding in json.loads(fine.stdout)} == {"passed"}
    slow = bench("check", written("slow", study(slower=1.3)), "--baseline", file, "--junit", str(xml))
    assert slow.exit_code == 1 and "generator became slower: 1.30 times" in " ".join(slow.stdout.split())
    assert ElementTree.parse(xml).getroot()[0].attrib["failures"] == "1"
    assert bench("check", str(tmp_path / "slow"), "--baseline", file, "--no-times").exit_code == 0
    assert bench("check", written("other", study(protocol="f" * 12)), "--baseline", file).exit_code == 3
    assert bench("check", before, "--baseline", str(tmp_path / "none.json")).exit_code == 2
    (tmp_path / "bad.json").write_text('{"schema": 1}')
    assert bench("check", before, "--baseline", str(tmp_path / "bad.json")).exit_code == 2
    unfinished = written("unfinished", [study()[0].model_copy(update={"status": "failed"})])
    assert bench("baseline", unfinished, "--out", file).exit_code == 1
