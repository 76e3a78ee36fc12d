"""Study → runs: a pure listing of what is to be done, before anything is done."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.errors import UsageError
from bench.presets import resolve_budget
from bench.score import METRIC_VERSION
from datasets import DATASETS, SPLIT_VERSION, Dataset, Source
from datasets.spec import format_spec
from methods import METHODS, Budget, Method, Precision, expand
from results import Study

REFERENCES = ("none", "classic-balanced")
"""Arms that every study has, once for each classifier that its methods use."""


@dataclass(frozen=True)
class Protocol:
    """All that makes runs comparable. Its hash stands in every record.

    Attributes:
        preset: Its name.
        budget: What a run may spend.
        threads: CPU threads a run.
        precision: What networks run in.
        device_type: ``cpu`` or ``cuda``.
    """

    preset: str
    budget: Budget
    threads: int
    precision: Precision
    device_type: str

    @property
    def hash(self) -> str:
        """12 hex digits; versions of metrics and splits are inside."""
        return _hash({**asdict(self), "metrics": METRIC_VERSION, "splits": SPLIT_VERSION})[:12]


@dataclass(frozen=True)
class Run:
    """One method on one dataset with one seed.

    Attributes:
        run_id: Readable, and unique to the run's identity.
        method: Canonical name.
        method_table: Name and all parameters, enough to build the method again.
        dataset: Canonical name.
        dataset_table: Name and all parameters, paths included.
        fingerprint: Of the dataset.
        seed: The repetition.
        protocol: What makes it comparable.
    """

    run_id: str
    method: str
    method_table: Mapping[str, Any]
    dataset: str
    dataset_table: Mapping[str, Any]
    fingerprint: str
    seed: int
    protocol: Protocol

    def build_method(self) -> Method:
        """The method, configured."""
        return METHODS.build(self.method_table)

    def build_dataset(self) -> Dataset:
        """The dataset, configured; not opened."""
        return DATASETS.build(self.dataset_table)


def resolve_methods(names: Sequence[str | Mapping[str, Any]], *, references: bool) -> list[Method]:
    """Builds the methods of a study, tiers and ``all`` expanded, reference arms put first.

    Raises:
        SpecError: A name or a parameter is unknown.
        UsageError: No method is named.
    """
    specs: list[str | Mapping[str, Any]] = []
    for name in names:
        specs += expand([name]) if isinstance(name, str) else [name]
    methods = [METHODS.build(spec) for spec in specs]
    if not methods:
        raise UsageError("no method is named; write for example --methods none,dcgan (`bench list methods`).")
    if references:
        classifiers = dict.fromkeys(method.classifier for method in methods)
        methods = [
            *(METHODS.build({"name": name, "classifier": c}) for c in classifiers for name in REFERENCES),
            *methods,
        ]
    return list({method.name: method for method in methods}.values())


def resolve_datasets(names: Sequence[str | Mapping[str, Any]]) -> list[Dataset]:
    """Builds the datasets of a study.

    Raises:
        SpecError: A name or a parameter is unknown.
        UsageError: No dataset is named, or two that lie in different places go by one name.
    """
    if not names:
        raise UsageError("no dataset is named; write for example --datasets cells (`bench list datasets`).")
    found: dict[str, Dataset] = {}
    for dataset in map(DATASETS.build, names):
        if found.setdefault(dataset.name, dataset) != dataset:
            raise UsageError(
                f"two datasets in different places are called {dataset.name}; rename one, or give each an own --out."
            )
    return list(found.values())


def resolve_protocol(study: Study, *, device_type: str, precision: Precision) -> Protocol:
    """The protocol of a study on this machine.

    Raises:
        UsageError: Unknown preset or budget entry.
    """
    preset = study.preset or ("quick" if device_type == "cpu" else "standard")
    return Protocol(preset, resolve_budget(preset, study.budget), study.threads, precision, device_type)


def plan(
    methods: Sequence[Method],
    sources: Sequence[tuple[Dataset, Source]],
    seeds: Sequence[int],
    protocol: Protocol,
) -> list[Run]:
    """Lists the runs of a study: seed by seed, so that pairs are complete as early as can be.

    The last of several seeds goes backwards: the reference arms, which take least, come at the very end and fill up
    what the dear runs before them leave idle of the other cores.

    Args:
        methods: As resolved.
        sources: Each dataset with what it opened to.
        seeds: Repetitions.
        protocol: Shared by all runs.
    """
    arms = [
        (method, method.name, method.to_table(), format_spec(method.info.name, method.non_default_parameters()))
        for method in methods
    ]
    protocol_hash = protocol.hash
    runs: list[Run] = []
    for dataset, source in sources:
        name, table = dataset.name, dataset.to_table()
        for seed in seeds:
            last = len(seeds) > 1 and (dataset, seed) == (sources[-1][0], seeds[-1])
            for method, method_name, method_table, spec in reversed(arms) if last else arms:
                identity = {
                    "fingerprint": source.fingerprint,
                    "method": spec,
                    "version": method.info.version,
                    "seed": seed,
                    "protocol": protocol_hash,
                }
                run_id = _run_id(method.info.name, dataset.info.name, seed, identity)
                runs.append(Run(run_id, method_name, method_table, name, table, source.fingerprint, seed, protocol))
    return runs


def parse_seeds(text: str) -> list[int]:
    """Reads ``5`` as 0…4, ``3,7`` and ``7,`` as lists.

    Raises:
        UsageError: It is neither.
    """
    items = [item.strip() for item in text.split(",")]
    numbers = [item for item in items if item]
    if not numbers or not all(item.isdecimal() and item.isascii() for item in numbers) or "" in items[:-1]:
        raise UsageError(f"--seeds {text!r} is no seed list; write 5 for the seeds 0 to 4, 3,7 for a list, 7, for one.")
    seeds = [int(item) for item in numbers]
    if len(items) == 1:
        if seeds[0] < 1:
            raise UsageError("--seeds 0 asks for no run; write at least 1.")
        return list(range(seeds[0]))
    if len(set(seeds)) < len(seeds):
        raise UsageError(f"--seeds {text!r} names a seed twice; keep one.")
    return seeds


@dataclass(frozen=True)
class Shard:
    """One of several equal parts of a study's runs, as ``--shard 3/16`` names it.

    Attributes:
        part: 1 … parts.
        parts: How many there are.
    """

    part: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Reads ``3/16``.

        Raises:
            UsageError: It is no part of a whole.
        """
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= part <= parts:
            raise UsageError(f"--shard {text!r} is no part of a whole; write for example 3/16, counted from 1.")
        return cls(part, parts)

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"

    def of(self, runs: Sequence[Run]) -> list[Run]:
        """Every ``parts``-th run, the methods of each dataset and seed begun one further on.

        So each part has its share of the dear methods and of the seeds, and no method is on one machine alone.
        """
        blocks: dict[tuple[str, int], list[Run]] = {}
        for run in runs:
            blocks.setdefault((run.dataset, run.seed), []).append(run)
        turned = [
            block[(place + number) % len(block)]
            for number, block in enumerate(blocks.values())
            for place in range(len(block))
        ]
        return turned[self.part - 1 :: self.parts]


def _run_id(method: str, dataset: str, seed: int, identity: Mapping[str, Any]) -> str:
    return f"{_readable(method)}-{_readable(dataset)}-s{seed}-{_hash(identity)[:10]}"


@functools.cache
def _readable(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()
