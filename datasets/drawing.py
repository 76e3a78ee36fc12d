"""Drawing microscope images: soft shapes that add dye to a slide, and light that passes through it.

Shapes are evaluated from formulas with edges as soft as a pixel is wide, so an image is smooth at any size and
shows the same scene at each. Absorbing layers add up as optical densities (Beer and Lambert), so what overlaps
shines through. Lengths are in half windows: a window reaches from −1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]
"""Computed in float32, whose rounding nobody sees in eight bits."""

_SHAPES_AT_ONCE = 256  # a block of shapes stays within the processor's cache


@dataclass(frozen=True)
class Shapes:
    """B shapes on N images; every field but ``image`` is float32.

    Attributes:
        image: (B,) int64: which image each lies on.
        x: (B,) centre, to the right.
        y: (B,) centre, downwards.
        radius: (B,) mean radius.
        amount: (B,) optical density; negative where dye is missing.
        stretch: (B,) long over short axis, or 1.
        angle: (B,) direction of the long axis, in radians.
        lobes: (B, L) amplitudes of the outline's waves of 2, 3, … periods, relative to the radius.
        phases: (B, L) their phases.
        detail: (B,) a disc's paleness at its centre 0…1, or a ring's thickness.
        opening: (B,) how far a ring's density falls towards one side, 0…1.
    """

    image: NDArray[np.int64]
    x: Floats
    y: Floats
    radius: Floats
    amount: Floats
    stretch: Floats | float = 1.0
    angle: Floats | float = 0.0
    lobes: Floats | None = None
    phases: Floats | None = None
    detail: Floats | float = 0.0
    opening: Floats | float = 0.0

    def rows(self, chosen: NDArray[np.int64]) -> Shapes:
        """The chosen shapes, with every number as a column."""

        def take(values: Floats | float) -> Floats:
            return np.broadcast_to(np.asarray(values, dtype=np.float32), len(self.image))[chosen][:, None]

        return Shapes(
            image=self.image[chosen],
            x=take(self.x),
            y=take(self.y),
            radius=take(self.radius),
            amount=take(self.amount),
            stretch=take(self.stretch),
            angle=take(self.angle),
            lobes=None if self.lobes is None else self.lobes[chosen].astype(np.float32),
            phases=None if self.phases is None else self.phases[chosen].astype(np.float32),
            detail=take(self.detail),
            opening=take(self.opening),
        )


Profile: TypeAlias = Callable[[Shapes, Floats, Floats, Floats], Floats]
"""Shapes, distance from the centre over the outline's and direction (B, P), softness (B, 1) → density (B, P)."""


def disc(shapes: Shapes, distance: Floats, direction: Floats, soft: Floats) -> Floats:
    """Filled, with a soft edge and, by ``detail``, a pale centre."""
    del direction
    edge = 1 / (1 + np.exp(np.clip((distance - 1) * (shapes.radius * 2 / soft), -30, 30)))
    return shapes.amount * edge * (1 - shapes.detail * np.exp(-((distance / 0.55) ** 2)))


def ring(shapes: Shapes, distance: Floats, direction: Floats, soft: Floats) -> Floats:
    """A line along the outline, ``detail`` thick, thinner away from ``phases[:, 0]`` by ``opening``."""
    width = np.sqrt(shapes.detail**2 + soft**2)
    line = np.exp(-0.5 * ((distance - 1) * shapes.radius / width) ** 2) * (shapes.detail / width)
    start = 0 if shapes.phases is None else shapes.phases[:, :1]
    return shapes.amount * line * (1 - shapes.opening * (0.5 - 0.5 * np.cos(direction - start)))


def spot(shapes: Shapes, distance: Floats, direction: Floats, soft: Floats) -> Floats:
    """A Gaussian spot, whose dye is preserved when it is out of focus."""
    del direction
    width2 = shapes.radius**2 + soft**2
    return shapes.amount * (shapes.radius**2 / width2) * np.exp(-0.5 * distance**2 * (shapes.radius**2 / width2))


@dataclass
class Slide:
    """N images' dyes before light passes through them.

    Args:
        n: Number of images.
        size: Height and width in pixels.
        dyes: Number of dyes.
        blur: (N,) how far out of focus each image is, in half windows.
    """

    n: int
    size: int
    dyes: int
    blur: Floats
    density: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.density = np.zeros((self.n, self.dyes, self.size**2), dtype=np.float32)
        middle = (2 * np.arange(self.size, dtype=np.float32) + 1) / self.size - 1
        self.y, self.x = (axis.ravel() for axis in np.meshgrid(middle, middle, indexing="ij"))
        self.soft = np.sqrt(self.blur**2 + (1 / self.size) ** 2).astype(np.float32)

    def add(self, shapes: Shapes, profile: Profile, dye: int, *, within: Shapes | None = None) -> None:
        """Adds shapes to a dye; ``within`` (one disc an image) cuts them off at its outline."""
        order = np.argsort(shapes.image, kind="stable")
        for start in range(0, len(order), _SHAPES_AT_ONCE):
            block = shapes.rows(order[start : start + _SHAPES_AT_ONCE])
            density = profile(block, *self._polar(block), self.soft[block.image][:, None])
            if within is not None:
                mask = within.rows(block.image)
                density = density * disc(mask, *self._polar(mask), self.soft[block.image][:, None])
            images, first = np.unique(block.image, return_index=True)
            self.density[images, dye] += np.add.reduceat(density, first, axis=0)

    def _polar(self, block: Shapes) -> tuple[Floats, Floats]:
        """Each pixel's distance from the centre, over the outline's in that direction, and the direction."""
        x, y = self.x - block.x, self.y - block.y
        along = x * np.cos(block.angle) + y * np.sin(block.angle)
        across = y * np.cos(block.angle) - x * np.sin(block.angle)
        root = np.sqrt(block.stretch)
        distance = np.hypot(along / root, across * root) / block.radius
        direction = np.arctan2(across, along)
        if block.lobes is not None and block.phases is not None:
            outline = np.ones_like(distance)
            for wave in range(block.lobes.shape[1]):
                phase = block.phases[:, wave, None]
                outline += block.lobes[:, wave, None] * np.cos((wave + 2) * direction - phase)
            distance = distance / outline
        return distance, direction

    def shine(self, *, stains: Floats, light: Floats, tilt: Floats) -> Floats:
        """Sends light through the slide.

        Args:
            stains: (N, dyes, 3) optical density of each dye in red, green and blue.
            light: (N, 3) light in an empty place, 0…1.
            tilt: (N, 2) relative growth of the light per half window to the right and downwards.

        Returns:
            (N, 3, size, size) float32, 0…1 and somewhat above.
        """
        absorbed = np.matmul(stains.transpose(0, 2, 1), self.density)
        lamp = 1 + tilt[:, :1] * self.x + tilt[:, 1:] * self.y
        shone = light[:, :, None] * lamp[:, None, :] * np.exp(-absorbed)
        return shone.reshape(self.n, 3, self.size, self.size).astype(np.float32)


def photograph(shone: Floats, noise: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Adds the sensor's noise and rounds.

    Args:
        shone: (N, C, H, W) light, 0…1.
        noise: (N,) standard deviation at full light; falls with the root of the light, as photon counts do.
        rng: Source of chance.

    Returns:
        (N, C, H, W) uint8.
    """
    counted = rng.standard_normal(shone.shape, dtype=np.float32) * noise[:, None, None, None].astype(np.float32)
    counted *= np.sqrt(np.clip(shone, 0.05, None))
    return np.clip(np.rint((shone + counted) * 255), 0, 255).astype(np.uint8)
