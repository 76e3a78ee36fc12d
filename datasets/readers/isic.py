"""``isic``: the SIIM-ISIC 2020 melanoma competition, as it is unpacked from its archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.readers.csv_file import one_each, read_csv
from datasets.readers.omissions import Omissions
from datasets.readers.places import find
from datasets.readers.table import Reader, Table, table_of_files

CLASSES = ("benign", "malignant")
NEEDS = "get train.csv and jpeg/train/ from https://www.kaggle.com/c/siim-isic-melanoma-classification/data"


@register
class Isic(Reader):
    """SIIM-ISIC 2020: 33,126 dermoscopic images of 2,056 patients, 1.8 % of them melanomas; grouped by patient."""

    info = DatasetInfo(
        name="isic",
        version=1,
        summary="SIIM-ISIC 2020: dermoscopy, benign and malignant, grouped by patient",
        reference="Rotemberg et al., Scientific Data 8:34, 2021; CC BY-NC 4.0",
        needs="train.csv (image_name, patient_id, target) and jpeg/train/<image_name>.jpg in a folder isic",
    )

    path: Annotated[Path | None, Field(description="the folder that holds train.csv and jpeg/, or its parent")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        folder = find("isic", ("train.csv", "jpeg/train"), given=self.path, places=places, needs=NEEDS)
        omitted = Omissions(skip=places.skip_bad_images)
        names: list[str] = []
        labels: list[str] = []
        patients: list[str] = []
        for line, row in read_csv(folder / "train.csv", ("image_name", "patient_id", "target")):
            if row["target"] not in ("0", "1") or not row["image_name"] or not row["patient_id"]:
                omitted.add(f"train.csv, line {line}, lacks a name, a patient or a target of 0 or 1; mend the line.")
                continue
            names.append(f"jpeg/train/{row['image_name']}.jpg")
            labels.append(CLASSES[int(row["target"])])
            patients.append(row["patient_id"])
        for column, values in (("target", labels), ("patient_id", patients)):
            one_each(folder / "train.csv", column, zip(names, values, strict=True))
        return table_of_files(
            [folder / name for name in names],
            names=names,
            labels=labels,
            cache=places.cache,
            groups=patients,
            classes=CLASSES,
            left_out=omitted.sentences,
        )
