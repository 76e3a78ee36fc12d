"""From a study's folder to its report."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from report import tables
from report.document import Document, Table
from report.frame import flat_table
from report.markdown import to_markdown
from report.study import Results, read_results
from results import Record, Study, write_whole

FORMATS: Mapping[str, Callable[[Document], str]] = MappingProxyType({"md": to_markdown})
"""A writer for each format."""


def write(study_folder: Path, formats: Sequence[str] = ("md",), *, shared: bool = False) -> list[Path]:
    """Writes ``report.<format>``, ``figures/`` and ``results.parquet`` into a study's folder.

    The same records give the same report.

    Args:
        study_folder: As ``bench run`` wrote it.
        formats: Of ``FORMATS``.
        shared: Whether times of runs that shared device or cores with others are shown.

    Returns:
        The reports, in the order of the formats, and the parquet file.

    Raises:
        UnreadableFile: The folder holds no study.
        NotComparable: Its records are of different protocols.
        ValueError: Unknown format.
        OSError: The folder cannot be written, or the disk is full.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ValueError(f"there is no report format {unknown[0]!r}; write {', '.join(FORMATS)}.")
    from report.content import compose  # brings in matplotlib, which `bench compare` can do without

    results = read_results(study_folder, shared=shared)
    document = compose(results, study_folder)
    written: list[Path] = []
    for name in formats:
        path = study_folder / f"report.{name}"
        write_whole(path, FORMATS[name](document))
        written.append(path)
    return [*written, _write_parquet(results, study_folder / "results.parquet")]


def summary(records: Sequence[Record], *, study: Study | None = None) -> list[Table]:
    """The main table of each dataset, as `bench run` prints it at its end.

    Args:
        records: Of one study.
        study: For its metric and reference arm.

    Returns:
        A table a dataset; ``plain`` turns cells into text.

    Raises:
        NotComparable: The records are of different protocols.
    """
    results = Results.of(records, study=study)
    return [tables.score_table(results, dataset) for dataset in results.datasets]


def _write_parquet(results: Results, path: Path) -> Path:
    buffer = io.BytesIO()
    flat_table(results.records).to_parquet(buffer, index=False)
    write_whole(path, buffer.getvalue())
    return path
