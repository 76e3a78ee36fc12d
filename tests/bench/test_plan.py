import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.plan import Protocol, Run, Shard, parse_seeds, resolve_datasets, resolve_methods
from bench.presets import PRESETS, parse_budget, resolve_budget
from datasets import SpecError


@pytest.mark.parametrize(
    ("text", "seeds"), [("5", [0, 1, 2, 3, 4]), ("1", [0]), ("3,7", [3, 7]), ("7,", [7]), (" 2 , 9 ", [2, 9])]
)
def test_seed_lists(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "-1", "a", "1,,2", "1.5", "3,3", ",", "²"])
def test_what_is_no_seed_list_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="seed"):
        parse_seeds(text)


def test_budgets_change_a_preset() -> None:
    assert parse_budget("size=64, generator_steps=2e4") == {"size": 64, "generator_steps": 20000}
    changed = resolve_budget("quick", {"size": 64})
    assert changed == dataclasses.replace(PRESETS["quick"], size=64)


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("quik", {}, "did you mean quick"),
        ("quick", {"sise": 3}, "did you mean size"),
        ("quick", {"size": 0}, "size=0"),
        ("quick", {"batch": 1.5}, "batch=1.5"),
    ],
)
def test_bad_budgets_are_named(preset: str, changes: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve_budget(preset, changes)


@pytest.mark.parametrize("text", ["size", "size=big", "=3"])
def test_bad_budget_text_is_named(text: str) -> None:
    with pytest.raises(UsageError):
        resolve_budget("quick", parse_budget(text))


def test_the_protocol_changes_with_all_that_makes_runs_comparable() -> None:
    base = Protocol("quick", PRESETS["quick"], 1, "float32", "cpu")
    others = [
        dataclasses.replace(base, preset="paper"),
        dataclasses.replace(base, budget=dataclasses.replace(base.budget, size=64)),
        dataclasses.replace(base, threads=2),
        dataclasses.replace(base, precision="bfloat16"),
        dataclasses.replace(base, device_type="cuda"),
    ]
    assert len({protocol.hash for protocol in [base, *others]}) == 6


def test_reference_arms_come_once_for_each_classifier() -> None:
    methods = resolve_methods(["oversample", "focal[classifier=mlp]", "none"], references=True)
    assert [method.name for method in methods] == [
        "none",
        "classic-balanced",
        "none[classifier=mlp]",
        "classic-balanced[classifier=mlp]",
        "oversample",
        "focal[classifier=mlp]",
    ]


def test_tiers_and_all_are_names() -> None:
    controls = [method.info.name for method in resolve_methods(["control"], references=False)]
    assert {"none", "classic", "oracle"} <= set(controls)
    assert "dcgan" not in controls
    assert {*controls, "dcgan"} <= {method.info.name for method in resolve_methods(["all"], references=False)}


def test_unknown_methods_are_named_with_near_ones() -> None:
    with pytest.raises(SpecError, match="did you mean dcgan"):
        resolve_methods(["dcgn"], references=True)


def test_identity_holds_what_makes_a_run_and_nothing_else(session, places) -> None:
    plain = session("nearest-mean").runs[0]
    assert session("nearest-mean").runs[0].run_id == plain.run_id
    others = [
        session("nearest-mean[temperature=2]").runs[0],
        session("nearest-mean", seeds=(1,)).runs[0],
        session("nearest-mean", budget={"batch": 8}).runs[0],
    ]
    assert len({run.run_id for run in [plain, *others]}) == 4
    assert session("nearest-mean[temperature=10]").runs[0].run_id == plain.run_id, "a default spelled out is no change"


def test_the_last_of_several_seeds_ends_with_the_reference_arms(session) -> None:
    runs = session("nearest-mean", seeds=(0, 1), references=True).runs
    assert [run.seed for run in runs] == [0] * 3 + [1] * 3
    assert [run.method for run in runs[:3]] == ["none", "classic-balanced", "nearest-mean"]
    assert [run.method for run in runs[3:]] == ["nearest-mean", "classic-balanced", "none"]


def test_two_folders_of_one_name_are_not_taken_for_each_other() -> None:
    with pytest.raises(UsageError, match=r"two datasets in different places are called folder:pets; rename one"):
        resolve_datasets(["folder:a/pets", "folder:b/pets"])
    assert len(resolve_datasets(["folder:a/pets", "folder:a/pets", "folder:a/dogs"])) == 2


@dataclass(eq=False)
class Planned:
    method: int
    seed: int
    dataset: str = "stripes"


@given(arms=st.integers(1, 9), seeds=st.integers(0, 9), parts=st.integers(1, 70))
def test_shards_are_equal_parts_of_all_runs(arms: int, seeds: int, parts: int) -> None:
    runs = [cast(Run, Planned(method, seed)) for seed in range(seeds) for method in range(arms)]
    shards = [Shard.parse(f"{part}/{parts}").of(runs) for part in range(1, parts + 1)]
    assert sorted(id(run) for shard in shards for run in shard) == sorted(map(id, runs))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize(("arms", "parts"), [(4, 4), (4, 2), (6, 3)])
def test_no_shard_has_one_method_alone(arms: int, parts: int) -> None:
    runs = [cast(Run, Planned(method, seed)) for seed in range(arms) for method in range(arms)]
    for part in range(1, parts + 1):
        counts = Counter(run.method for run in Shard(part, parts).of(runs))
        assert set(counts.values()) == {arms // parts}
        assert len(counts) == arms


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/3", "1/2/3", "", "²/3", "1.0/2"])
def test_what_is_no_shard_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="no part of a whole"):
        Shard.parse(text)
