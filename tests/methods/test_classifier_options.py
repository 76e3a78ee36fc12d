"""What a classifier's own parameters change, and that its weights file is known by content and never by path."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from bench.plan import resolve_methods
from datasets import SpecError
from methods import METHODS, NotApplicable
from methods.classifiers import CLASSIFIERS
from methods.training import classifier as loop
from methods.training.classifier import smoothed
from methods.training.pretrained import read_weights


@pytest.fixture
def train(make_images):
    return make_images([20, 6])


@pytest.fixture
def watched(monkeypatch):
    """The targets that the loss sees, the first weights, and the learning rates, of the trainings to come."""
    seen = {"targets": [], "start": [], "rates": []}
    ema = loop.Ema

    class Loss(torch.nn.CrossEntropyLoss):
        def forward(self, logits, targets):
            seen["targets"].append(targets)
            return super().forward(logits, targets)

    class Schedule(torch.optim.lr_scheduler.LambdaLR):
        def step(self, *arguments):
            seen["rates"].append(self.optimizer.param_groups[0]["lr"])
            super().step(*arguments)

    def recording_ema(network, decay):
        seen["start"].append({name: value.clone() for name, value in network.state_dict().items()})
        return ema(network, decay)

    monkeypatch.setattr(torch.optim.lr_scheduler, "LambdaLR", Schedule)
    monkeypatch.setattr(loop, "Ema", recording_ema)
    monkeypatch.setattr(METHODS.get("none"), "recipe", lambda *_: loop.Recipe(loss=Loss()))
    return seen


def fit(spec, train, context):
    return METHODS.build(f"none[classifier={spec}]").fit(train, train, context)


def test_smoothing_by_hand():
    _, hard = smoothed(torch.zeros(2), torch.tensor([1, 0]), share=0.2, classes=4)
    assert hard[0].tolist() == pytest.approx([0.05, 0.85, 0.05, 0.05])
    _, soft = smoothed(torch.zeros(1), torch.tensor([[0.5, 0.5, 0.0, 0.0]]), share=0.2, classes=4)
    assert soft[0].tolist() == pytest.approx([0.45, 0.45, 0.05, 0.05])


def test_label_smoothing_is_torchs():
    logits, labels = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 4
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.3)
    assert torch.allclose(
        torch.nn.functional.cross_entropy(logits, smoothed(logits, labels, share=0.3, classes=4)[1]), theirs
    )


def test_smoothing_and_mixup_reach_the_loss(watched, train, context):
    fit("cnn[label_smoothing=0.1]", train, context)
    assert torch.cat(watched["targets"]).unique().tolist() == pytest.approx([0.05, 0.95])
    watched["targets"].clear()
    fit("cnn[mixup=1]", train, context)
    mixed = torch.cat(watched["targets"])
    assert ((mixed > 0.01) & (mixed < 0.99)).any()
    assert mixed.sum(dim=1).numpy() == pytest.approx(1.0)


def test_mixup_of_the_classifier_is_that_of_the_method(train, make_context):
    own = METHODS.build("mixup[alpha=0.2]").fit(train, train, make_context()).predict_proba(train.images)
    other = fit("cnn[mixup=0.2]", train, make_context()).predict_proba(train.images)
    assert np.array_equal(own, other)


def test_the_learning_rate_rises_and_falls_as_it_is_told(watched, train, make_context, smoke):
    ten = make_context(budget=replace(smoke, classifier_steps=10))
    fit("cnn[schedule=constant,warm_up=0.2,learning_rate=0.01]", train, ten)
    assert watched["rates"][1:] == pytest.approx([0.005] + [0.01] * 9)  # the first is before any step
    watched["rates"].clear()
    fit("cnn", train, ten)
    assert watched["rates"][1] == pytest.approx(CLASSIFIERS.get("cnn").info.learning_rate)
    assert watched["rates"][-1] < 1e-4


def test_options_do_not_change_the_start(watched, train, make_context):
    fit("cnn", train, make_context())
    fit("cnn[mixup=0.2,label_smoothing=0.1,schedule=constant]", train, make_context())
    plain, with_options = watched["start"]
    assert all(torch.equal(plain[name], value) for name, value in with_options.items())


@pytest.fixture
def kept(tmp_path, make_images, make_context):
    """A file of a classifier of three classes, and what is in it."""
    state = fit("cnn", make_images([9, 9, 9]), make_context(run_seed=7)).state()
    path = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(state, path)
    return path, state


def test_a_kept_classifier_is_the_start_and_a_head_of_another_size_begins_anew(watched, kept, train, make_context):
    path, state = kept
    fit("cnn", train, make_context())
    fit(f"cnn[weights={path}]", train, make_context())
    plain, start = watched["start"][-2:]
    assert torch.equal(start["0.weight"], state["classifier.0.weight"])
    assert torch.equal(start["1.running_var"], state["classifier.1.running_var"])
    assert not torch.equal(start["0.weight"], plain["0.weight"])
    head = [name for name in start if start[name].shape[:1] == (2,)]
    assert len(head) == 2
    assert all(torch.equal(start[name], plain[name]) for name in head)


def test_a_head_of_the_same_size_is_taken_over(watched, kept, make_images, context):
    path, state = kept
    fit(f"cnn[weights={path}]", make_images([9, 9, 9]), context)
    assert all(torch.equal(value, state[f"classifier.{name}"]) for name, value in watched["start"][-1].items())


def test_a_pt_file_is_read_as_tensors_only(kept, tmp_path):
    _, state = kept
    torch.save({"state_dict": state}, tmp_path / "mine.pt")
    assert read_weights(tmp_path / "mine.pt").keys() == {
        name.removeprefix("classifier.") for name in state if name.startswith("classifier.")
    }

    class Code:
        def __reduce__(self):
            return (print, ("run by a file of weights",))

    torch.save({"weight": Code()}, tmp_path / "evil.pt")
    with pytest.raises(NotApplicable, match=r"the weights file evil.pt cannot be read \(.*\); give another\."):
        read_weights(tmp_path / "evil.pt")


def test_weights_are_named_by_content_and_found_by_path(kept, tmp_path):
    path, _ = kept
    method = METHODS.build(f"none[classifier=cnn[weights={path}]]")
    moved = tmp_path / "elsewhere.safetensors"
    moved.write_bytes(path.read_bytes())
    twin = METHODS.build(f"none[classifier=cnn[weights={moved}]]")
    assert method.name == twin.name
    assert "mine" not in method.name
    assert str(tmp_path) not in str(method.parameters())
    assert method.name.startswith("none[classifier='cnn[weights=")
    assert METHODS.build(method.to_table()) == method
    assert METHODS.build(method.spelling) == method
    moved.write_bytes(path.read_bytes() + b" ")
    assert METHODS.build(f"none[classifier=cnn[weights={moved}]]").name != method.name


def test_reference_arms_get_the_same_classifier(kept):
    path, _ = kept
    methods = resolve_methods([f"focal[classifier=cnn[weights={path},mixup=0.2]]"], references=True)
    assert len({method.classifier for method in methods}) == 1
    assert [type(method).info.name for method in methods] == ["none", "classic-balanced", "focal"]


def test_what_is_no_weights_file_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SpecError, match=r"there is no weights file .*gone.pt; give the path of a file of weights\.$"):
        METHODS.build(f"none[classifier=cnn[weights={tmp_path / 'gone.pt'}]]")
    with pytest.raises(SpecError, match=r"ends in none of \.safetensors, \.pt, \.pth; give a file of weights\.$"):
        METHODS.build(f"none[classifier=cnn[weights={tmp_path}]]")


def test_weights_of_another_network_are_refused_with_a_sentence(kept, train, make_context, smoke):
    path, _ = kept
    wider = make_context(budget=replace(smoke, classifier_width=16))
    message = (
        r"mine.safetensors does not fit the classifier: 0.weight is 16 × 3 × 3 × 3 and the file has 8 × 3 × 3 × 3;"
    )
    with pytest.raises(NotApplicable, match=message):
        fit(f"cnn[weights={path}]", train, wider)
    with pytest.raises(NotApplicable, match="and the file lacks it; give weights of the same architecture"):
        fit(f"resnet18[weights={path}]", train, make_context())


def test_a_broken_file_is_refused_with_a_sentence(tmp_path, train, context):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(NotApplicable, match=r"the weights file broken.safetensors cannot be read \("):
        fit(f"cnn[weights={path}]", train, context)
