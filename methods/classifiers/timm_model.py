"""``timm:<name>``: any image model of the timm library, as it is published, from random weights."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import nn

from methods.base import NotApplicable
from methods.classifiers.base import Classifier, ClassifierInfo, register


@register
class Timm(Classifier):
    """Built by ``timm.create_model`` for the images' channels, size and classes; the budget's width has no say.

    One learning rate has to do for all models. For ``resnet10t`` 3e-4 gave .73 and .61, 1e-3 .81 and .75, 3e-3 .83 and
    .77 (validation balanced accuracy on `chula-rbc-4[part=develop]`, seeds 0 and 1, 600 updates of `quick`).
    """

    argument: ClassVar[str | None] = "model"
    info: ClassVar[ClassifierInfo] = ClassifierInfo(
        name="timm",
        summary="any model of the timm library, by its name there",
        reference="Wightman, PyTorch Image Models",
        learning_rate=1e-3,
    )
    model: str = Field(description="name in timm, for example resnet26 or vit_tiny_patch16_224")

    def build(self, *, channels: int, classes: int, size: int, width: int) -> nn.Module:
        """See `Classifier.build`; NotApplicable where timm is missing or knows no such model."""
        del width
        try:
            import timm
        except ImportError as error:
            raise NotApplicable(f"timm:{self.model} needs the package timm ({error}); install it with pip.") from error
        known = {"pretrained": False, "in_chans": channels, "num_classes": classes}
        if not timm.is_model(self.model):
            raise NotApplicable(f"timm has no model {self.model!r}; timm.list_models() prints all names.")
        try:
            return timm.create_model(self.model, img_size=size, **known)
        except TypeError:  # most convolutional models take any size and know no such argument
            return timm.create_model(self.model, **known)
