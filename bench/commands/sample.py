"""`bench sample`: images from the kept weights of a run, a folder a class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from bench.commands.console import Debug, StudyFolder, guarded, say
from bench.commands.kept import fitted_of
from bench.errors import UsageError
from bench.streams import torch_generator
from datasets.registry import nearest
from datasets.spec import split_list
from methods import METHODS, NotApplicable

AT_ONCE = 512


@guarded
def sample(
    study: StudyFolder,
    run_id: Annotated[str, typer.Argument(help="Which run; it was run with --keep-weights.")],
    labels: Annotated[
        str, typer.Option(help="ring:20,schizont:5; ring for one image; 20 for that many of each class.")
    ],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder of the class folders.")],
    seed: Annotated[int, typer.Option(help="Of the noise: the same seed draws the same images.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    debug: Debug = False,
) -> None:
    """Draw images from the kept weights of a run."""
    del debug
    fitted, kept = fitted_of(study, run_id, device=device)
    if not METHODS.build(kept.method).can_sample:
        raise UsageError(f"{kept.method['name']} draws no images; name a run of a method with a generator.")
    counts = parse_labels(labels, kept.classes, kept.counts)
    folders = class_folders(kept.classes)
    generator = torch_generator(seed)
    for name, count in counts.items():
        folder = out_folder / folders[name]
        folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, count, AT_ONCE):
            asked = np.full(min(AT_ONCE, count - start), kept.classes.index(name), dtype=np.int64)
            try:
                images = fitted.sample(asked, generator)
            except NotApplicable as error:
                raise UsageError(str(error)) from error
            for number, image in enumerate(images, start=start):
                picture = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
                Image.fromarray(picture).save(folder / f"seed{seed}-{number:05d}.png")
    say(f"wrote {sum(counts.values())} images to {out_folder}")


def parse_labels(text: str, classes: tuple[str, ...], counts: tuple[int, ...]) -> dict[str, int]:
    """How many images of which class: ``ring:20,schizont`` or ``20`` for each class that had training images.

    Raises:
        UsageError: A class is unknown, or a count is no whole number from 1.
    """
    asked: dict[str, int] = {}
    for item in split_list(text):
        name, colon, number = item.rpartition(":")
        if item in classes:
            names, number = [item], "1"
        elif colon:
            names = [name]
        else:
            names = [of for of, count in zip(classes, counts, strict=True) if count]
        for of in names:
            if of not in classes:
                raise UsageError(f"there is no class {of!r}; {nearest(of, classes)}")
            if not (number.isascii() and number.isdecimal() and int(number)):
                raise UsageError(f"--labels {item!r} asks for no whole number of images; write for example {of}:20.")
            asked[of] = asked.get(of, 0) + int(number)
    return asked


def class_folders(classes: tuple[str, ...]) -> dict[str, str]:
    """A folder name for each class that is one plain name, whatever the class is called, and no two alike."""
    folders: dict[str, str] = {}
    for number, name in enumerate(classes):
        plain = re.sub(r"[^\w+=@ .-]", "_", name).strip(" .") or "class"
        taken = plain.lower() in {folder.lower() for folder in folders.values()}
        folders[name] = f"{plain}-{number}" if taken else plain
    return folders
