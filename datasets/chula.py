"""Chula RBC-12: labelled red blood cells in thin smears, read in their public layout.

Naruenatthanaset et al., "Red Blood Cell Segmentation with Overlapping Cell Separation and Classification from an
Imbalanced Dataset", arXiv 2012.01321; MIT licence. ``Dataset/<n>.jpg`` is an image, ``Label/<n>.txt`` holds a
line ``x y type`` a cell: its centre in pixels and its type. An image without a label file is normal and is left
out: nobody has said what its cells are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from datasets.base import Dataset, DatasetError, DatasetInfo, LabelledImages, Places
from datasets.cache import cached, fingerprint
from datasets.catalogue import register
from datasets.images import read_rgb, resize
from datasets.sources import Collected, Collection
from datasets.splits import Part, in_part
from datasets.survey import digest_files

TYPES = (
    "normal", "macrocyte", "microcyte", "spherocyte", "target", "stomatocyte", "ovalocyte",
    "teardrop", "burr", "schistocyte", "uncategorised", "hypochromia", "elliptocyte",
)  # fmt: skip
"""Cell types by their number in the label files."""

WINDOW = 72
"""Side of the crop in pixels: one cell and its neighbours at 1000×."""

URL = "https://github.com/Chula-PIC-Lab/Chula-RBC-12-Dataset"
NEEDS = f"the folder chula-rbc-12 with Dataset/<n>.jpg and Label/<n>.txt, as published at {URL}"
REFERENCE = f"Naruenatthanaset et al., arXiv 2012.01321; {URL}; MIT licence"


@dataclass(frozen=True)
class Cells:
    """All labelled cells of a folder.

    Attributes:
        images: (I,) names of the labelled images, without ending.
        image: (N,) int64: which image each cell lies in.
        centre: (N, 2) int64: x and y in pixels.
        type: (N,) int64, 0…12.
    """

    images: tuple[str, ...]
    image: NDArray[np.int64]
    centre: NDArray[np.int64]
    type: NDArray[np.int64]


def find_folder(path: Path | None, places: Places) -> Path:
    """The folder with ``Dataset`` and ``Label``: the one given, or one called ``chula-rbc-12`` inside it.

    Raises:
        DatasetError: There is none.
    """
    given = path if path is not None else places.data
    if given is not None:
        for folder in (given.expanduser(), given.expanduser() / "chula-rbc-12"):
            if (folder / "Dataset").is_dir() and (folder / "Label").is_dir():
                return folder
    looked = "no place is named" if given is None else f"{given} holds no Dataset/ and Label/"
    raise DatasetError(
        f"chula-rbc-12 is not found ({looked}); get it from {URL} and name the folder that holds "
        "Dataset/<n>.jpg and Label/<n>.txt, or its parent, by chula-rbc-12[path=…], --data-dir or BENCH_DATA."
    )


def _label_files(folder: Path) -> list[Path]:
    """Label files by name; file managers leave files that begin with a dot."""
    files = (p for p in (folder / "Label").iterdir() if p.suffix == ".txt" and not p.name.startswith("."))
    return sorted(files, key=lambda p: p.name)  # paths as such sort otherwise on Windows


def _image_file(folder: Path, name: str) -> Path:
    path = folder / "Dataset" / f"{name}.jpg"
    if not path.is_file():
        raise DatasetError(f"{folder / 'Label' / name}.txt has no image {path}; add the image or remove the labels.")
    return path


def read_labels(folder: Path) -> Cells:
    """Reads all label files.

    Raises:
        DatasetError: A line is no ``x y type``, a label file has no image, or there are no labels at all.
    """
    files = _label_files(folder)
    rows = [(number, *cell) for number, path in enumerate(files) for cell in _read_label_file(path)]
    if not rows:
        raise DatasetError(f"{folder / 'Label'} holds no labels; it needs <n>.txt with lines 'x y type'.")
    for path in files:
        _image_file(folder, path.stem)
    table = np.array(rows, dtype=np.int64)
    return Cells(tuple(path.stem for path in files), table[:, 0], table[:, 1:3], table[:, 3])


def _read_label_file(path: Path) -> list[tuple[int, int, int]]:
    cells: list[tuple[int, int, int]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            x, y, kind = (int(word) for word in line.split())
        except ValueError:
            x, y, kind = -1, -1, -1
        if x < 0 or y < 0 or not 0 <= kind < len(TYPES):
            raise DatasetError(
                f"{path}, line {number}: {line!r} is no 'x y type' with a type from 0 to {len(TYPES) - 1}; "
                "correct or remove the line."
            )
        cells.append((x, y, kind))
    return cells


def contents_digest(folder: Path, cache: Path) -> str:
    """Hex digest of the labelled images and their labels."""
    files = [path for label in _label_files(folder) for path in (label, _image_file(folder, label.stem))]
    names = [f"{path.parent.name}/{path.name}" for path in files]
    return fingerprint(names, digest_files(files, cache))


def photographs(folder: Path, cells: Cells) -> NDArray[np.int64]:
    """Which photograph each labelled image is: 21 published files are copies of others, with other cells labelled.

    Returns:
        (I,) int64: for each of ``cells.images`` the first with the same contents.
    """
    first: dict[bytes, int] = {}
    contents = (hashlib.sha256(_image_file(folder, name).read_bytes()).digest() for name in cells.images)
    return np.array([first.setdefault(digest, number) for number, digest in enumerate(contents)], dtype=np.int64)


def crop_cells(folder: Path, cells: Cells, size: int) -> NDArray[np.uint8]:
    """Cuts the window around each cell, reflected where it leaves the image, and resizes it.

    Returns:
        (N, 3, size, size) uint8.

    Raises:
        DatasetError: An image cannot be read, or a cell lies outside its image.
    """
    half = WINDOW // 2
    crops = np.empty((len(cells.type), 3, size, size), dtype=np.uint8)
    for number, name in enumerate(cells.images):
        members = np.flatnonzero(cells.image == number)
        if not len(members):
            continue
        image = read_rgb(_image_file(folder, name))
        height, width = image.shape[:2]
        padded = np.pad(image, ((half, half), (half, half), (0, 0)), mode="reflect")
        for index in members:
            x, y = cells.centre[index]
            if x >= width or y >= height:
                raise DatasetError(
                    f"{folder / 'Label' / name}.txt puts a cell at {x} {y}, outside its {width} × {height} "
                    "image; correct or remove the line."
                )
            crops[index] = resize(padded[y : y + WINDOW, x : x + WINDOW], size)
    return crops


def _collect(
    dataset: Dataset,
    *,
    classes: Sequence[str],
    part: Part,
    held: float,
    path: Path | None,
    places: Places,
    copies_together: bool,
) -> Collected:
    folder = find_folder(path, places)
    contents = contents_digest(folder, places.cache)
    cells = read_labels(folder)
    image = cells.image
    if copies_together:
        key = f"chula-photographs-{contents[:24]}"
        image = cached(places.cache, key, lambda: {"first": photographs(folder, cells)})["first"][image]
    groups = np.array(cells.images)[image]
    wanted = np.array([TYPES.index(name) for name in classes])
    chosen = np.flatnonzero(np.isin(cells.type, wanted) & in_part(groups, part))
    labels = np.argmax(cells.type[chosen, None] == wanted, axis=1).astype(np.int64)

    def load(size: int) -> Collection:
        # All cells are cached together: every choice of classes and part reads the same file.
        key = f"chula-{contents[:24]}-{size}"
        crops = cached(places.cache, key, lambda: {"images": crop_cells(folder, cells, size)})["images"]
        return Collection(LabelledImages(crops[chosen], labels, tuple(classes), groups[chosen]))

    return Collected(
        fingerprint=fingerprint(dataset.info.name, dataset.info.version, contents, list(classes), part, held),
        classes=tuple(classes),
        load=load,
        held=held,
    )


def _known_types(given: Any) -> Any:
    """Names or numbers of types → names."""
    names = tuple(TYPES[int(item)] if item.isdecimal() and int(item) < len(TYPES) else item for item in given)
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= set(TYPES):
        raise ValueError(f"two or more different types out of {'/'.join(TYPES)} or 0 to {len(TYPES) - 1}")
    return names


PathField = Annotated[Path | None, Field(description="the folder that holds Dataset/ and Label/, or its parent")]
PartField = Annotated[Part, Field(description="30 % of the images are kept for development")]
HeldField = Annotated[float, Field(ge=0, le=0.9, description="share of the training images kept back for the oracle")]


@register
class ChulaRBC12(Dataset):
    """Chula RBC-12 with a choice of cell types.

    Types 10 (a rest class) and 12 (photographed separately, on a white background: a shortcut) are left out by
    default. Files that are one photograph under two names are one group, since version 2.
    """

    info = DatasetInfo(
        name="chula-rbc-12",
        version=2,
        summary="red blood cells in thin smears, twelve types and a rest class, grouped by photograph",
        reference=REFERENCE,
        needs=NEEDS,
    )

    classes: Annotated[tuple[str, ...], AfterValidator(_known_types)] = Field(
        default=tuple(name for name in TYPES if name not in ("uncategorised", "elliptocyte")),
        description="types by name or number, in label order",
    )
    part: PartField = "report"
    held: HeldField = 0.0
    path: PathField = None

    def open(self, places: Places) -> Collected:
        """See `Dataset.open`."""
        return _collect(
            self,
            classes=self.classes,
            part=self.part,
            held=self.held,
            path=self.path,
            places=places,
            copies_together=True,
        )


@register
class ChulaRBC4(Dataset):
    """Four types of Chula RBC-12, imbalanced about 20 : 1 like published sets of malaria smears.

    Each file is a group of its own, though 21 are copies of others: normal and target cells of some 0.4 to 3 % of the
    test images are also seen in training, at other centres. docs/data.md has what that is worth.
    """

    info = DatasetInfo(
        name="chula-rbc-4",
        version=1,
        summary="red blood cells in thin smears: normal, target, burr, teardrop, grouped by image",
        reference=REFERENCE,
        needs=NEEDS,
    )

    part: PartField = "report"
    held: HeldField = 0.0
    path: PathField = None

    def open(self, places: Places) -> Collected:
        """See `Dataset.open`."""
        classes = ("normal", "target", "burr", "teardrop")
        return _collect(
            self,
            classes=classes,
            part=self.part,
            held=self.held,
            path=self.path,
            places=places,
            copies_together=False,
        )
