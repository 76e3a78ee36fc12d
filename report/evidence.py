"""All comparisons of a study, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from report.compare import against_base, head_to_head
from report.comparison import Comparison
from report.robustness import Widened, widened
from report.single_images import SingleImages
from report.study import Results
from report.variants import Variants, variants


@dataclass(frozen=True)
class Evidence:
    """All comparisons of a study.

    Attributes:
        results: The study's.
        compared: Methods against their reference arms.
        heads: One process against two.
        variants: Methods that are the same but for some parameters.
        switched: Variants against the method as it is.
    """

    results: Results
    compared: Sequence[Comparison]
    heads: Sequence[Comparison]
    variants: Sequence[Variants]
    switched: Sequence[Comparison]
    _images: dict[str, SingleImages] = field(default_factory=dict[str, SingleImages], repr=False)

    @classmethod
    def of(cls, results: Results, compared: Sequence[Comparison]) -> Evidence:
        """Adds the others to the comparisons with the reference arms.

        Raises:
            NotComparable: Two methods split one seed differently.
        """
        found = variants(results)
        switches = [
            (group.base, [name for name in group.settings if name != group.base])
            for group in found
            if not group.is_grid
        ]
        return cls(results, compared, head_to_head(results), found, against_base(results, switches))

    def images(self, dataset: str) -> SingleImages:
        """What single test images of a dataset say, read once until it is forgotten."""
        if dataset not in self._images:
            self._images[dataset] = SingleImages(self.results, dataset)
        return self._images[dataset]

    def forget(self, dataset: str) -> None:
        """Lets go of what single test images say, which of many datasets would fill the memory."""
        self._images.pop(dataset, None)

    def widened(self, found: Sequence[Comparison], dataset: str) -> list[Widened]:
        """Those of some comparisons that few seeds have decided, judged again with the spread of the test images.

        Args:
            found: ``compared`` or ``heads``.
            dataset: Which.
        """
        here = [one for one in found if (one.dataset, one.metric) == (dataset, self.results.metric)]
        return widened(here, self.images(dataset), rope=self.results.study.rope) if here else []
