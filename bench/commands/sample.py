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
from datasets.spec import SpecError, format_value, split_list, unquote
from methods import METHODS, NotApplicable

AT_ONCE = 512

_RESERVED = frozenset('<>:"/\\|?*')
"""Characters that some system has no folder names with."""

_NUMBER = re.compile(r"[-+.\d]+")


@guarded
def sample(
    study: StudyFolder,
    run_id: Annotated[str, typer.Argument(help="Which run; it was run with --keep-weights.")],
    labels: Annotated[
        str, typer.Option(help="ring:20,schizont:5; ring for one image; 20 of each class; names with commas in quotes.")
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

    Names may be quoted, and are where they hold commas, brackets or quotes: ``'"ring, young":20'``.

    Raises:
        UsageError: A class is unknown, a count is no whole number from 1, or a quote or a bracket is left open.
    """
    try:
        items = split_list(text)
    except SpecError as error:
        way = "put names with commas, brackets or quotes in quotes"
        raise UsageError(f"{str(error).rstrip('.')}, and {way}, as '\"ring, young\":20'.") from error
    asked: dict[str, int] = {}
    for item in items:
        names, number = _names(item, classes, counts)
        for name in names:
            if name not in classes:
                raise UsageError(f"there is no class {name!r}; {nearest(name, map(format_value, classes))}")
            if not (number.isascii() and number.isdecimal() and int(number)):
                example = f"{format_value(name)}:20"
                raise UsageError(f"--labels {item!r} asks for no whole number of images; write for example {example}.")
            asked[name] = asked.get(name, 0) + int(number)
    return asked


def _names(item: str, classes: tuple[str, ...], counts: tuple[int, ...]) -> tuple[list[str], str]:
    """The classes that an item asks for, and the number that it gives, both as they are written."""
    for whole in (item, unquote(item)):
        if whole in classes:
            return [whole], "1"
    name, colon, number = item.rpartition(":")
    if colon:
        return [name if name in classes else unquote(name)], number
    if _NUMBER.fullmatch(item):
        return [of for of, count in zip(classes, counts, strict=True) if count], item
    return [unquote(item)], "1"


def class_folders(classes: tuple[str, ...]) -> dict[str, str]:
    """A folder name for each class that is one plain name, whatever the class is called, and no two alike."""
    folders: dict[str, str] = {}
    for number, name in enumerate(classes):
        kept = (letter if letter.isprintable() and letter not in _RESERVED else "_" for letter in name)
        plain = "".join(kept).strip(" .") or "class"
        taken = plain.lower() in {folder.lower() for folder in folders.values()}
        folders[name] = f"{plain}-{number}" if taken else plain
    return folders
