"""``medmnist:FLAG``: a set of MedMNIST, from its file or fetched by the library of that name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from datasets.base import DatasetInfo, Places
from datasets.catalogue import register
from datasets.errors import DatasetError
from datasets.readers.npz import read_npz
from datasets.readers.table import Reader, Table

URL = "https://zenodo.org/records/10519652"

_ORGANS = (
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left",
    "lung-right", "pancreas", "spleen",
)  # fmt: skip

CLASSES: Mapping[str, tuple[str, ...]] = {
    "pathmnist": (
        "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
        "cancer-associated stroma", "colorectal adenocarcinoma epithelium",
    ),
    "dermamnist": (
        "actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
        "dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
    ),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "pneumoniamnist": ("normal", "pneumonia"),
    "breastmnist": ("malignant", "normal, benign"),
    "bloodmnist": (
        "basophil", "eosinophil", "erythroblast",
        "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)", "lymphocyte", "monocyte", "neutrophil",
        "platelet",
    ),
    "tissuemnist": (
        "Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule", "Glomerular endothelial cells",
        "Interstitial endothelial cells", "Leukocytes", "Podocytes", "Proximal Tubule Segments", "Thick Ascending Limb",
    ),
    "organamnist": _ORGANS, "organcmnist": _ORGANS, "organsmnist": _ORGANS,
}  # fmt: skip
"""Class names by label, as version 3.0.2 of the library has them: they enter fingerprints, which must not hang on
whether it is installed. In other sets classes are called by their numbers (those of ``retinamnist`` are grades)."""


def _plain(flag: str) -> str:
    if not flag.replace("_", "").isalnum():
        raise ValueError(f"{flag!r} is no flag of MedMNIST; write for example medmnist:bloodmnist")
    return flag


@register
class MedMNIST(Reader):
    """A set of MedMNIST v2 with its official test images; ``bloodmnist_64`` and the like are the larger sizes."""

    info = DatasetInfo(
        name="medmnist",
        version=1,
        summary="a set of MedMNIST: medmnist:bloodmnist, medmnist:dermamnist_64, …",
        reference="Yang et al., Scientific Data 10:41, 2023; mostly CC BY 4.0",
        needs="<flag>.npz in the data folder, or the library (pip install medmnist), which fetches it",
    )
    argument: ClassVar[str | None] = "flag"

    flag: Annotated[str, AfterValidator(_plain), Field(description="name of the set, with _64, _128 or _224")]
    path: Annotated[Path | None, Field(description="the .npz file, or the folder that holds it")] = None

    def table(self, places: Places) -> Table:
        """See `Reader.table`."""
        path = self._find(places) or self._fetch(places)
        return read_npz(path, cache=places.cache, names=dict(enumerate(CLASSES.get(self.flag.partition("_")[0], ()))))

    def _find(self, places: Places) -> Path | None:
        starts = [self.path] if self.path is not None else [places.data, places.cache / "downloads"]
        candidates = [
            candidate
            for start in starts
            if start is not None
            for folder in [start.expanduser()]
            for candidate in (folder, folder / f"{self.flag}.npz", folder / "medmnist" / f"{self.flag}.npz")
        ]
        return next((path for path in candidates if path.is_file()), None)

    def _fetch(self, places: Places) -> Path:
        """Lets the library fetch the file.

        Raises:
            DatasetError: It is not installed, or could not.
        """
        way_out = (
            f"put {self.flag}.npz from {URL} into the folder of --data-dir or BENCH_DATA, or name it by "
            f"medmnist:{self.flag}[path=…]"
        )
        base, _, size = self.flag.partition("_")
        info = _library()
        if info is None:
            raise DatasetError(f"{self.flag}.npz is not found; {way_out}, or pip install medmnist, which fetches it.")
        if base not in info.INFO:
            raise DatasetError(f"there is no set {base!r} in MedMNIST; known are {', '.join(info.INFO)}.")
        folder = places.cache / "downloads"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            cls = getattr(info, info.INFO[base]["python_class"])
            cls(split="test", download=True, root=str(folder), size=int(size) if size else None)
        except Exception as error:  # the library raises whatever its network code does
            reason = str(error).strip().splitlines()[0][:100] if str(error).strip() else type(error).__name__
            raise DatasetError(f"{self.flag}.npz could not be fetched ({reason}); {way_out}.") from error
        return folder / f"{self.flag}.npz"


def _library() -> Any:
    try:
        import medmnist
    except ImportError:
        return None
    return medmnist
