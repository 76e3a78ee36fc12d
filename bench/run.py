"""One run: dataset → split → fit → predict, sample → score → record. This file is the protocol."""

from __future__ import annotations

import contextlib
import gc
import random
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from bench.calibration import Calibration, warm_up
from bench.checkpoint import Every, RunCheckpoints, StaleCheckpoint
from bench.clock import Clock
from bench.context import RunContext
from bench.devices import device_name
from bench.environment import environment
from bench.errors import StudyStopped
from bench.examination import examine, extractor_for, judge
from bench.faults import Outcome, faults_into, is_full_disk
from bench.limit import time_limit
from bench.log import RunLog
from bench.memory import keep_freed_memory
from bench.meters import meter_for
from bench.place import Place, own_place
from bench.plan import Run
from bench.split_record import checked_leaks, split_record
from bench.streams import stream_seed
from bench.weights import keep
from datasets import Places
from results import (
    WEIGHTS,
    CurveWriter,
    ErrorRecord,
    Heartbeat,
    Record,
    Store,
    Timing,
)

OUT_OF_MEMORY = torch.OutOfMemoryError.__name__


@dataclass(frozen=True)
class Conditions:
    """How runs are carried out; none of it changes what comes out, or makes runs less comparable.

    Attributes:
        study: Folder of the study.
        places: Where data and caches lie.
        devices: ``cpu``, ``cuda:0``, …; a worker takes the one of them that the fewest runs are on.
        timeout: Seconds that a run may take, if limited.
        beside: Whether other runs of the study are carried out at the same time.
        plugins: Plug-in files to load in every process.
        allow_leaks: Whether runs go on where a group or an image crosses the split; their records say so.
        generative: Whether generated images are measured.
        keep_weights: Whether what was fitted is kept beside the record.
        halve_batch: Whether a run for which the GPU's memory does not suffice is tried again with half the batch; its
            record says so.
        checkpoint_every: Seconds between two checkpoints; None for none.
        reraise: Whether a fault is raised instead of recorded (``--debug``).
    """

    study: Path
    places: Places
    devices: tuple[str, ...] = ("cpu",)
    timeout: float | None = None
    beside: bool = False
    plugins: tuple[Path, ...] = ()
    allow_leaks: bool = False
    generative: bool = True
    keep_weights: bool = False
    halve_batch: bool = False
    checkpoint_every: float | None = None
    reraise: bool = False


def carry_out(run: Run, conditions: Conditions) -> Record:
    """Carries out one run and stores its record and artifacts.

    Args:
        run: What to do.
        conditions: How.

    Returns:
        The record, stored; its status says whether the run trained.

    Raises:
        StudyStopped: The disk is full, or the images have changed since the run was planned.
        KeyboardInterrupt: Ctrl-C; no record is stored, and checkpoints stay.
    """
    store = Store(conditions.study)
    try:
        with own_place(threads=run.protocol.threads, devices=conditions.devices, beside=conditions.beside) as place:
            record = _attempt(run, place, conditions, store)
            if conditions.halve_batch:
                record = _with_smaller_batches(record, run, place, conditions, store)
        store.write(record)
        store.remove_checkpoints(run.run_id)
    except OSError as error:
        if is_full_disk(error):
            raise StudyStopped(
                f"the disk of {conditions.study} is full; make space and run the same command again, finished runs "
                "are kept."
            ) from error
        raise
    return record


def _with_smaller_batches(record: Record, run: Run, place: Place, conditions: Conditions, store: Store) -> Record:
    """Half the batch, as long as the GPU's memory is what a run failed for.

    The run stays the one that was planned, with its identity and protocol; the record's budget has the batch that was
    used, and its error says why.
    """
    batch = run.protocol.budget.batch
    while record.status == "failed" and record.error and record.error.type == OUT_OF_MEMORY and batch > 1:
        batch //= 2
        gc.collect()
        torch.cuda.empty_cache()
        protocol = replace(run.protocol, budget=replace(run.protocol.budget, batch=batch))
        record = _attempt(replace(run, protocol=protocol), place, conditions, store)
        record = record.model_copy(update={"protocol": run.protocol.hash})
    if record.status == "ok" and batch < run.protocol.budget.batch:
        message = f"a batch of {run.protocol.budget.batch} did not fit into the GPU's memory; {batch} was used."
        record = record.model_copy(update={"error": ErrorRecord(type=OUT_OF_MEMORY, message=message)})
    return record


def _attempt(run: Run, place: Place, conditions: Conditions, store: Store) -> Record:
    """Carries out one run, from its checkpoints where it has some that fit."""
    try:
        return _once(run, place, conditions, store)
    except StaleCheckpoint as error:
        print(f"bench: a checkpoint of {run.run_id} does not fit ({error}); the run starts anew.", file=sys.stderr)
        store.remove_checkpoints(run.run_id)
        return _once(run, place, conditions, store)


def _once(run: Run, place: Place, conditions: Conditions, store: Store) -> Record:
    device = place.device
    calibration = Calibration(device, run.protocol.precision)
    clock = Clock(meter_for(device), calibration)
    outcome = Outcome(started_at=datetime.now(UTC))
    heartbeat = Heartbeat(store.running_folder, run.run_id)
    every = conditions.checkpoint_every
    checkpoints = RunCheckpoints(
        store.checkpoint_folder(run.run_id),
        identity={"run_id": run.run_id, "batch": run.protocol.budget.batch, "device": device.type},
        device=device,
        clock=clock,
        is_due=None if every is None else Every(every),
    )
    torch.set_num_threads(run.protocol.threads)
    keep_freed_memory()
    with (
        contextlib.closing(heartbeat),
        store.attempt(run.run_id) as artifacts,
        contextlib.closing(RunLog(artifacts)) as log,
        clock.run() as total,
        faults_into(outcome, clock, log=log, reraise=conditions.reraise),
        time_limit(conditions.timeout),
    ):

        def report(phase: str, step: int = 0, steps: int | None = None) -> None:
            heartbeat.update(phase, step, steps)
            log.update(phase, step, steps)

        log.say(f"{run.method} on {run.dataset}, seed {run.seed}, preset {run.protocol.preset}, on {device}")
        with clock.warmup():
            warm_up(device, run.protocol.precision)
            calibration()  # starts the device and its libraries
        _seed_everything(run)
        report("data")
        source = run.build_dataset().open(conditions.places)
        if source.fingerprint != run.fingerprint:
            raise StudyStopped(
                f"the images of {run.dataset} have changed while the study went on (fingerprint "
                f"{run.fingerprint[:12]}, now {source.fingerprint[:12]}); put the former ones back and run the same "
                "command again, or begin anew with another --out."
            )
        split = source.split(size=run.protocol.budget.size, seed=stream_seed(run.fingerprint, run.seed, "split"))
        outcome.split = split_record(split, checked_leaks(split, run.dataset, allow=conditions.allow_leaks))
        with CurveWriter(artifacts) as curves:
            context = RunContext(
                run=run,
                split=split,
                device=device,
                clock=clock,
                curves=curves,
                artifacts=artifacts,
                report=report,
                checkpoints=checkpoints,
            )
            fitted = run.build_method().fit(split.train, split.valid, context)
        if conditions.keep_weights:
            keep(artifacts / WEIGHTS, fitted, run=run, train=split.train)
        report("score")
        with clock.warmup():  # trained once for all methods of a seed, so it is no part of any run
            extractor = None
            if conditions.generative:
                extractor = extractor_for(run, split, device=device, cache=conditions.places.cache)
        with clock.phase("score"):
            outcome.metrics = judge(fitted, split, artifacts)
            if run.build_method().can_sample:
                outcome.generative = examine(run, fitted, split, extractor, device=device, artifacts=artifacts)
        log.say("ok")
    return _record(run, outcome, timing=clock.timing(total, contended=place.contended()), device=device)


def record_death(run: Run, conditions: Conditions, *, times: int) -> Record:
    """Stores the record of a run whose worker process died at every try, for the system told nobody why."""
    outcome = Outcome(started_at=datetime.now(UTC), status="failed")
    outcome.error = ErrorRecord(
        type="WorkerDied",
        message=f"its worker process died in each of {times} tries (killed, or out of memory); see the system's log, "
        "or use fewer jobs.",
    )
    record = _record(run, outcome, timing=None, device=torch.device(conditions.devices[0]))
    store = Store(conditions.study)
    with store.attempt(run.run_id) as artifacts, contextlib.closing(RunLog(artifacts)) as log:
        log.say(f"failed: {outcome.error.message}")
    store.write(record)
    store.remove_checkpoints(run.run_id)
    return record


def _record(run: Run, outcome: Outcome, *, timing: Timing | None, device: torch.device) -> Record:
    method = run.build_method()
    return Record(
        run_id=run.run_id,
        protocol=run.protocol.hash,
        method=run.method,
        version=method.info.version,
        parameters=method.parameters(),
        tier=method.info.tier,
        dataset=run.dataset,
        dataset_fingerprint=run.fingerprint,
        seed=run.seed,
        preset=run.protocol.preset,
        budget=asdict(run.protocol.budget),
        split=outcome.split,
        status=outcome.status,
        error=outcome.error,
        metrics=outcome.metrics,
        generative=outcome.generative,
        timing=timing,
        device=device_name(device),
        environment=environment(run.protocol),
        started_at=outcome.started_at,
        finished_at=datetime.now(UTC),
    )


def _seed_everything(run: Run) -> None:
    """Seeds the global generators too, for libraries that use them; our own code draws from named streams."""
    seed = stream_seed(run.fingerprint, run.seed, "global")
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
