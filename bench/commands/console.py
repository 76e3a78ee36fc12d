"""What all verbs share: where words go, how an error ends a command, options that several take."""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Annotated, ParamSpec, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.errors import exit_code
from results import Damaged, Store, UnreadableFile

P = ParamSpec("P")

INTERRUPTED = 130

StudyFolder: TypeAlias = Annotated[Path, typer.Argument(help="Folder of a study.", metavar="STUDY")]
DataDir: TypeAlias = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder with data sets [default: BENCH_DATA].")
]
CacheDir: TypeAlias = Annotated[
    Path | None,
    typer.Option("--cache-dir", help="Folder for caches [default: BENCH_CACHE or ~/.cache/augbench]."),
]
Plugins: TypeAlias = Annotated[
    list[Path] | None, typer.Option("--plugin", help="Python file with methods or datasets; may be repeated.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


def out() -> Console:
    """Where results go: stdout. Tables are not cut to a narrow pipe."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


def err() -> Console:
    """Where messages go: stderr."""
    return Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Prints a message to stderr, as it is."""
    err().print(Text(message), soft_wrap=True)


def guarded(verb: Callable[P, None]) -> Callable[P, None]:
    """Ends a verb that raises with one sentence on stderr and the right exit code; tracebacks with ``--debug``."""

    @functools.wraps(verb)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        debug = bool(kwargs.get("debug"))
        try:
            verb(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            say("bench: stopped.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(0) from None
        except Exception as error:
            if debug:
                traceback.print_exc()
            code = exit_code(error)
            if code is not None:
                say(f"bench: {error}")
            else:
                hint = "" if debug else "; run again with --debug to see where."
                say(f"bench: {_in_words(error)}{hint}")
            raise typer.Exit(1 if code is None else code) from None

    return wrapped


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__}: {error}"


@contextlib.contextmanager
def without_collecting() -> Generator[None]:
    """No search for cyclic garbage while inside: among thousands of records it finds none, for a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def open_store(folder: Path) -> Store:
    """The store of an existing study.

    Raises:
        UnreadableFile: There is no study in this folder.
    """
    store = Store(folder)
    if not store.study_file.exists() and not store.records_folder.is_dir():
        raise UnreadableFile(f"{folder} holds no study; give a folder that `bench run` wrote.")
    return store


def name_damaged(damaged: Iterable[Damaged]) -> None:
    """Tells of records that were set aside."""
    for record in damaged:
        say(f"bench: {record} Its run counts as missing; `bench run` does it again.")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> Table:
    """A plain table; every cell is text, never markup."""
    built = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in columns:
        built.add_column(Text(column), overflow="fold")
    for row in rows:
        built.add_row(*(Text(cell) for cell in row))
    return built
