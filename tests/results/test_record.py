import json
import math
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from results import (
    ClassCounts,
    ClassGenerative,
    Environment,
    ErrorRecord,
    Extractor,
    Generative,
    Metrics,
    PhaseTime,
    Record,
    SplitRecord,
    Timing,
)

NAMES = st.text(max_size=12)
SCORES = st.none() | st.floats(0, 1)
SECONDS = st.floats(0, 1e9)
COUNTS = st.dictionaries(NAMES, st.integers(0, 10**9), max_size=3)
JSON_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES
METRICS = st.builds(
    Metrics,
    **dict.fromkeys((name for name in Metrics.model_fields if name != "recall"), SCORES),
    recall=st.dictionaries(NAMES, SCORES, max_size=3),
)
CLASS_FIGURES = {**dict.fromkeys(ClassGenerative.model_fields, SCORES), "n": st.none() | st.integers(0, 10**9)}
GENERATIVE = st.builds(
    Generative,
    **CLASS_FIGURES,
    per_class=st.dictionaries(NAMES, st.builds(ClassGenerative, **CLASS_FIGURES), max_size=2),
    missing=st.dictionaries(NAMES, NAMES, max_size=2),
    extractor=st.none() | st.builds(Extractor, name=NAMES, hash=NAMES, resize=NAMES, n=st.integers(0, 10**6)),
)
PHASES = st.builds(PhaseTime, wall_s=SECONDS, cpu_s=SECONDS, gpu_s=st.none() | SECONDS)
TIMING = st.builds(
    Timing,
    wall_s=SECONDS,
    phases=st.dictionaries(NAMES, PHASES, max_size=3),
    contended=st.sampled_from(["none", "neighbours", "shared"]),
    peak_rss_bytes=st.none() | st.integers(0, 2**60),
)
SPLITS = st.builds(
    SplitRecord,
    rule=st.sampled_from(["fresh", "resampled", "fixed-test"]),
    **dict.fromkeys(["n_train", "n_valid", "n_test"], st.integers(0, 10**9)),
    n_groups=st.none() | st.integers(1, 1000),
    class_counts=st.builds(ClassCounts, train=COUNTS, valid=COUNTS, test=COUNTS),
)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
RECORDS = st.builds(
    Record,
    run_id=st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=40),
    protocol=NAMES,
    method=NAMES,
    version=st.integers(1, 99),
    parameters=st.dictionaries(NAMES, JSON_VALUES | st.lists(JSON_VALUES, max_size=3), max_size=3),
    tier=st.sampled_from(["control", "two-stage", "unified"]),
    dataset=NAMES,
    dataset_fingerprint=NAMES,
    seed=st.integers(0, 2**63 - 1),
    preset=NAMES,
    budget=st.dictionaries(NAMES, st.integers(1, 10**9) | st.floats(0.5, 1e6), max_size=3),
    split=st.none() | SPLITS,
    status=st.sampled_from(["ok", "diverged", "failed", "timeout", "skipped"]),
    error=st.none() | st.builds(ErrorRecord, type=NAMES, message=NAMES, phase=st.none() | NAMES),
    metrics=st.none() | METRICS,
    generative=st.none() | GENERATIVE,
    timing=st.none() | TIMING,
    device=NAMES,
    environment=st.builds(
        Environment,
        versions=st.dictionaries(NAMES, NAMES, max_size=2),
        threads=st.integers(1, 512),
        precision=st.sampled_from(["float32", "bfloat16"]),
    ),
    started_at=TIMES,
    finished_at=TIMES,
)


@given(record=RECORDS)
def test_a_record_survives_its_file(record: Record):
    text = record.to_json()
    assert Record.model_validate_json(text) == record
    assert Record.model_validate_json(text).to_json() == text


@given(record=RECORDS)
def test_a_record_is_plain_json(record: Record):
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert json.loads(record.to_json(), parse_constant=refuse)["schema"] == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_null(make_record, value):
    recall = {"a": value, "b": 0.5}
    metrics = Metrics(
        balanced_accuracy=value,
        macro_f1=0.5,
        macro_auc=None,
        macro_ap=None,
        accuracy=0.5,
        g_mean=0.5,
        minority_recall=0.5,
        ece=0.5,
        brier=0.5,
        recall=recall,
    )
    record = make_record(metrics=metrics, parameters={"rate": value, "list": [1.0, value]})
    written = json.loads(record.to_json())
    assert written["metrics"]["balanced_accuracy"] is None
    assert written["metrics"]["recall"] == {"a": None, "b": 0.5}
    assert written["parameters"] == {"rate": None, "list": [1.0, None]}


def test_a_file_name_that_is_no_text_can_be_told(make_record):
    message = "cannot read " + b"\xe9.png".decode(errors="surrogateescape") + " – é"
    record = make_record(error=ErrorRecord(type="DatasetError", message=message))
    assert record.error is not None and record.error.message == "cannot read \\udce9.png – é"
    assert Record.model_validate_json(record.to_json()) == record


def test_an_unknown_key_is_refused(make_record):
    with pytest.raises(ValidationError, match="surprise"):
        make_record(surprise=1)
