"""One mechanism by which methods, datasets and classifiers are found: built in, by entry point, by plug-in file."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from datasets.component import Component
from datasets.spec import SpecError, parse

C = TypeVar("C", bound=Component)
R = TypeVar("R", bound=type[Component])


class PluginError(ValueError):
    """A plug-in file that cannot be read or run."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Says which known names are near to one that is not: ``did you mean …?`` or the list of all."""
    known = sorted(known)
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}."


class Registry(Generic[C]):
    """Names to component classes.

    Args:
        kind: What it holds, in the singular, for messages: ``method``.
        package: Package whose modules register themselves when imported.
        group: Entry-point group of installed plug-ins, if any.
    """

    def __init__(self, kind: str, *, package: str, group: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._group = group
        self._classes: dict[str, type[C]] = {}
        self._unavailable: dict[str, str] = {}
        self._loaded = False

    def register(self, cls: R) -> R:
        """Class decorator: enters a component under ``cls.info.name``, and its parameters into ``cls.info``.

        Raises:
            SpecError: The name is taken.
        """
        name = cls.info.name
        known = self._classes.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise SpecError(
                f"two {self.kind}s are called {name!r} ({known.__module__} and {cls.__module__}); rename one."
            )
        cls.info = dataclasses.replace(cls.info, parameters=cls.describe())
        self._classes[name] = cast("type[C]", cls)
        return cls

    def names(self) -> list[str]:
        """Names of all available components, sorted."""
        self.load()
        return sorted(self._classes)

    def classes(self) -> list[type[C]]:
        """All available component classes, by name."""
        return [self._classes[name] for name in self.names()]

    def unavailable(self) -> Mapping[str, str]:
        """What could not be loaded, with the reason (mostly an optional dependency that is not installed)."""
        self.load()
        return dict(self._unavailable)

    def get(self, name: str) -> type[C]:
        """The class of that name.

        Raises:
            SpecError: Unknown (with the nearest names) or unavailable (with the reason).
        """
        self.load()
        if name in self._classes:
            return self._classes[name]
        if name in self._unavailable:
            raise SpecError(f"{self.kind} {name!r} is not available: {self._unavailable[name]}")
        raise SpecError(f"there is no {self.kind} {name!r}; {nearest(name, self._classes)}")

    def build(self, spec: str | Mapping[str, object]) -> C:
        """Builds a component from text, or from a table with ``name`` and parameters as study files have it.

        Raises:
            SpecError: The specification cannot be read, or does not fit the component.
        """
        if isinstance(spec, str):
            parsed = parse(spec)
            return self.get(parsed.name).configure(parsed.values, parsed.argument)
        values = dict(spec)
        name = values.pop("name", None)
        if not isinstance(name, str):
            raise SpecError(f'a {self.kind} table needs a name = "…" (got {spec!r}).')
        parsed = parse(name)
        return self.get(parsed.name).configure({**parsed.values, **values}, parsed.argument)

    def load(self) -> None:
        """Imports the package's modules and the installed plug-ins, once."""
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._package)
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{self._package}."):
            self._try(module.name.rpartition(".")[2], lambda name=module.name: importlib.import_module(name))
        for point in entry_points(group=self._group) if self._group else ():
            self._try(point.name, point.load)

    def _try(self, name: str, load: Callable[[], Any]) -> None:
        try:
            load()
        except ImportError as error:
            self._unavailable[name] = f"{error}."


def load_plugin(path: Path) -> None:
    """Runs a plug-in file, whose ``@register`` lines enter its methods and datasets.

    Raises:
        PluginError: The file is missing, or raises while it is run.
    """
    path = path.expanduser().resolve()
    if not path.is_file():
        raise PluginError(f"there is no plug-in file {path}; give the path of a .py file.")
    name = f"bench_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file; a plug-in ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SpecError as error:
        raise PluginError(f"plug-in {path.name}: {error}") from error
    except Exception as error:
        raise PluginError(f"plug-in {path.name} fails on import: {type(error).__name__}: {error}") from error
