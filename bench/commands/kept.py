"""What `bench sample` and `bench predict` share: from a run's id to what it fitted."""

from __future__ import annotations

from pathlib import Path

import torch

from bench.commands.console import open_store
from bench.devices import choose_device
from bench.errors import UsageError
from bench.weights import Kept, read, restore
from datasets import load_plugin
from datasets.registry import nearest
from methods import Fitted


def fitted_of(study: Path, run_id: str, *, device: str) -> tuple[Fitted, Kept]:
    """What a run fitted and kept.

    Args:
        study: Folder of the study.
        run_id: Which run.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UsageError: There is no such run, it kept no weights, or they do not go back.
        UnreadableFile: The study or the weights cannot be read.
    """
    store = open_store(study)
    path = store.weights_file(run_id)
    if not path.is_file():
        known = store.run_ids()
        if run_id not in known:
            raise UsageError(f"{study} has no record of {run_id!r}; {nearest(run_id, known or ['none'])}")
        again = f"bench run --config {store.study_file} --out {study} --keep-weights --overwrite always"
        raise UsageError(f"{run_id} kept no weights; run the study again with them: {again}")
    if store.study_file.exists():
        for plugin in store.read_study().plugins:
            load_plugin(Path(plugin))
    kept = read(path)
    return restore(kept, device=torch.device(choose_device(device))), kept
