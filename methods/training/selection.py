"""Which generated images are good enough to learn from: selective augmentation, for both GAN tiers.

An image is kept if the judge (a class head, or a classifier trained on the real images) gives it the asked class with
confidence ≥ τ *and* its features lie no farther from the class's real centroid than a quantile of the class's real
images do. Confidence alone picks easy copies. The form is HistoGAN's [Xue et al., Medical Image Analysis 67 (2021)
101816, section 3.3]; the per-class quantile in the place of its fixed ratio is our reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Selection: TypeAlias = Literal["full", "confidence", "none"]

CONFIDENCE, QUANTILE = 0.5, 0.95
"""τ, and the share of a class's own real images that its radius takes in (our choices)."""


@dataclass(frozen=True, eq=False)
class Selector:
    """A rule that is fitted to real images and holds generated ones against them.

    Attributes:
        selection: ``full``, ``confidence`` (no distances), or ``none`` (keeps everything).
        centroids: (K, D) float32, the mean features of each class's real images; infinitely far where it has none.
        radii: (K,) float32, the largest distance at which an image of the class is kept.
        confidence: τ, 0…1.
    """

    selection: Selection
    centroids: Tensor
    radii: Tensor
    confidence: float

    @classmethod
    def fit(
        cls,
        features: Tensor,
        labels: Tensor,
        *,
        classes: int,
        selection: Selection = "full",
        confidence: float = CONFIDENCE,
        quantile: float = QUANTILE,
    ) -> Selector:
        """Learns where the real images of each class lie.

        A real image is measured from the centroid of the *others* of its class, n/(n − 1) times as far as from the
        centroid of all, so that few images do not look nearer for having drawn the centroid towards themselves. That
        does not make the quantile hold for unseen images: where the network was trained on these very images, as in
        both tiers, it may know them better, and hold fewer unseen real images near than the quantile says. A class with
        one image gets the mean radius of the other classes (no limit where there is none); one without keeps nothing.

        Args:
            features: (N, D) of real images, from the network that will judge.
            labels: (N,) int64.
            classes: K.
            selection: Which rule.
            confidence: τ.
            quantile: Of a class's own real distances.
        """
        features = features.float()
        centroids = features.new_full((classes, features.shape[1]), torch.inf)
        radii = features.new_full((classes,), torch.nan)
        counts = torch.bincount(labels, minlength=classes)
        for label in counts.nonzero().flatten().tolist():
            mine = features[labels == label]
            centroids[label] = mine.mean(dim=0)
            if len(mine) > 1:
                distances = (mine - centroids[label]).norm(dim=1) * (len(mine) / (len(mine) - 1))
                radii[label] = distances.quantile(quantile)
        radii = torch.where(radii.isnan(), radii.nanmean().nan_to_num(nan=torch.inf), radii)
        return cls(selection, centroids, radii.masked_fill(counts == 0, 0.0), confidence)

    @torch.no_grad()
    def shortfall(self, probabilities: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """How far images are from being kept: the relative lack of confidence plus the relative excess of distance.

        0 where they are kept; where too few are, the smallest are the best of the rest.

        Args:
            probabilities: (N, K), of the judge's class head.
            features: (N, D), of the same network.
            labels: (N,) int64, the classes asked for.

        Returns:
            (N,) float32, ≥ 0.
        """
        if self.selection == "none":
            return torch.zeros(len(labels), device=labels.device)
        probabilities = probabilities.float()
        asked = probabilities.gather(1, labels[:, None]).squeeze(1)
        needed = probabilities.amax(dim=1).clamp(min=self.confidence)  # the asked class has to be the likeliest too
        lack = 1.0 - asked / needed
        if self.selection == "confidence":
            return lack
        distances = (features.float() - self.centroids[labels]).norm(dim=1)
        radii = self.radii[labels]
        excess = torch.where(distances > radii, distances / radii.clamp(min=1e-12) - 1.0, 0.0)
        return lack + excess.clamp(max=1e6)

    def accept(self, probabilities: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Which images are kept, (N,) bool; arguments as for `shortfall`."""
        return self.shortfall(probabilities, features, labels) == 0


class Tally:
    """Counts what was drawn and what was kept of each class.

    Args:
        classes: Names.
    """

    def __init__(self, classes: tuple[str, ...]) -> None:
        self._classes = classes
        self._drawn = torch.zeros(len(classes))
        self._kept = torch.zeros(len(classes))

    def add(self, accepted: Tensor, labels: Tensor) -> None:
        """Counts a batch.

        Args:
            accepted: (N,) bool.
            labels: (N,) int64, the classes asked for.
        """
        self._drawn += torch.bincount(labels, minlength=len(self._classes)).cpu()
        self._kept += torch.bincount(labels[accepted], minlength=len(self._classes)).cpu()

    def scalars(self) -> dict[str, float]:
        """The share kept of each class that was drawn, named for `Context.log`: ``acceptance_<class>``."""
        drawn = self._drawn.nonzero().flatten().tolist()
        return {f"acceptance_{self._classes[k]}": (self._kept[k] / self._drawn[k]).item() for k in drawn}
