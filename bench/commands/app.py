"""The command `bench`: its verbs put together.

A verb's module is imported when the verb is called: most bring in torch, which takes seconds that `bench status` and
`bench --help` can do without.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import typer
from typer.core import TyperGroup

from datasets.registry import nearest

Command: TypeAlias = Any
"""A command of click: the installed one, or the one that newer versions of typer carry inside."""


class Verb(NamedTuple):
    """Where a verb is written.

    Attributes:
        module: In ``bench.commands``.
        function: Its name there.
        summary: First line of its help, known without importing it.
    """

    module: str
    function: str
    summary: str

    def load(self, name: str) -> Command:
        """Imports the verb and makes it a command."""
        function = getattr(importlib.import_module(f"bench.commands.{self.module}"), self.function)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(name)(function)
        return typer.main.get_command(alone)


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "run": Verb("run", "run", "Run what is missing of a study, then print its table and write its report."),
        "report": Verb("report", "report", "Write the report of a study again from its records."),
        "compare": Verb("compare", "compare", "Show the evidence for every method against the reference."),
        "check": Verb(
            "check",
            "check",
            "Hold a study against a baseline; exit code 1 where a metric fell, a phase became slower or a run is lost.",
        ),
        "baseline": Verb("baseline", "baseline", "Write the file that `bench check` holds a study against."),
        "status": Verb("status", "status", "Show what is done, failed, missing and under way in a study."),
        "merge": Verb("merge", "merge", "Put studies of several machines into one."),
        "rerun": Verb("rerun", "rerun", "Run one run again and compare it with its record, which stays as it is."),
        "list": Verb("lists", "list_", "List what there is."),
        "show": Verb(
            "lists",
            "show",
            "Show one method, dataset, classifier or metric with its parameters, defaults and reference.",
        ),
        "inspect": Verb(
            "inspect", "inspect_", "Look at a dataset: counts, groups, sizes, duplicates and what crosses the split."
        ),
        "score": Verb("score", "score", "Measure generated images against real ones."),
        "sample": Verb("sample", "sample", "Draw images from the kept weights of a run."),
        "predict": Verb("predict", "predict", "Say the class of images, by the kept weights of a run."),
        "verify": Verb("verify", "verify", "Hold a method or dataset to the interface."),
        "doctor": Verb(
            "doctor", "doctor", "Look at this machine: versions, devices, clock noise, caches, what is missing."
        ),
    }
)


class LazyVerbs(TyperGroup):
    """A group that imports the verb that is called, and no other."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the verbs, the most used first."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Command:
        """The verb, imported; ends with exit code 2 and the nearest names where there is none of this name."""
        if cmd_name not in VERBS:
            ctx.fail(f"there is no verb {cmd_name!r}; {nearest(cmd_name, VERBS)}")
        return VERBS[cmd_name].load(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list of verbs without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])


app = typer.Typer(
    cls=LazyVerbs,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(help="Does generated data help your classifier? Paired-seed comparisons of GAN augmentation.")
def bench() -> None:
    """Takes no options of its own; the verbs do."""
