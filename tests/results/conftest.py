from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from results import Environment, Record

MakeRecord = Callable[..., Record]


@pytest.fixture
def make_record() -> MakeRecord:
    """A failed run with as little in it as the schema allows; keywords replace entries."""

    def make(run_id: str = "none-cells-s0-0123456789", **values: Any) -> Record:
        entries: dict[str, Any] = {
            "protocol": "0123456789ab",
            "method": "none",
            "version": 1,
            "parameters": {"classifier": "cnn"},
            "tier": "control",
            "dataset": "cells",
            "dataset_fingerprint": "f" * 32,
            "seed": 0,
            "preset": "smoke",
            "budget": {"size": 16},
            "split": None,
            "status": "failed",
            "device": "cpu",
            "environment": Environment(versions={"torch": "2.11.0"}, threads=1, precision="float32"),
            "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "finished_at": datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
        }
        return Record(run_id=run_id, **(entries | values))

    return make
