import numpy as np
import pytest

from methods.training.arrangement import one_each, pooled


def test_one_training_for_all_draws_every_class_equally_often(make_images, context):
    train = make_images([30, 6, 0, 2])
    feed = pooled(train, context)
    assert np.bincount(train.labels[feed.draws.take(36)]).tolist() == [12, 12, 0, 12]
    assert feed.steps == context.budget.generator_steps


@pytest.mark.parametrize("label", [0, 1, 3])
def test_one_training_each_draws_its_own_class_and_gets_its_share_of_the_budget(make_images, context, label):
    train = make_images([30, 6, 0, 2])
    feeds = one_each(train, context)
    assert list(feeds) == [0, 1, 3]
    drawn = feeds[label].draws.take(60)
    assert set(drawn.tolist()) == set(np.flatnonzero(train.labels == label).tolist())
    assert feeds[label].steps == context.budget.generator_steps // 3
