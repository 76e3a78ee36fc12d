"""From a study's folder to its report."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from report import tables
from report.compare import compare
from report.document import Document, Table
from report.frame import flat_table
from report.main_table import main_frame, main_latex
from report.markdown import to_markdown
from report.study import Results, read_results
from results import Record, Study, write_whole

FORMATS: Mapping[str, str | None] = MappingProxyType({"md": None, "html": "jinja2", "pdf": "typst"})
"""Each format with the package that it needs."""


def available() -> list[str]:
    """Formats whose package is installed."""
    return [name for name, package in FORMATS.items() if package is None or find_spec(package)]


def write(
    study_folder: Path, formats: Sequence[str] | None = None, *, shared: bool = False, in_full: bool = False
) -> list[Path]:
    """Writes ``report.<format>``, ``figures/``, ``table.csv``, ``table.tex`` and ``results.parquet``.

    The same records give the same files.

    Args:
        study_folder: As ``bench run`` wrote it; everything goes there.
        formats: Of ``FORMATS``; None for all whose package is installed.
        shared: Whether times of runs that shared device or cores with others are shown.
        in_full: Whether every figure is drawn of every dataset, however many there are.

    Returns:
        The reports, in the order of the formats, then the tables and the parquet file.

    Raises:
        UnreadableFile: The folder holds no study.
        NotComparable: Its records are of different protocols.
        ValueError: Unknown format, or its package is missing.
        OSError: The folder cannot be written, or the disk is full.
    """
    formats = available() if formats is None else formats
    for name in formats:
        check_format(name)
    from report.content import compose  # brings in matplotlib, which `bench compare` can do without

    results = replace(read_results(study_folder, shared=shared), in_full=in_full)
    compared = compare(results)
    document = compose(results, study_folder, compared)
    files: dict[str, Callable[[], str | bytes]] = {
        **{f"report.{name}": lambda name=name: _writer(name)(document, study_folder) for name in formats},
        "table.csv": lambda: main_frame(results, compared).to_csv(index=False),
        "table.tex": lambda: main_latex(results),
        "results.parquet": lambda: _parquet(results),
    }
    with ThreadPoolExecutor() as beside:  # Typst works outside of Python's lock
        contents = {name: beside.submit(content) for name, content in files.items()}
        for name, content in contents.items():
            write_whole(study_folder / name, content.result())
    return [study_folder / name for name in files]


def check_format(name: str) -> None:
    """Tells in words why a format cannot be written.

    Raises:
        ValueError: It is unknown, or its package is missing.
    """
    if name not in FORMATS:
        raise ValueError(f"there is no report format {name!r}; write {', '.join(FORMATS)}.")
    if name not in available():
        package = FORMATS[name]
        raise ValueError(f"a report as {name} needs the package {package}; install it: pip install {package}")


def _writer(name: str) -> Callable[[Document, Path], str | bytes]:
    """The writer of a format, imported when it is asked for: the typesetter alone weighs a hundred megabytes."""
    if name == "html":
        from report.html import to_html

        return to_html
    if name == "pdf":
        from report.pdf import to_pdf

        return to_pdf
    return lambda document, _: to_markdown(document)


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


def _parquet(results: Results) -> bytes:
    buffer = io.BytesIO()
    flat_table(results.records).to_parquet(buffer, index=False)
    return buffer.getvalue()
