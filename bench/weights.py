"""Kept weights: one safetensors file a run, which says all that is needed to use them again.

Nothing but tensors and text is in it, so reading one runs no code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from bench.errors import UsageError
from bench.plan import Run
from bench.rehearsal import rehearse
from datasets import LabelledImages
from methods import METHODS, Budget, Fitted, NotApplicable, Precision
from methods.classifiers import CLASSIFIERS
from results import UnreadableFile, write_whole

ENTRY = "augbench"
"""The metadata entry of the file."""


@dataclass(frozen=True)
class Kept:
    """What a run kept.

    Attributes:
        method: Name and parameters, paths left out.
        version: Of the method.
        budget: Of the run.
        precision: Of the run.
        classes: Names.
        counts: Training images of each class; one without any has no generator in some methods.
        channels: Of the images, 1 or 3.
        tensors: By name.
    """

    method: dict[str, Any]
    version: int
    budget: Budget
    precision: Precision
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    channels: int
    tensors: dict[str, Tensor]


def keep(path: Path, fitted: Fitted, *, run: Run, train: LabelledImages) -> None:
    """Writes what was fitted, whole.

    Args:
        path: Ends in ``.safetensors``.
        fitted: Whose state is kept.
        run: What it came from.
        train: Its training images, for shape, classes and counts.
    """
    method = run.build_method()
    start = CLASSIFIERS.build(method.classifier).model_copy(update={"weights": None})  # what it began with is past
    about = {
        "method": {"name": method.info.name, **method.parameters(), "classifier": start.name},
        "version": method.info.version,
        "budget": asdict(run.protocol.budget),
        "precision": run.protocol.precision,
        "classes": list(train.classes),
        "counts": train.counts.tolist(),
        "channels": train.images.shape[1],
    }
    tensors = {name: tensor.clone() for name, tensor in fitted.state().items()}  # two names may share one memory
    write_whole(path, safetensors.torch.save(tensors, metadata={ENTRY: json.dumps(about)}))


def read(path: Path) -> Kept:
    """Reads kept weights.

    Raises:
        UnreadableFile: It is no file that `keep` wrote.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownMemberType]
            about = json.loads(file.metadata()[ENTRY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        sequences = {name: tuple(about.pop(name)) for name in ("classes", "counts")}
        return Kept(**{**about, **sequences, "budget": Budget(**about["budget"])}, tensors=tensors)
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnreadableFile(f"{path} holds no kept weights ({error}); run it again with --keep-weights.") from error


def restore(kept: Kept, *, device: torch.device) -> Fitted:
    """What was fitted, as it was.

    Args:
        kept: As read.
        device: Where it will compute.

    Raises:
        UsageError: The method has changed since, or has no way back.
    """
    method = METHODS.build(kept.method)
    if method.info.version != kept.version:
        raise UsageError(
            f"the weights are of {method.info.name} version {kept.version}, and this is version "
            f"{method.info.version}; run it again with --keep-weights."
        )
    try:
        fitted = rehearse(
            method,
            budget=kept.budget,
            precision=kept.precision,
            classes=kept.classes,
            counts=kept.counts,
            channels=kept.channels,
            device=device,
        )
        fitted.load(kept.tensors)
    except (NotApplicable, RuntimeError, KeyError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UsageError(f"the weights do not go back into {method.name} ({reason}); run it again.") from error
    return fitted
