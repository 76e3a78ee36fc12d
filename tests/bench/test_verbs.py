"""Verbs are imported one at a time: looking at a study must not wait for torch."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bench.commands.app import VERBS, app


@pytest.mark.parametrize("name", VERBS)
def test_the_list_of_verbs_says_what_each_says_of_itself(name: str) -> None:
    assert VERBS[name].load(name).get_short_help_str(limit=1000) == VERBS[name].summary


def test_help_lists_every_verb() -> None:
    said = CliRunner().invoke(app, ["--help"]).stdout
    assert all(f"  {name} " in said for name in VERBS)


def test_an_unknown_verb_names_the_nearest() -> None:
    said = CliRunner().invoke(app, ["statsu"])
    assert said.exit_code == 2
    assert "did you mean status?" in said.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["status", "."], ["status", "--help"]])
def test_looking_does_not_import_torch(arguments: list[str]) -> None:
    code = (
        "import sys; from bench.commands.app import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: print('torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "False"
