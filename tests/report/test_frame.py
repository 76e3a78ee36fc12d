import json

import pytest

from report import flat_table, recall_table
from report.frame import comparable
from results import Environment, NotComparable


def test_mixed_protocols_are_refused_with_the_difference_named(make_record):
    environment = Environment(versions={}, threads=4, precision="bfloat16")
    one = make_record(protocol="a")
    other = make_record(
        protocol="b", seed=1, preset="paper", budget={"size": 64, "batch": 64}, environment=environment, device="H200"
    )
    with pytest.raises(NotComparable) as caught:
        comparable([one, other])
    message = str(caught.value)
    for difference in (
        "2 protocols",
        "preset paper and quick",
        "budget size 32 and 64",
        "threads 1 and 4",
        "precision bfloat16 and float32",
        "device type cpu and cuda",
        "budget classifier_steps 1000 and none",
    ):
        assert difference in message
    assert "batch" not in message


def test_protocols_that_differ_in_nothing_one_sees_are_refused_too(make_record):
    with pytest.raises(NotComparable, match="other versions of metrics or splits"):
        comparable([make_record(protocol="a"), make_record(protocol="b", seed=1)])


def test_one_name_for_two_sets_of_images_is_refused(make_record):
    with pytest.raises(NotComparable, match="cells stands for different images"):
        comparable([make_record(), make_record(seed=1, dataset_fingerprint="e" * 32)])


def test_records_of_an_older_version_are_left_out_and_named(make_record):
    old, new, other = make_record(version=1), make_record(version=2), make_record(method="dcgan", version=1)
    kept, notes = comparable([old, new, other])
    assert kept == [other, new] or kept == [new, other]
    assert notes == ["none: records of versions before 2 are left out."]


def test_records_are_ordered_by_dataset_tier_method_and_seed(study_records):
    kept, _ = comparable(reversed(study_records))
    assert [(record.dataset, record.method, record.seed) for record in kept][:4] == [
        ("cells", "none", 0),
        ("cells", "none", 1),
        ("cells", "none", 2),
        ("cells", "classic-balanced", 0),
    ]
    assert [record.tier for record in kept[:15]] == ["control"] * 9 + ["two-stage"] * 3 + ["unified"] * 3


def test_recall_is_one_row_a_class(make_record):
    from results import Metrics

    numbers = dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), 0.5)
    record = make_record(metrics=Metrics(**numbers, recall={"a": 0.25, "b": None}))
    assert recall_table([record]).to_dict("records") == [
        {"dataset": "cells", "method": "none", "seed": 0, "class": "a", "value": 0.25}
    ]


def test_the_flat_table_has_a_column_an_entry(study_records):
    table = flat_table(study_records)
    assert len(table) == 30
    first = table.iloc[0]
    assert first["metrics.recall.ring"] == study_records[0].metrics.recall["ring"]
    assert first["timing.phases.classifier.cpu_s"] == study_records[0].timing.phases["classifier"].cpu_s
    assert json.loads(first["parameters"]) == {"classifier": "cnn"}
