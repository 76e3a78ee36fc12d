"""Figures are promised one by one while the report is composed; many are drawn beside that, on several cores."""
# pyright: standard

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from joblib import cpu_count
from joblib.externals.loky import get_reusable_executor

from report.document import Figure, Text

MOST_PROCESSES = 4


class Drawing:
    """Draws into ``STUDY/figures``.

    Args:
        folder: The study's.
        many: Whether so many figures will come that starting further processes, which takes seconds, is worth it.
    """

    def __init__(self, folder: Path, *, many: bool = False) -> None:
        self.folder = folder
        self._slugs: dict[str, str] = {}
        self._elsewhere = get_reusable_executor(min(cpu_count(), MOST_PROCESSES)) if many else None
        self._tasks: list[Callable[[], object]] = []

    def add(
        self, draw: Callable[..., Path], dataset: str, name: str, *, alt: str, caption: Text, pixels: bool = False
    ) -> Figure:
        """Promises a figure.

        Args:
            draw: Takes ``path`` and draws; a module's function, or a ``partial`` of one, so that it can be sent to
                another process.
            dataset: Which the figure is of; empty for one of several.
            name: Of the figure, ``[a-z0-9-]``.
            alt: What it shows, for who cannot see it.
            caption: How to read it.
            pixels: Whether it is a picture of pixels, as PNG; others are SVG.
        """
        file = f"{self._slug(dataset)}{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.{'png' if pixels else 'svg'}"
        path = self.folder / "figures" / file
        self._tasks.append(
            partial(draw, path=path) if self._elsewhere is None else self._elsewhere.submit(draw, path=path).result
        )
        return Figure(path.relative_to(self.folder), alt, caption)

    def finish(self) -> None:
        """Draws what is not drawn yet."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()

    def _slug(self, dataset: str) -> str:
        """``cells-``; datasets whose names differ only in odd characters get numbers."""
        if not dataset:
            return ""
        if dataset not in self._slugs:
            slug = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")[:60] or "dataset"
            taken = sum(other == slug or other.startswith(f"{slug}-n") for other in self._slugs.values())
            self._slugs[dataset] = f"{slug}-n{taken + 1}" if taken else slug
        return f"{self._slugs[dataset]}-"
