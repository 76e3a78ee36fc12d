import numpy as np
import pytest

from datasets import SpecError
from methods import METHODS
from methods.training.policy import extra_counts, extra_labels

COUNTS = np.array([100, 10, 40, 0])


@pytest.mark.parametrize(
    ("policy", "extra"),
    [
        ("balance", [0, 90, 60, 0]),
        ("fixed:25", [0, 25, 25, 0]),
        ("fixed:0", [0, 0, 0, 0]),
        ("ratio:1", [0, 90, 60, 0]),
        ("ratio:0.5", [0, 40, 10, 0]),
        ("ratio:1.5", [50, 140, 110, 0]),
    ],
)
def test_policies_by_hand(policy, extra):
    assert extra_counts(policy, COUNTS).tolist() == extra


def test_labels_stand_class_by_class():
    assert extra_labels("ratio:0.5", np.array([4, 1, 0])).tolist() == [1]
    assert extra_labels("balance", np.array([3, 1, 2])).tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    "policy", ["", "balanced", "balance:2", "fixed", "fixed:-1", "fixed:1.5", "ratio:0", "ratio:inf"]
)
def test_what_is_no_policy_is_refused_with_a_sentence(policy):
    with pytest.raises(SpecError, match=r"is no policy; write balance, fixed:N"):
        METHODS.get("dcgan").configure({"policy": policy})
