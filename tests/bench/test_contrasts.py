"""What a study file says of comparisons is checked before anything runs."""

import pytest

from bench.errors import UsageError
from bench.session import write_study_file
from datasets import SpecError


def test_families_are_those_of_the_study_and_else_the_methods_own(session) -> None:
    study = session("nearest-mean", "diverges", families={"exotic": ["diverges"]}).study
    assert study.families == {"exotic": ["diverges"], "main": ["nearest-mean"]}


def test_a_method_leaves_its_family_for_the_one_it_is_asked_into(session) -> None:
    methods = ("nearest-mean", "diverges", "none")
    write_study_file(session(*methods))
    study = session(*methods, families={"exotic": ["diverges", "none[classifier=cnn]"]}).study
    assert study.families == {"main": ["nearest-mean"], "exotic": ["diverges", "none"]}


def test_a_switched_variant_is_an_ablation_where_the_method_runs_as_it_is(session) -> None:
    switched = ("unified[generated=false]", "unified[backbone=conv]", "bagan[policy=fixed:9]", "noise[classic=false]")
    study = session("unified", "bagan[classifier=mlp]", "noise", "dcgan[per_class=false]", *switched).study
    assert study.families == {
        "main": ["unified", "bagan[classifier=mlp]", "dcgan[per_class=false]"],
        "placebo": ["noise", "noise[classic=false]"],
        "ablation": ["unified[generated=false]", "unified[backbone=conv,classifier=cnn]", "bagan[policy=fixed:9]"],
    }


def test_what_a_study_names_is_spelt_as_in_its_records(session) -> None:
    study = session("none", "bagan", reference="bagan[ policy=balance ]", families={"own": ["none[classifier='cnn']"]})
    assert (study.study.reference, study.study.families["own"]) == ("bagan", ["none"])
    assert session("none", families={"later": ["unified[classifier=cnn,backbone=conv]"]}).study.families == {
        "later": ["unified[backbone=conv,classifier=cnn]"],
        "main": ["none"],
    }


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ({"reference": "classic-balancd"}, SpecError, "classic-balanced"),
        ({"reference": "classic-balanced"}, UsageError, "none of its methods \\(none\\)"),
        ({"metric": "balanced_acuracy"}, UsageError, "balanced_accuracy"),
        ({"families": {"main": ["unifeid"]}}, SpecError, "unified"),
        ({"families": {"main": ["unified[generatd=false]"]}}, SpecError, "generated"),
    ],
)
def test_a_misspelt_name_is_an_error_with_the_nearest(session, entries, error, words) -> None:
    with pytest.raises(error, match=words):
        session("none", **entries)
