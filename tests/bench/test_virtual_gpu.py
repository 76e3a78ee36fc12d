"""Whole runs on a GPU that is not there, which refuses what a real one refuses."""

from __future__ import annotations

import contextlib

import pytest

from bench.checkpoint import RunCheckpoints
from bench.run import Conditions, carry_out
from tests.virtual_gpu import virtual_gpu


class Killed(BaseException):
    pass


@pytest.mark.parametrize("method", ["classic-balanced", "dcgan[selection=full]", "ddpm", "unified"])
def test_a_run_keeps_to_the_device_through_a_break_to_its_scores(monkeypatch, session, places, method) -> None:
    """It is killed behind its fifth checkpoint, and goes on from there."""
    real, written = RunCheckpoints._write, []

    def write(self: RunCheckpoints) -> None:
        real(self)
        written.append(self)
        if len(written) == 5:
            raise Killed

    monkeypatch.setattr(RunCheckpoints, "_write", write)
    monkeypatch.setattr("methods.two_stage.ddpm.LOOKED_AT", 64)
    with virtual_gpu(monkeypatch):
        planned = session(method, device="cuda", budget={"classifier_steps": 9, "generator_steps": 9})
        conditions = Conditions(
            study=planned.store.folder,
            places=places,
            devices=planned.devices,
            checkpoint_every=0.0,
            keep_weights=True,
            reraise=True,
        )
        with contextlib.suppress(Killed):
            carry_out(planned.runs[0], conditions)
        record = carry_out(planned.runs[0], conditions)
    assert record.status == "ok"
    assert record.device == "a GPU that is not there"
    assert record.timing is not None
    assert record.timing.resumed == 1
    assert record.timing.peak_gpu_bytes == 2**20
    training = record.timing.phases["joint" if method == "unified" else "classifier"]
    assert training.gpu_s is not None
    assert training.gpu_s > 0
    assert (record.generative is not None) == (method != "classic-balanced")
