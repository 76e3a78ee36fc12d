"""``acgan``: the auxiliary classifier GAN [Odena, Olah & Shlens, arXiv 1610.09585], the unified tier's ancestor.

    L_S = E log P(S = real | x) + E log P(S = fake | G(z, c)),   L_C = E log P(C = c | x) + E log P(C = c | G(z, c))

D makes L_S + L_C large, G makes L_C − L_S large (section 3). All generated images enter L_C from the first step on.
The discriminator's trunk is that of ``cnn``, so that its class head can be held against that classifier; the generator
is DCGAN's with the label beside the noise (the paper's are of this kind).

Not as published, but as in the rest of the tier (docs/unified.md): G makes −log P(S = real | G(z, c)) small, where the
paper's makes −log P(S = fake | G(z, c)) large; the source head has strided convolutions of its own, which see the image
moved by DiffAugment and how far a batch spreads; learning rates, no momentum, and L_C at class updates alone.
"""

from __future__ import annotations

from typing import ClassVar

from datasets import LabelledImages
from methods.base import Context, MethodInfo
from methods.catalogue import register
from methods.classifiers import CLASSIFIERS
from methods.networks.discriminator import PlainHead
from methods.networks.shape import Shape, require_power_of_two
from methods.training.arrangement import pooled
from methods.training.draws import Balanced
from methods.training.transforms import classic
from methods.training.trunk import discriminator, trunk_and_head
from methods.two_stage.dcgan import LATENT, Generator
from methods.unified.base import Joint
from methods.unified.joint import JointTraining, Settings


@register
class AcGan(Joint):
    """Convolutional conditional GAN whose discriminator names the class of real and generated images."""

    info: ClassVar[MethodInfo] = MethodInfo(
        name="acgan",
        version=4,
        tier="unified",
        summary="auxiliary classifier GAN: the discriminator also names the class",
        reference="Odena, Olah & Shlens, arXiv 1610.09585",
        can_sample=True,
    )

    def training(self, train: LabelledImages, context: Context) -> JointTraining:
        """See `Joint.training`."""
        shape = Shape.of(train, context)
        require_power_of_two(self.info.name, shape.size)
        trunk, linear = trunk_and_head(self.classifier, train=train, context=context)
        return AcGanTraining(
            pooled(train, context, turned=self.classic, rate=self.generator_rate),
            classes=train.classes,
            class_draws=Balanced(train.labels, context.rng("batches")),
            settings=Settings(weighting="fixed", selection="none", generated=True, warm_up=0.0, share=1.0),
            options=CLASSIFIERS.build(self.classifier),
            transform=classic if self.classic else None,
            generator=Generator(shape),
            discriminator=discriminator(trunk, train=train, width=shape.width, projected=0, classify=PlainHead(linear)),
            latent=LATENT,
        )


class AcGanTraining(JointTraining):
    """Plain cross-entropy on the class, no penalty; the gradients of both losses reach the trunk."""

    penalty = 0.0
    class_share = 1.0
