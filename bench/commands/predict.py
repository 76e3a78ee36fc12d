"""`bench predict`: the classes of images from anywhere, by the kept weights of a run."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from bench.commands.console import Debug, Json, StudyFolder, guarded
from bench.commands.kept import fitted_of
from bench.errors import UsageError
from datasets.images import SUFFIXES, read_image, readable, resize
from datasets.readers.folder import images_below

AT_ONCE = 256


@guarded
def predict(
    study: StudyFolder,
    run_id: Annotated[str, typer.Argument(help="Which run; it was run with --keep-weights.")],
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.", metavar="IMAGES...")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Say the class of images, by the kept weights of a run."""
    del debug
    files = [file for path in images for file in image_files(path)]
    fitted, kept = fitted_of(study, run_id, device=device)
    rows: list[tuple[str, str, dict[str, float]]] = []
    for start in range(0, len(files), AT_ONCE):
        some = files[start : start + AT_ONCE]
        pixels = np.stack([_pixels(file, channels=kept.channels, size=kept.budget.size) for file in some])
        for file, row in zip(some, fitted.predict_proba(pixels), strict=True):
            shares = {name: float(share) for name, share in zip(kept.classes, row, strict=True)}
            rows.append((readable(file), kept.classes[int(row.argmax())], shares))
    if json_:
        print(json.dumps([{"file": file, "class": name, "probabilities": of} for file, name, of in rows], indent=1))
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "class", *kept.classes])
    table.writerows([file, name, *(f"{share:.6f}" for share in of.values())] for file, name, of in rows)


def image_files(path: Path) -> Iterator[Path]:
    """The image itself, or all images below a folder, as a dataset of folders takes them.

    Raises:
        UsageError: There is no such file, or no image in the folder.
    """
    if not path.exists():
        raise UsageError(f"there is no {readable(path)}; give image files, or folders of them.")
    if not path.is_dir():
        yield path
        return
    found = list(images_below(path))
    if not found:
        raise UsageError(f"{readable(path)} holds no images; give a folder with {', '.join(sorted(SUFFIXES))} files.")
    yield from found


def _pixels(file: Path, *, channels: int, size: int) -> NDArray[np.uint8]:
    """(C, size, size) uint8, brought to size as the images of a dataset are."""
    return resize(read_image(file).convert("L" if channels == 1 else "RGB"), size)
