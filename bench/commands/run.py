"""`bench run`: what is missing of a study, then its table and report."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.backends import Backend, BackendName, choose_backend
from bench.checkpoint import EVERY_S
from bench.commands.console import (
    INTERRUPTED,
    CacheDir,
    DataDir,
    Debug,
    Plugins,
    err,
    guarded,
    name_damaged,
    out,
    say,
)
from bench.errors import FellShort, UsageError
from bench.execute import choose_jobs, execute
from bench.plan import Run, Shard, parse_seeds
from bench.presets import parse_budget
from bench.progress import watch
from bench.run import Conditions
from bench.session import Overwrite, Session, prepare, to_do, try_splits, write_study_file
from datasets import Places
from datasets.spec import split_list
from results import Status, Store, Study, read_study

MOST_SHOWN = 1000
"""Runs of a study whose table is printed although nothing was done."""

IN_STUDY_FILE = frozenset(
    {"methods", "datasets", "seeds", "preset", "budget", "precision", "threads", "plugin"}
    | {"no_reference", "config", "out_folder", "overwrite", "dry_run"}
)
"""Options that the study file has, or that are not to be given again."""


@guarded
def run(
    context: typer.Context,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, separated by commas: none,dcgan[classifier=resnet18]; tiers; all."),
    ] = None,
    datasets: Annotated[str | None, typer.Option(help="Datasets, separated by commas [default: cells].")] = None,
    seeds: Annotated[str | None, typer.Option(help="5 for the seeds 0 to 4; 3,7 for a list; 7, for one.")] = None,
    config: Annotated[Path | None, typer.Option(help="Study file; options go before it.")] = None,
    preset: Annotated[str | None, typer.Option(help="smoke, quick, standard or paper.")] = None,
    budget: Annotated[str | None, typer.Option(help="Deviations: size=64,generator_steps=20000.")] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of the study [default: studies/METHODS-DATASETS].")
    ] = None,
    jobs: Annotated[str, typer.Option(help="How many runs at once: a number, or auto.")] = "auto",
    backend: Annotated[BackendName, typer.Option(help="What runs are carried out by.")] = BackendName.loky,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    address: Annotated[str | None, typer.Option(help="Address of a Ray cluster [default: one is started].")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1; several: cuda:0,cuda:1, or all.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads a run [default: 1].", min=1)] = None,
    overwrite: Annotated[Overwrite, typer.Option(help="Runs to do again.")] = Overwrite.never,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that a run may take.", min=0.001, max=31_536_000)
    ] = None,
    shard: Annotated[str | None, typer.Option(help="Do one part of the runs: 3/16 is the third of sixteen.")] = None,
    retries: Annotated[int, typer.Option(help="How often a run whose worker died is tried again.", min=0)] = 1,
    halve_batch: Annotated[
        bool,
        typer.Option(
            "--halve-batch",
            help="Where a GPU's memory does not suffice, try again with half the batch; records say so.",
        ),
    ] = False,
    checkpoint_every: Annotated[
        float,
        typer.Option(help="Seconds between two checkpoints, from which a run that was killed goes on.", min=0.001),
    ] = EVERY_S,
    timing: Annotated[str | None, typer.Option(help="exclusive: one run at a time, for clean timings.")] = None,
    no_generative: Annotated[
        bool, typer.Option("--no-generative-metrics", help="Do not measure generated images.")
    ] = False,
    keep_weights: Annotated[
        bool, typer.Option("--keep-weights", help="Keep what is fitted, for bench sample and bench predict.")
    ] = False,
    no_reference: Annotated[bool, typer.Option("--no-reference", help="Add no reference arms.")] = False,
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Go on where a group or an image crosses a split; the report says so.")
    ] = False,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Leave out images that cannot be read; the records list them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the runs and do nothing.")] = False,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Run what is missing of a study, then print its table and write its report."""
    asked = _asked(
        config,
        methods=split_list(methods) if methods is not None else None,
        datasets=split_list(datasets) if datasets is not None else None,
        seeds=parse_seeds(seeds) if seeds is not None else None,
        preset=preset,
        budget=parse_budget(budget) if budget is not None else None,
        device=device,
        precision=precision,
        threads=threads,
        plugins=[str(path) for path in plugin] if plugin else None,
        reference_arms=False if no_reference else None,
    )
    part = Shard.parse(shard) if shard is not None else None
    if timing not in (None, "exclusive"):
        raise UsageError(f"--timing {timing!r} is unknown; write exclusive, or leave it out.")
    places = Places.choose(data_dir, cache_dir, skip_bad_images=skip_bad_images)
    session = prepare(asked, folder=out_folder, places=places)
    for notice in session.notices:
        say(f"bench: {notice}")
    if part is not None:
        say(f"bench: shard {part} of {len(session.runs)} runs.")
        session = replace(session, runs=part.of(session.runs))
    statuses = session.store.statuses()
    todo = to_do(session.runs, statuses, overwrite)
    name_damaged(session.store.damaged)
    jobs = "1" if timing == "exclusive" else jobs
    at_once = choose_jobs(
        jobs,
        threads=session.protocol.threads,
        device_type=session.protocol.device_type,
        runs=len(todo),
        devices=len(session.devices),
    )
    if dry_run:
        _print_plan(session, todo)
        return
    try_splits(session, todo, allow_leaks=allow_leaks)
    write_study_file(session)
    conditions = Conditions(
        study=session.store.folder.resolve(),
        places=places,
        devices=session.devices,
        timeout=timeout,
        plugins=tuple(Path(path) for path in session.study.plugins),
        allow_leaks=allow_leaks,
        generative=not no_generative,
        keep_weights=keep_weights,
        halve_batch=halve_batch,
        checkpoint_every=checkpoint_every,
        reraise=debug,
    )
    asked_for = None if jobs == "auto" else at_once
    by = (
        choose_backend(backend, jobs=at_once, at_most=asked_for, scheduler=scheduler, address=address) if todo else None
    )
    where = [by.where] if by is not None else []
    say(
        f"{session.store.folder}: {len(session.runs)} runs, {len(session.runs) - len(todo)} done, {len(todo)} to do; "
        f"preset {session.protocol.preset}, {session.protocol.precision}, {', '.join([*where, *session.devices])}."
    )
    if by is not None:
        again = [*_as_asked(context), "--config", str(session.store.study_file), "--out", str(session.store.folder)]
        if overwrite is not Overwrite.never:
            again += ["--overwrite", overwrite.value]
        _carry_out(session, todo, conditions, backend=by, retries=retries, again=again)
    if session.runs:
        current = not todo and report_is_current(session.store)
        _finish(session, current=current, statuses=statuses if current else session.store.statuses())


def _asked(config: Path | None, **options: Any) -> Study:
    """The study file's entries, with the options that were given in their place; the others stay unset."""
    from_file = read_study(config).model_dump(exclude_unset=True) if config is not None else {}
    return Study(**{**from_file, **{name: value for name, value in options.items() if value is not None}})


def _print_plan(session: Session, todo: list[Run]) -> None:
    missing = {run.run_id for run in todo}
    for run in session.runs:
        state = "to do" if run.run_id in missing else "done"
        print(f"{run.run_id}\t{run.method}\t{run.dataset}\t{run.seed}\t{state}")
    say(f"{session.store.folder}: {len(session.runs)} runs, {len(todo)} to do; nothing was run.")


def _as_asked(context: typer.Context) -> list[str]:
    """The command with the options that were given and are not in the study file, to go on in the same way."""
    words = ["bench", "run"]
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is not None and source.name == "COMMANDLINE" and option.name not in IN_STUDY_FILE:
            value = context.params[option.name or ""]
            words += [option.opts[0]] if value is True else [option.opts[0], str(getattr(value, "value", value))]
    return words


def _carry_out(
    session: Session, todo: list[Run], conditions: Conditions, *, backend: Backend, retries: int, again: list[str]
) -> None:
    missing = {run.run_id for run in todo}
    kept = len(session.runs) - len(todo)
    done = (session.store.read(run.run_id) for run in session.runs if run.run_id not in missing)
    earlier = [record for record in done if record is not None]
    console = err()
    try:
        with watch(session.store, todo, earlier=earlier, jobs=backend.jobs, console=console) as watcher:
            for finished in execute(todo, conditions, backend=backend, retries=retries):
                record = session.store.read(finished.run_id)
                if record is not None:
                    kept += 1
                    watcher.finished(record)
    except KeyboardInterrupt:
        on = "The others keep their former records; do all again" if "always" in again else "Go on"
        say(f"bench: stopped; {kept} of {len(session.runs)} runs are done and kept. {on} with: {shlex.join(again)}")
        raise typer.Exit(INTERRUPTED) from None


def report_is_current(store: Store) -> bool:
    """Whether the report was written after the last record and the last change of the study file."""
    written = [path.stat().st_mtime_ns for path in store.folder.glob("report.*")]
    changed = [path.stat().st_mtime_ns for path in (store.records_folder, store.study_file) if path.exists()]
    return (store.folder / "report.md").exists() and min(written) >= max(changed)


def _finish(session: Session, *, current: bool, statuses: Mapping[str, Status]) -> None:
    """Prints the table and writes the report; one that is up to date stays.

    Where that is so, the table of a large study, which takes seconds to make, is left to the report too.
    """
    if not current or len(session.runs) <= MOST_SHOWN:
        import report as reports
        from bench.commands.tables import to_terminal

        records = [record for run in session.runs if (record := session.store.read(run.run_id)) is not None]
        out().print(to_terminal(reports.summary(records, study=session.study)))
    name_damaged(session.store.damaged)
    if current:
        say(
            f"nothing was missing; {session.store.folder / 'report.md'} is up to date (`bench report` writes it again)."
        )
    else:
        from bench.commands.report import write_report

        for path in write_report(session.store.folder):
            say(f"wrote {path}")
    done = [statuses[run.run_id] for run in session.runs if run.run_id in statuses]
    bad = [status for status in done if status in ("failed", "timeout")]
    if bad:
        raise FellShort(
            f"{len(bad)} of {len(done)} runs failed or timed out; see the report's appendix and runs/<id>/log.txt, "
            "and try them again with --overwrite failed."
        )
    sys.stdout.flush()
