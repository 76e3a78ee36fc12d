from __future__ import annotations

import math

import pytest

from report.checkpoints import checkpoints
from report.document import Code, Table
from report.study import Results
from results import CurveWriter, Store


@pytest.fixture
def table_of(tmp_path, make_record):
    """The table of runs whose qualities, one a checkpoint, are given by method and seed."""

    def build(runs: dict[str, list[list[float]]], **values) -> Table | None:
        records = []
        for method, seeds in runs.items():
            for seed, qualities in enumerate(seeds):
                records.append(make_record(method=method, seed=seed, run_id=f"{method}-{seed}", **values))
                with CurveWriter(Store(tmp_path).run_folder(f"{method}-{seed}")) as writer:
                    for k, quality in enumerate(qualities, 1):
                        writer.add("generator", 10 * k, {"loss_g": 1.0, "quality": quality}, 0.0)
        return next(checkpoints(Results.of(records, folder=tmp_path), "cells"), None)

    return build


def test_means_over_seeds_at_each_checkpoint_in_thousandths(table_of):
    table = table_of({"dcgan": [[0.03, 0.02, 0.01], [0.01, 0.04, 0.02]]})
    assert [column.name for column in table.columns] == ["method", "runs", "updates", "1", "2", "3", "last is best"]
    assert table.rows == ((Code("dcgan"), "2", "30", "20.0", "30.0", "15.0", "1 of 2"),)


def test_the_earliest_of_equals_is_the_best_as_in_the_choice(table_of):
    assert table_of({"dcgan": [[0.02, 0.01, 0.01]]}).rows[0][-1] == "0 of 1"


def test_methods_with_other_numbers_of_checkpoints_and_updates_share_the_table(table_of):
    rows = table_of({"bagan": [[0.05, 0.04], [0.03, 0.02, 0.03]], "dcgan": [[0.03, 0.02, 0.01]], "none": [[]]}).rows
    assert rows[0] == (Code("bagan"), "2", "20 to 30", "40.0", "30.0", "30.0", "1 of 2")
    assert rows[1] == (Code("dcgan"), "1", "30", "30.0", "20.0", "10.0", "1 of 1")
    assert len(rows) == 2


def test_what_is_not_finite_or_looked_at_once_is_left_out(table_of):
    rows = table_of({"dcgan": [[math.nan, 0.02, 0.01], [0.01]]}).rows
    assert rows[0][:5] == (Code("dcgan"), "1 of 2", "30", "20.0", "10.0")
    assert table_of({"wgan": [[0.01]]}) is None


def test_runs_without_a_result_are_no_evidence(table_of):
    assert table_of({"dcgan": [[0.02, 0.01]]}, status="diverged", metrics=None) is None


def test_records_without_folders_have_no_table(make_record):
    assert next(checkpoints(Results.of([make_record(method="dcgan")]), "cells"), None) is None
