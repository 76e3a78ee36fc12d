"""`bench score`: the figures on generated images, for two folders from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from bench.commands.console import Debug, Json, guarded, out, say, table
from bench.devices import choose_device
from bench.generative.class_folders import compared_classes
from bench.generative.of_folders import EXTRACTORS, score_folders
from results import ClassGenerative, Generative

COLUMNS = {
    "kid": "KID",
    "kid_floor": "KID floor",
    "fid": "FID",
    "fid_floor": "FID floor",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "ms_ssim": "MS-SSIM",
    "ms_ssim_real": "of real",
    "label_fidelity": "label fidelity",
    "memorisation": "memorisation",
}


@guarded
def score(
    real: Annotated[Path, typer.Argument(help="Folder of real images that the generator has not seen.")],
    generated: Annotated[
        Path, typer.Argument(help="Folder of generated images; subfolders that all have are classes.")
    ],
    train: Annotated[
        Path | None, typer.Option(help="Folder of the generator's training images, for floors and memorisation.")
    ] = None,
    extractor: Annotated[str, typer.Option(help=f"Of: {', '.join(EXTRACTORS)}.")] = "random",
    size: Annotated[int | None, typer.Option(help="Pixels to bring images to [default: as they are].", min=4)] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with weights files [default: BENCH_WEIGHTS].")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Measure generated images against real ones."""
    del debug
    compared = compared_classes([folder for folder in (real, generated, train) if folder is not None])
    for sentence in compared.left_out:
        say(sentence)
    found = score_folders(
        compared,
        extractor=extractor,
        size=size,
        weights=weights,
        device=torch.device(choose_device(device)),
    )
    if json_:
        print(found.model_dump_json(indent=1))
        return
    _show(found)


def _show(found: Generative) -> None:
    rows: list[tuple[str, ClassGenerative]] = list(found.per_class.items())
    if len(rows) > 1:
        rows.append(("together", found))
    shown = [name for name in COLUMNS if any(getattr(of, name) is not None for _, of in rows)]
    out().print(
        table(
            ("", "images", *(COLUMNS[name] for name in shown)),
            [(name, str(of.n), *(_number(getattr(of, metric)) for metric in shown)) for name, of in rows],
        )
    )
    if found.inception_score is not None:
        out().print(f"Inception Score {found.inception_score:.3f}")
    if found.extractor is not None:
        extractor = found.extractor
        say(f"extractor {extractor.name} ({extractor.hash}), resize: {extractor.resize}, n = {extractor.n}")
    for reason in dict.fromkeys(found.missing.values()):
        lacking = [metric for metric, why in found.missing.items() if why == reason]
        say(f"missing: {', '.join(lacking)}: {reason}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
