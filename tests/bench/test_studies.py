"""The study files that come with the documentation."""

from pathlib import Path

import pytest

from bench.plan import resolve_datasets, resolve_methods
from results import read_study

FILES = sorted((Path(__file__).parents[2] / "docs" / "studies").glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_study_file_names_what_there_is(file: Path) -> None:
    study = read_study(file)
    methods = {method.name for method in resolve_methods(study.methods, references=True)}
    assert resolve_datasets(study.datasets)
    named = [name for members in study.families.values() for name in members]
    assert set(named) <= methods, "a family names a method that the study has not"
    assert len(named) == len(set(named)), "a method is in two families"


def test_there_are_study_files() -> None:
    assert {"unified-ablation", "unified-cost"} <= {file.stem for file in FILES}
