"""The unified tier as methods: budgets, switches, curves, and what it cannot be run on."""

import numpy as np
import pytest
import torch

from datasets.spec import SpecError
from methods import METHODS, Budget, NotApplicable, expand
from methods.unified.schedule import interleave

ONE_TO_TWO = Budget(size=16, batch=8, classifier_steps=6, classifier_width=8, generator_steps=12, generator_width=8)


def fit(name, context, images):
    return METHODS.build(name).fit(images, images, context)


@pytest.mark.parametrize("budget", [ONE_TO_TWO, Budget(16, 8, 9, 8, 4, 8)])
def test_both_budgets_are_spent_in_one_phase(make_context, make_images, budget):
    context = make_context(budget=budget)
    fit("unified[warm_up=0,selection=none]", context, make_images([12, 6, 4]))
    assert context.phases == [("joint", max(budget.classifier_steps, budget.generator_steps))]
    assert len(context.curve("joint", "class_loss_real")) == budget.classifier_steps
    assert len(context.curve("joint", "discriminator_loss")) == budget.generator_steps
    assert len(context.curve("joint", "quality")) == min(5, budget.generator_steps)


def test_curves_tell_weights_acceptance_confidence_and_scores(make_context, make_images):
    context = make_context()
    fit("unified[warm_up=0.5,selection=none]", context, make_images([12, 6]))
    for name in (
        "confidence_real",
        "confidence_generated",
        "score_real",
        "score_generated",
        "acceptance_a",
        "acceptance_b",
    ):
        assert context.curve("joint", name), name
    weights = context.curve("joint", "weight_generated")
    assert weights[:6] == [0.0] * 6  # the warm-up: half of 12 class updates
    assert all(weight > 0 for weight in weights[6:])


def test_generated_false_keeps_generated_images_out(make_context, make_images):
    context = make_context()
    fitted = fit("unified[generated=false]", context, make_images([12, 6]))
    assert not context.curve("joint", "class_loss_generated")
    assert fitted.sample(np.array([0, 1]), torch.Generator()).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("name", ["unified[classifier=vit[mixup=0.2]]", "acgan[classifier=cnn[mixup=0.2]]"])
def test_a_classifier_that_mixes_images_is_refused_where_it_is_the_discriminator(make_context, make_images, name):
    with pytest.raises(NotApplicable, match="a mixture is neither real nor of one class"):
        fit(name, make_context(), make_images([12, 6]))


def test_of_two_stages_the_second_may_mix_images(make_context, make_images):
    context = make_context()
    fit("vitgan[classifier=vit[mixup=0.2]]", context, make_images([12, 6]))
    assert context.curve("classifier", "loss")


def test_without_an_adversary_nothing_is_generated(make_context, make_images):
    context = make_context()
    fitted = fit("unified[adversarial=false]", context, make_images([12, 6]))
    assert not context.curve("joint", "discriminator_loss")
    assert not METHODS.build("unified[adversarial=false]").can_sample
    with pytest.raises(NotApplicable, match="does not sample"):
        fitted.sample(np.array([0]), torch.Generator())


def test_without_an_adversary_it_is_the_reference_but_for_the_norm_of_features(make_context, make_images):
    """The same initial trunk, images in the same order, transforms and schedule: nearly the same first loss."""
    images = make_images([12, 6])
    joint, plain = make_context(), make_context()
    fit("unified[adversarial=false]", joint, images)
    fit("classic-balanced[classifier=vit]", plain, images)
    ours, theirs = joint.curve("joint", "class_loss_real"), plain.curve("classifier", "loss")
    assert len(ours) == len(theirs)
    assert ours[0] == pytest.approx(theirs[0], abs=0.1)


@pytest.mark.parametrize("budget", [None, ONE_TO_TWO])
def test_the_adversary_alone_leaves_the_classifier_as_it_is(make_context, make_images, budget):
    """No source gradient enters the trunk by default, and steps of the source loss alone do not move it.

    A share of the gradient does change what the class head learns.
    """
    losses = {}
    for switches in ("adversarial=false", "generated=false", "generated=false,share=1"):
        context = make_context(budget=budget) if budget else make_context()
        fit(f"unified[{switches}]", context, make_images([12, 6]))
        losses[switches] = context.curve("joint", "class_loss_real")
    assert losses["generated=false"] == pytest.approx(losses["adversarial=false"], abs=1e-4)
    assert losses["generated=false,share=1"] != pytest.approx(losses["adversarial=false"], abs=1e-4)


def test_learning_rate_falls_over_the_class_updates_as_that_of_the_classifier(make_context, make_images):
    """Whatever the source loss's budget: 6 class updates among 12 steps see the rates of 6 steps."""
    from methods.training.optimiser import factor

    training = METHODS.build("unified").training(make_images([12, 6]), make_context(budget=ONE_TO_TWO))
    peak, rates = training._optimise_class.param_groups[0]["initial_lr"], []
    for classify, discriminate in interleave(6, 12):
        if classify:
            rates.append(training._optimise_class.param_groups[0]["lr"] / peak)
        training.step(classify=classify, discriminate=discriminate)
    assert rates == pytest.approx([factor(step, steps=6) for step in range(6)])


def test_a_step_of_the_source_loss_alone_moves_the_source_head_alone(make_context, make_images):
    training = METHODS.build("unified").training(make_images([12, 6]), make_context())
    training.step(classify=True, discriminate=True)  # fills the optimisers' momenta
    network = training.discriminator
    before = {name: value.clone() for name, value in network.state_dict().items()}
    training.step(classify=False, discriminate=True)
    moved = {name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"source"}


def test_weights_of_the_losses_keep_up_with_them(make_context, make_images):
    """Their own optimiser brings weights to 1 / 2L within half of the class updates of preset quick."""
    training = METHODS.build("unified").training(make_images([12, 6]), make_context())
    training._classify = True
    loss = torch.tensor([0.25, 0.9])
    for _ in range(1500):
        training._learn_class(training.weighting(loss, torch.ones(2)))
    assert training.weighting.weights().tolist() == pytest.approx([2.0, 1 / 1.8], rel=0.02)


def test_the_class_loss_teaches_the_generator_too(make_context, make_images):
    """G's loss is what deceives the source head and a tenth of the cross-entropy of the class that was asked for."""
    training = METHODS.build("unified").training(make_images([12, 6]), make_context())
    fake, labels = torch.rand(4, 3, 16, 16) * 2 - 1, torch.tensor([0, 1, 1, 0])
    answer = training.discriminator(fake, fake, labels)
    training.on_generated = lambda *_: answer
    expected = torch.nn.functional.softplus(-answer.source).mean() + 0.1 * torch.nn.functional.cross_entropy(
        answer.logits, labels
    )
    assert training.generator_loss(fake, labels).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("name", ["unified", "vitgan"])
def test_real_images_are_penalised_once_in_eight_updates(name, make_context, make_images, monkeypatch):
    """γ · 8 · R1 of the close view of the real images is part of D's loss, every eighth time."""
    from methods.training import projection

    called = []

    def penalty(_score, close):
        called.append(len(close))
        return close.new_full((), 1e6)

    monkeypatch.setattr(projection, "r1", penalty)
    context = make_context()
    fit(name, context, make_images([12, 6]))
    losses = context.curve("joint" if name == "unified" else "generator", "discriminator_loss")
    assert [loss > 1e4 for loss in losses] == [step % 8 == 0 for step in range(1, 13)]
    assert called == [context.budget.batch]


def test_real_and_generated_images_are_both_augmented_for_the_close_view(make_context, make_images, monkeypatch):
    from methods.training import projection

    seen = []
    monkeypatch.setattr(projection, "diffaugment", lambda images, _rng: seen.append(len(images)) or images)
    training = METHODS.build("unified").training(make_images([12, 6]), make_context())
    training.step(classify=True, discriminate=True)
    batch = training.context.budget.batch
    assert seen == [2 * batch, batch]  # in D's step real and generated images together, in G's the generated ones


def test_trunk_starts_as_that_of_the_classifier(make_context, make_images):
    from methods.training.classifier import initial_network
    from methods.training.trunk import trunk_and_head

    context, images = make_context(), make_images([12, 6])
    network = initial_network("vit", train=images, context=context)
    trunk, linear = trunk_and_head("vit", train=images, context=context)
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(network(x), linear(trunk(x).mean(dim=1)))
    network = initial_network("cnn", train=images, context=context)
    trunk, linear = trunk_and_head("cnn", train=images, context=context)
    assert torch.allclose(network(x), linear(trunk(x).mean(dim=1)), atol=1e-5)


def test_generated_images_leave_no_trace_in_batch_statistics(make_context, make_images):
    """Only real images feed what the conv trunk's normalisation keeps for later."""
    method = METHODS.build("unified[backbone=conv]")
    images, context = make_images([12, 6]), make_context()
    training = method.training(images, context)
    norm = next(m for m in training.discriminator.modules() if isinstance(m, torch.nn.BatchNorm2d))
    before = norm.running_mean.clone()
    training.on_generated(torch.full((4, 3, 16, 16), 0.9), torch.tensor([0, 1, 0, 1]))
    assert torch.equal(norm.running_mean, before)
    training.step(classify=True, discriminate=True)
    assert not torch.equal(norm.running_mean, before)


@pytest.mark.parametrize("name", ["unified", "vitgan"])
def test_a_size_that_is_no_whole_number_of_patches_is_refused(name, make_context, make_images):
    with pytest.raises(NotApplicable, match="multiple of 8 from 16 on, got 20; write for example --budget size=16"):
        fit(name, make_context(), make_images([12, 6], size=20))


@pytest.mark.parametrize("name", ["unified", "vitgan", "acgan"])
def test_one_class_alone_is_refused(name, make_context, make_images):
    with pytest.raises(NotApplicable, match="at least two classes"):
        fit(name, make_context(), make_images([12, 0]))


def test_a_class_without_images_does_no_harm(make_context, make_images):
    fitted = fit("unified[warm_up=0]", make_context(), make_images([12, 0, 5]))
    assert fitted.predict_proba(make_images([2, 2, 2]).images).shape == (6, 3)


def test_backbone_decides_the_trunk():
    assert METHODS.build("unified[backbone=conv]").classifier == "cnn"
    assert METHODS.build("unified[classifier='vit[depth=1]']").classifier == "vit[depth=1]"
    with pytest.raises(SpecError, match="backbone=vit has the trunk of classifier vit, not of cnn"):
        METHODS.build("unified[classifier=cnn]")


def test_vitgan_spends_the_same_budgets_one_after_the_other(make_context, make_images):
    context = make_context()
    fit("vitgan", context, make_images([12, 6]))
    assert context.phases == [("generator", 12), ("synthesis", None), ("classifier", 12)]


def test_acgan_takes_all_generated_images_from_the_first_step_on(make_context, make_images):
    context = make_context()
    fit("acgan", context, make_images([12, 6]))
    assert context.curve("joint", "weight_generated") == [1.0] * 12
    assert set(context.curve("joint", "acceptance_b")) <= {0.0, 1.0}


def test_its_name_means_the_method_and_not_the_tier():
    assert expand(["unified", "none"]) == ["unified", "none"]
    assert {"unified", "acgan"} <= set(expand(["all"]))
    assert "dcgan" in expand(["two-stage"])


def test_generated_images_count_by_the_share_that_is_accepted(make_context, make_images):
    """A single accepted image of eight weighs an eighth of what all eight would."""
    images, context = make_images([12, 6]), make_context()
    training = METHODS.build("unified[weighting=fixed,warm_up=0]").training(images, context)
    training.selection.accept = lambda _answer, labels: torch.arange(len(labels)) == 0
    scalars = training.step(classify=True, discriminate=True)
    assert scalars["weight_generated"].item() == pytest.approx(1 / 8)
