"""`bench list` and `bench show`: what there is, and one entry of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from bench import generative
from bench.commands.console import Debug, Json, Plugins, guarded, out, table
from bench.score import METRICS
from datasets import DATASETS, DatasetInfo, Parameter, SpecError, load_plugin
from datasets.registry import nearest
from datasets.spec import format_value
from methods import METHODS, MethodInfo
from methods.classifiers import CLASSIFIERS, ClassifierInfo


class Kind(StrEnum):
    """What can be listed."""

    methods = "methods"
    datasets = "datasets"
    classifiers = "classifiers"
    metrics = "metrics"


@guarded
def list_(
    kind: Annotated[Kind, typer.Argument()], plugin: Plugins = None, json_: Json = False, debug: Debug = False
) -> None:
    """List what there is."""
    del debug
    for path in plugin or []:
        load_plugin(path)
    entries = listed(kind)
    if json_:
        print(json.dumps(entries, indent=1))
        return
    columns = list(entries[0])
    out().print(table(columns, [[str(entry[column]) for column in columns] for entry in entries]))


def listed(kind: Kind) -> list[dict[str, Any]]:
    """The entries of a kind, each with at least a name and a summary; unavailable ones say why."""
    match kind:
        case Kind.methods:
            found = [{"name": c.info.name, "tier": c.info.tier, "summary": c.info.summary} for c in METHODS.classes()]
            missing = METHODS.unavailable()
            found += [{"name": n, "tier": "", "summary": f"not available: {why}"} for n, why in missing.items()]
        case Kind.datasets:
            found = [{"name": c.info.name, "summary": c.info.summary} for c in DATASETS.classes()]
            found += [{"name": n, "summary": f"not available: {why}"} for n, why in DATASETS.unavailable().items()]
        case Kind.classifiers:
            found = [{"name": c.info.name, "summary": c.info.summary} for c in CLASSIFIERS.classes()]
        case Kind.metrics:
            found = [{"name": name, "summary": summary} for name, summary in _metrics().items()]
    return found


@guarded
def show(
    name: Annotated[str, typer.Argument(help="A method, a dataset, a classifier or a metric.")],
    plugin: Plugins = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Show one method, dataset, classifier or metric with its parameters, defaults and reference."""
    del debug
    for path in plugin or []:
        load_plugin(path)
    if name in _metrics():
        entry = {"name": name, "summary": _metrics()[name]}
        print(json.dumps(entry, indent=1)) if json_ else out().print(f"{name}\n{entry['summary']}", markup=False)
        return
    info = _info(name)
    if json_:
        print(json.dumps(asdict(info), indent=1, default=str))
        return
    console = out()
    version = "" if isinstance(info, ClassifierInfo) else f" (version {info.version})"
    console.print(f"{info.name}{version}", style="bold", markup=False)
    console.print(info.summary, markup=False)
    if isinstance(info, ClassifierInfo):
        console.print(f"Learning rate: {info.learning_rate:g}", markup=False)
    elif isinstance(info, MethodInfo):
        console.print(f"Tier: {info.tier}; {'samples images' if info.can_sample else 'draws no images'}", markup=False)
    elif info.needs:
        console.print(f"Needs: {info.needs}", markup=False)
    console.print(f"Reference: {info.reference}", markup=False)
    if info.parameters:
        console.print()
        console.print(table(("parameter", "type", "default", ""), [_parameter_row(p) for p in info.parameters]))


def _info(name: str) -> MethodInfo | DatasetInfo | ClassifierInfo:
    for registry in (METHODS, DATASETS, CLASSIFIERS):
        if name in registry.names():
            return registry.get(name).info
    known = [*METHODS.names(), *DATASETS.names(), *CLASSIFIERS.names(), *_metrics()]
    raise SpecError(f"there is no method, dataset, classifier or metric {name!r}; {nearest(name, known)}")


def _metrics() -> dict[str, str]:
    """Summary by name, of scores and of figures on generated images."""
    return {**METRICS, **generative.METRICS}


def _parameter_row(parameter: Parameter) -> tuple[str, str, str, str]:
    default = "required" if parameter.required else format_value(parameter.default)
    return parameter.name, parameter.type, default, parameter.help
