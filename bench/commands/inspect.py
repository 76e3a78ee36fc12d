"""`bench inspect`: counts, groups, sizes, duplicates, what crosses the split, and a picture grid."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.commands.console import CacheDir, DataDir, Debug, Json, Plugins, guarded, out, say, table
from bench.inspection import SIZE, inspect, picture_name
from datasets import DATASETS, Places, load_plugin

MOST_KINDS = 8


@guarded
def inspect_(
    dataset: Annotated[str, typer.Argument(help="A dataset, with its parameters: folder:PATH.", metavar="DATASET")],
    picture: Annotated[
        Path | None, typer.Option("--out", help="Where the picture grid goes [default: inspect-DATASET.png].")
    ] = None,
    seed: Annotated[int, typer.Option(help="Whose split.", min=0)] = 0,
    size: Annotated[int, typer.Option(help="Height and width at which images are compared.", min=8)] = SIZE,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    plugin: Plugins = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Look at a dataset: counts, groups, sizes, duplicates and what crosses the split."""
    del debug
    for path in plugin or []:
        load_plugin(path)
    built = DATASETS.build(dataset)
    places = Places.choose(data_dir, cache_dir, skip_bad_images=True)  # all of them are listed
    found = inspect(built, places, picture=picture or picture_name(built), seed=seed, size=size)
    if json_:
        print(json.dumps(found, indent=1))
        return
    _show(found)
    say(f"wrote {found['picture']}")


def _show(found: dict[str, Any]) -> None:
    names = ("train", "valid", "test")
    rows = [(name, *(str(counts[part]) for part in names)) for name, counts in found["counts"].items()]
    rows.append(("all", *(str(sum(counts[part] for counts in found["counts"].values())) for part in names)))
    if found["groups"]:
        rows.append(("groups", *(str(found["groups"][part]) for part in names)))
    out().print(table(("images", *names), rows, title=f"{found['dataset']} ({found['rule']}, seed {found['seed']})"))
    _line("fingerprint", found["fingerprint"][:16])
    _line("channels", str(found["channels"]))
    for kind in ("sizes", "modes"):
        if found[kind]:
            listed = ", ".join(f"{value} ({n})" for value, n in islice(found[kind].items(), MOST_KINDS))
            _line(
                kind, listed + (f" and {len(found[kind]) - MOST_KINDS} more" if len(found[kind]) > MOST_KINDS else "")
            )
    if found["dark"]:
        _line("values", found["dark"])
    for kind in ("exact", "near"):
        pairs = found[f"{kind}_duplicates"]
        said = f"{pairs['pairs']} pairs, {pairs['crossing']} across the split"
        _line(f"{kind} duplicates", f"{said}, {pairs['of_different_classes']} of different classes")
        for pair in pairs["first"]:
            _line("", f"{pair['a']} = {pair['b']}" if kind == "exact" else f"{pair['a']} ≈ {pair['b']}")
    for sentence in found["crossing_groups"]:
        _line("crossing group", sentence)
    _line("left out", f"{len(found['left_out'])} images" if found["left_out"] else "nothing")
    for sentence in found["left_out"]:
        _line("", sentence)
    verdict = (
        f"{found['leaks']} leaks: `bench run` refuses this split"
        if found["leaks"]
        else "no group and no exact duplicate crosses the split"
    )
    _line("verdict", verdict)


def _line(name: str, text: str) -> None:
    out().print(f"{name:18}{text}", markup=False, soft_wrap=True)
