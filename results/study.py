"""The study file: which methods on which datasets with which seeds, under which protocol."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from results.files import UnreadableFile, write_whole

T = TypeVar("T")


class Study(BaseModel):
    """A resolved study, as ``STUDY/study.toml`` holds it and ``--config`` reads it.

    Attributes:
        name: Title in reports.
        methods: As text (``bagan[policy=fixed:1000]``) or as tables (``{name = "bagan", policy = "…"}``).
        datasets: The same for datasets.
        seeds: Repetitions; every method runs on each of them.
        preset: Named budgets.
        budget: Deviations from the preset, by name.
        precision: ``auto``, ``float32`` or ``bfloat16``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ….
        threads: CPU threads a run.
        reference_arms: Whether ``none`` and ``classic-balanced`` are added, for each classifier of the methods.
        reference: Arm to compare with; None: ``classic-balanced`` with the method's own classifier.
        metric: The metric of the first verdict.
        rope: Half-width of the region of practical equivalence, in units of the metric.
        families: Family name to the methods in it; methods not named stay in the family of their own kind.
        plugins: Plug-in files.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    methods: list[str | dict[str, Any]] = Field(default_factory=list[str | dict[str, Any]])
    datasets: list[str | dict[str, Any]] = Field(default_factory=lambda: list[str | dict[str, Any]](["cells"]))
    seeds: list[int] = Field(default_factory=lambda: [0, 1, 2])
    preset: str | None = None
    budget: dict[str, int | float] = Field(default_factory=dict[str, int | float])
    precision: str = "auto"
    device: str = "auto"
    threads: int = Field(default=1, ge=1)
    reference_arms: bool = True
    reference: str | None = None
    metric: str = "balanced_accuracy"
    rope: float = Field(default=0.01, gt=0)
    families: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    plugins: list[str] = Field(default_factory=list[str])

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is named twice; keep one")
        return seeds


def read_study(path: Path) -> Study:
    """Reads a study file.

    Raises:
        UnreadableFile: It is missing, is no TOML, or has unknown or ill-typed entries.
    """
    try:
        return Study.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UnreadableFile(f"there is no study file {path}; give a folder that `bench run` wrote.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableFile(f"{path} cannot be read as TOML: {error}; mend it or remove it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        valid = ", ".join(Study.model_fields)
        raise UnreadableFile(f"{path}: {where}: {first['msg'].lower()}; valid entries: {valid}.") from None


def write_study(study: Study, path: Path) -> None:
    """Writes a study file whole; entries that are None are left out."""
    write_whole(path, tomli_w.dumps(study.model_dump(exclude_none=True)))


def united(one: Iterable[T], two: Iterable[T]) -> list[T]:
    """What is in either, once, in order; tables are held equal by what they hold."""
    return list({repr(item): item for item in [*one, *two]}.values())
