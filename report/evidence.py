"""All comparisons of a study, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from report.compare import against_base, head_to_head
from report.comparison import Comparison
from report.study import Results
from report.variants import Variants, variants


@dataclass(frozen=True)
class Evidence:
    """All comparisons of a study.

    Attributes:
        compared: Methods against their reference arms.
        heads: One process against two.
        variants: Methods that are the same but for some parameters.
        switched: Variants against the method as it is.
    """

    compared: Sequence[Comparison]
    heads: Sequence[Comparison]
    variants: Sequence[Variants]
    switched: Sequence[Comparison]

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
        return cls(compared, head_to_head(results), found, against_base(results, switches))
