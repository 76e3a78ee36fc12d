"""Three methods, three seeds: every figure can be worked out on paper."""

import pandas as pd
import pytest

from methods import METHODS
from report import Spread, differences, metrics_table, references, runs_table, spreads
from report.aggregate import Kind, costs, counts, kinds
from results import PhaseTime, Timing

#                     seed 0  seed 1  seed 2
SCORES = {
    "none": (0.70, 0.72, 0.74),
    "classic-balanced": (0.80, 0.84, 0.88),
    "dcgan": (0.82, None, 0.86),
}


@pytest.fixture
def runs(make_record) -> pd.DataFrame:
    records = [
        make_record(method=method, seed=seed, **({"score": score} if score else {"status": "diverged"}))
        for method, scores in SCORES.items()
        for seed, score in enumerate(scores)
    ]
    return runs_table(records)


def near(spread: Spread, mean: float, sd: float | None, n: int) -> bool:
    return (spread.mean, spread.sd, spread.n) == (pytest.approx(mean), sd if sd is None else pytest.approx(sd), n)


def test_mean_and_standard_deviation_over_seeds(runs):
    found = spreads(metrics_table(runs), "method", "metric")
    assert near(found["none", "balanced_accuracy"], 0.72, 0.02, 3)
    assert near(found["classic-balanced", "balanced_accuracy"], 0.84, 0.04, 3)
    assert near(found["dcgan", "macro_ap"], 0.84, 0.02 * 2**0.5, 2)


def test_one_seed_has_no_standard_deviation(runs):
    found = spreads(metrics_table(runs[runs["seed"] == 1]), "method", "metric")
    assert near(found["none", "balanced_accuracy"], 0.72, None, 1)
    assert ("dcgan", "balanced_accuracy") not in found
    assert spreads(metrics_table(runs[runs["seed"] == 9]), "method") == {}


def test_differences_are_paired_by_seed(runs):
    reference_of = references(runs)
    assert reference_of == {"none": "classic-balanced", "dcgan": "classic-balanced"}
    table = differences(metrics_table(runs), reference_of)
    chosen = table[table["metric"] == "balanced_accuracy"]
    pairs = {(m, s): v for m, s, v in zip(chosen["method"], chosen["seed"], chosen["value"], strict=True)}
    assert pairs == pytest.approx(
        {("none", 0): -0.10, ("none", 1): -0.12, ("none", 2): -0.14, ("dcgan", 0): 0.02, ("dcgan", 2): -0.02}
    )
    found = spreads(chosen, "method")
    assert near(found["none",], -0.12, 0.02, 3)
    assert near(found["dcgan",], 0.0, 0.02 * 2**0.5, 2)


def test_a_method_is_held_against_the_reference_with_its_own_classifier(make_record):
    classifier_of = {
        "classic-balanced": "cnn",
        "classic-balanced[classifier=vit]": "vit",
        "classic-balanced[classifier=vit,shift=0.2]": "vit",
        "unified": "vit",
        "dcgan": "cnn",
        "mixup[classifier=mlp]": "mlp",
    }
    runs = runs_table([make_record(method=m, parameters={"classifier": c}) for m, c in classifier_of.items()])
    assert references(runs) == {
        "unified": "classic-balanced[classifier=vit]",
        "classic-balanced[classifier=vit,shift=0.2]": "classic-balanced[classifier=vit]",
        "dcgan": "classic-balanced",
    }
    assert references(runs, "dcgan") == {method: "dcgan" for method in classifier_of if method != "dcgan"}
    assert references(runs, "not here") == {}


@pytest.mark.parametrize(
    "classifier",
    ["vit[depth=2]", "timm[model=resnet26]", "resnet18[label_smoothing=0.1,mixup=0.2]", "timm[model='a,b']"],
)
def test_a_classifier_with_parameters_has_a_reference_arm_too(make_record, classifier):
    none, arm = (METHODS.build({"name": name, "classifier": classifier}) for name in ("none", "classic-balanced"))
    further = f"{arm.name[:-1]},shift=0.2]"
    runs = runs_table([make_record(method=m, parameters=arm.parameters()) for m in (none.name, arm.name, further)])
    assert references(runs) == {none.name: arm.name, further: arm.name}


def test_every_status_is_counted(make_record):
    statuses = ("ok", "ok", "diverged", "failed", "timeout", "skipped")
    runs = runs_table([make_record(seed=seed, status=status) for seed, status in enumerate(statuses)])
    assert counts(runs)["cells", "none"] == {"ok": 2, "diverged": 1, "failed": 1, "timeout": 1, "skipped": 1}


def test_cost_leaves_scoring_out_and_takes_the_device_clock(make_record):
    def timing(gpu: float | None) -> Timing:
        return Timing(
            wall_s=9,
            phases={
                "generator": PhaseTime(wall_s=4, cpu_s=3, gpu_s=gpu),
                "classifier": PhaseTime(wall_s=2, cpu_s=1, gpu_s=gpu),
                "score": PhaseTime(wall_s=3, cpu_s=3, gpu_s=gpu),
            },
        )

    runs = runs_table([make_record(seed=0, timing=timing(None)), make_record(seed=1, timing=timing(0.5))])
    assert runs["cost_s"].tolist() == [4.0, 1.0]
    assert runs["cost_clock"].tolist() == ["cpu", "gpu"]


def test_kinds_of_times_are_kept_apart_and_shared_ones_left_out(make_record):
    def run(seed: int, contended: str, device: str = "cpu"):
        phases = {"classifier": PhaseTime(wall_s=seed + 1, cpu_s=seed + 1)}
        return make_record(seed=seed, device=device, timing=Timing(wall_s=1, phases=phases, contended=contended))

    runs = runs_table(
        [run(0, "none"), run(1, "neighbours"), run(2, "neighbours"), run(3, "shared"), run(4, "none", "H200")]
    )
    cpu = "Xeon 8480, 1 thread"
    assert kinds(runs)[0] == Kind(cpu, "neighbours")
    assert set(kinds(runs)) == {
        Kind(cpu, "neighbours"),
        Kind(cpu, "none"),
        Kind("H200 with Xeon 8480, 1 thread", "none"),
    }
    assert Kind(cpu, "shared") in kinds(runs, shared=True)
    assert costs(runs, Kind(cpu, "neighbours"))["value"].tolist() == [2.0, 3.0]
