"""``folder:PATH``: a folder a class."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.images import is_image, readable
from datasets.readers.csv_file import one_each, read_csv
from datasets.readers.omissions import Omissions
from datasets.readers.places import existing
from datasets.readers.table import Reader, Table, in_order, is_text, table_of_files

TRAIN = frozenset(("train", "training"))
VALID = frozenset(("val", "valid", "validation"))
TEST = frozenset(("test", "testing"))
IGNORED = frozenset(("__MACOSX", "__pycache__"))
SIDECARS = frozenset((".csv", ".db", ".html", ".ini", ".json", ".md", ".tsv", ".txt", ".xml", ".yaml", ".yml"))
"""Endings of files beside images that nobody takes for images."""

GROUPS_FILE = "groups.csv"


def _pattern(text: str | None) -> str | None:
    try:
        re.compile(text or "")
    except re.error as error:
        raise ValueError(f"group={text!r} is no regular expression ({error})") from None
    return text


@register
class Folder(Reader):
    """A folder of class folders, images anywhere below these.

    Where the folder holds ``train`` and ``test`` (and perhaps ``val``), in capitals or not, with class folders inside,
    the official test set is kept, and train and validation are drawn from the rest.
    """

    info = DatasetInfo(
        name="folder",
        version=1,
        summary="your own images: PATH/class/…/image.jpg, a folder a class",
        reference="your own",
        needs="a folder with one folder of images for each class; perhaps groups.csv with columns image,group",
    )
    argument: ClassVar[str | None] = "path"

    path: Annotated[Path, Field(description="the folder that holds the class folders")]
    group: Annotated[str | None, AfterValidator(_pattern)] = Field(
        default=None, description="regular expression on the path inside the folder; its first group names the group"
    )

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        root = existing(self.path, "folder")
        official = _official_parts(root)
        omitted = Omissions(skip=places.skip_bad_images)
        files: list[str] = []
        labels: list[str] = []
        tests: list[bool] = []
        others: list[str] = []
        for top in official or (root,):
            for folder in _folders(top):
                named = [(path, path.relative_to(root).as_posix()) for path in _files(folder)]
                found = [name for path, name in named if is_image(path) and _takes(path, name, omitted)]
                others += (beside := [readable(name) for path, name in named if not is_image(path)])
                if not found and not official:
                    what = f"no image that is read (but {beside[0]})" if beside else "no image"
                    raise DatasetError(
                        f"the class folder {readable(folder)} holds {what}; put images in, or remove it."
                    )
                files += found
                labels += [folder.name] * len(found)
                tests += [top.name.casefold() in TEST] * len(found)
        classes = in_order(labels)
        if len(classes) < 2:
            raise DatasetError(
                f"{readable(root)} holds {len(classes)} class folders with images; it needs two or more, "
                "PATH/class/image.jpg."
            )
        return table_of_files(
            [root / name for name in files],
            names=files,
            labels=labels,
            cache=places.cache,
            groups=_groups(root, files, self.group),
            classes=classes,
            fixed_test=tests if official else None,
            left_out=omitted.sentences,
            ignored=[
                *(f"{name} ends like no image that is read; save it as PNG or TIFF." for name in others),
                *(f"{name} lies in no class folder; move it into one." for name in _loose(root, official)),
            ],
        )


def _takes(path: Path, name: str, omitted: Omissions) -> bool:
    """Whether an image can be named."""
    if is_text(name):
        return True
    omitted.add(f"{readable(path)} has a name outside UTF-8; rename it.", name=readable(name))
    return False


def _folders(root: Path) -> list[Path]:
    """Folders inside, by name; what file managers leave behind is not looked at."""
    if not root.is_dir():
        raise DatasetError(f"{readable(root)} is a file; give the folder that holds the class folders.")
    inside = (p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name not in IGNORED)
    found = sorted(inside, key=lambda p: p.name)  # paths as such sort otherwise on Windows
    for folder in found:
        if not is_text(folder.name):
            raise DatasetError(f"the class folder {readable(folder)} has a name outside UTF-8; rename it.")
    return found


def _official_parts(root: Path) -> tuple[Path, ...]:
    """The folders ``train``, ``val`` and ``test``, where these, and not classes, lie in the folder.

    Raises:
        DatasetError: Folders of such names lie beside others, or not all that are needed are there.
    """
    folders = _folders(root)
    kinds = [folder.name.casefold() for folder in folders]
    parts = [folder.name for folder, kind in zip(folders, kinds, strict=True) if kind in TRAIN | VALID | TEST]
    if not parts:
        return ()
    way_out = "or, if it is a class, give it another name"
    others = [folder.name for folder in folders if folder.name not in parts]
    if others:
        raise DatasetError(
            f"{readable(root)} holds {_listed(parts)}, called like a part of a split set, beside {_listed(others)}; "
            f"keep train, test and perhaps val alone there, {way_out}."
        )
    if not (TRAIN.intersection(kinds) and TEST.intersection(kinds)):
        raise DatasetError(
            f"{readable(root)} holds {_listed(parts)}, called like a part of a split set, and no "
            f"{'test' if TRAIN.intersection(kinds) else 'train'}; add that, {way_out}."
        )
    for folder in folders:
        if not _folders(folder):
            raise DatasetError(
                f"{readable(folder)}, called like a part of a split set, holds no class folders; put its images into "
                f"some, {way_out}."
            )
    return tuple(folders)


def _listed(names: Sequence[str]) -> str:
    """The first few of some names."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def images_below(folder: Path) -> Iterator[Path]:
    """Images below a folder, in an order that is the same everywhere; names that begin with a dot are passed over."""
    return filter(is_image, _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """What may be images below a folder, in an order that is the same everywhere; links to folders are followed."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not _loops(Path(place, name), folder)
        )
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() not in SIDECARS:  # noqa: PTH122
                yield Path(place, name)


def _loops(place: Path, top: Path) -> bool:
    """Whether a folder below another is a link that leads back to where it lies."""
    if not place.is_symlink():
        return False
    target = place.resolve()
    return any(above.resolve().is_relative_to(target) for above in place.parents if above.is_relative_to(top))


def _loose(root: Path, official: Sequence[Path]) -> list[str]:
    """Images beside the class folders, where a class folder was left out, or none made."""
    return [
        readable(path.relative_to(root).as_posix())
        for top in (root, *official)
        for path in sorted(top.iterdir())
        if is_image(path) and not path.name.startswith(".") and path.is_file()
    ]


def _groups(root: Path, names: list[str], pattern: str | None) -> list[str] | None:
    if pattern is not None:
        return [_match(pattern, name) for name in names]
    table = root / GROUPS_FILE
    if not table.is_file():
        return None
    rows = read_csv(table, ("image", "group"))
    group_of = one_each(table, "group", ((row["image"], row["group"]) for _, row in rows))
    for name in names:
        if not group_of.get(name):
            raise DatasetError(f"{readable(table)} names no group for {name}; add a line '{name},GROUP'.")
    return [group_of[name] for name in names]


def _match(pattern: str, name: str) -> str:
    found = re.search(pattern, name)
    if found is None:
        raise DatasetError(f"group={pattern} does not match {name!r}; mend the expression so that it fits each path.")
    return next((part for part in found.groups() if part is not None), found.group())
