"""Keeps of a finished study what is committed, small enough for a repository.

    python results/reference/keep.py studies/cells results/reference/cells

Records and predictions are copied as they are, curves are thinned to some dozen points each, and of each method's
pictures one grid a dataset is kept, in 64 colours. `bench report FOLDER` makes the report from these, and can make it
again; `python docs/figures.py` then writes its figures into the documents.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections import defaultdict
from pathlib import Path

from PIL import Image

from results import Store, UnreadableFile
from results.curves import COLUMNS, CurvePoint, read_curves
from results.curves import FILE_NAME as CURVES
from results.plane import FILE_NAME as PLANE
from results.predictions import FILE_NAME as PREDICTIONS

POINTS, COLOURS = 40, 64
SAMPLES = "samples.png"


def keep(source: Store, target: Store) -> None:
    """Copies a study.

    Args:
        source: With records.
        target: Made where it does not exist. Runs that it has are written again, and those that the source has not
            (any more) are removed. The study takes its folder's name.

    Raises:
        UnreadableFile: The source has no study file, or one that cannot be read.
    """
    target.write_study(source.read_study().model_copy(update={"name": target.folder.name}))
    pictured: set[tuple[str, str]] = set()
    for record in source.records():
        came_from = source.run_folder(record.run_id)
        arm = record.dataset, record.method
        with target.attempt(record.run_id) as folder:
            folder.mkdir(parents=True, exist_ok=True)
            write_curves(thinned(read_curves(came_from)), folder)
            if (came_from / PREDICTIONS).exists():
                shutil.copy(came_from / PREDICTIONS, folder)
            if (came_from / SAMPLES).exists() and arm not in pictured:
                pictured.add(arm)
                small = Image.open(came_from / SAMPLES).convert("RGB").quantize(COLOURS)
                small.save(folder / SAMPLES, optimize=True)
                if (came_from / PLANE).exists():
                    shutil.copy(came_from / PLANE, folder)
        target.write(record)
    for run_id in set(target.run_ids()) - set(source.run_ids()):
        target.record_file(run_id).unlink()
        shutil.rmtree(target.run_folder(run_id), ignore_errors=True)


def thinned(points: list[CurvePoint]) -> list[CurvePoint]:
    """At most some `POINTS` of each curve, evenly spaced, the last one among them; in the order given."""
    curves: dict[tuple[str, str], list[CurvePoint]] = defaultdict(list)
    for point in points:
        curves[point.phase, point.name].append(point)
    kept: set[CurvePoint] = set()
    for curve in curves.values():
        every = -(-len(curve) // POINTS)
        kept.update(curve[::-1][::every])
    return [point for point in points if point in kept]


def write_curves(points: list[CurvePoint], folder: Path) -> None:
    """Writes ``curves.csv``; nothing where there are no points."""
    if not points:
        return
    with (folder / CURVES).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((p.phase, p.step, p.name, f"{p.value:.5g}", f"{p.wall_s:.1f}") for p in points)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("write: python results/reference/keep.py STUDY FOLDER")
    try:
        keep(Store(Path(sys.argv[1])), Store(Path(sys.argv[2])))
    except UnreadableFile as error:
        sys.exit(f"keep.py: {error}")
