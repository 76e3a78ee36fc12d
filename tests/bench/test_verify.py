import pytest

from bench.verify import verify_dataset, verify_method
from datasets import DATASETS
from methods import METHODS


def failures(outcomes) -> dict[str, str]:
    return {outcome.promise: outcome.reason for outcome in outcomes if not outcome.passed}


@pytest.mark.parametrize("name", METHODS.names())
def test_every_method_keeps_its_promises(name: str) -> None:
    assert failures(verify_method(METHODS.build(name))) == {}


@pytest.mark.parametrize("name", ["cells[train=400]", "digits"])
def test_the_embedded_datasets_keep_their_promises(name: str, places) -> None:
    assert failures(verify_dataset(DATASETS.build(name), places)) == {}


def test_the_examples_keep_their_promises(plugins, places) -> None:
    assert failures(verify_method(METHODS.build("nearest-mean"))) == {}
    assert failures(verify_dataset(DATASETS.build("stripes"), places)) == {}


@pytest.mark.parametrize(
    ("name", "promise"),
    [
        ("draws-from-the-global-generator", "The same seed gives the same predictions to the bit"),
        ("forgets-a-part-of-its-state", "Killed in the middle of its training, it goes on"),
        ("wrong-shape", "It predicts (N, K) float32 probabilities"),
        ("not-finite", "It predicts (N, K) float32 probabilities"),
        ("not-finite", "It names its phases"),
        ("fails", "It works on greyscale images"),
    ],
)
def test_what_misbehaves_is_found_out(plugins, name: str, promise: str) -> None:
    assert any(found.startswith(promise) for found in failures(verify_method(METHODS.build(name))))


def test_a_dataset_that_leaks_a_group_is_found_out(plugins, places) -> None:
    import dataclasses

    import numpy as np

    class Leaking(type(DATASETS.build("stripes").open(places))):
        def split(self, *, size, seed):
            split = super().split(size=size, seed=seed)
            parts = {
                name: dataclasses.replace(part, groups=np.arange(len(part)) % 7)
                for name, part in (("train", split.train), ("valid", split.valid), ("test", split.test))
            }
            return dataclasses.replace(split, **parts)

    stripes = DATASETS.build("stripes")

    class LeakingStripes(type(stripes)):
        def open(self, places):
            return Leaking(12)

    found = failures(verify_dataset(LeakingStripes(), places))
    assert found == {"No group stands in two parts": "group 0 is in train and valid."}
