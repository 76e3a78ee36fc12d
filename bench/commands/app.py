"""The command `bench`: its verbs put together."""

from __future__ import annotations

import typer

from bench.commands.compare import compare
from bench.commands.doctor import doctor
from bench.commands.inspect import inspect_
from bench.commands.lists import list_, show
from bench.commands.report import report
from bench.commands.rerun import rerun
from bench.commands.run import run
from bench.commands.score import score
from bench.commands.status import status
from bench.commands.verify import verify

app = typer.Typer(
    help="Does generated data help your classifier? Paired-seed comparisons of GAN augmentation on imbalanced images.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run)
app.command("report")(report)
app.command("compare")(compare)
app.command("status")(status)
app.command("rerun")(rerun)
app.command("list")(list_)
app.command("show")(show)
app.command("inspect")(inspect_)
app.command("score")(score)
app.command("verify")(verify)
app.command("doctor")(doctor)
