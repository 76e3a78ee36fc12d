"""Images that cannot be used: refused, or left out and counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from datasets.errors import DatasetError


@dataclass
class Omissions:
    """Collects what is wrong with single images, or refuses the first.

    Attributes:
        skip: Whether to go on (``--skip-bad-images``).
        sentences: What was left out, and why.
    """

    skip: bool
    sentences: list[str] = field(default_factory=list)

    def add(self, reason: str, *, name: str = "", others: int = 0) -> None:
        """Takes note of an image that has to be left out.

        Args:
            reason: One sentence that names the file and the way out.
            name: What the record is to call the image, in the place of its path.
            others: How many more there are, if that is known.

        Raises:
            DatasetError: Nothing is to be skipped.
        """
        if not self.skip:
            more = f" and {others} more" if others else ""
            raise DatasetError(f"{reason.rstrip('.')}, or leave it{more} out with --skip-bad-images.")
        self.sentences.append(reason[max(0, reason.find(f"{name} ")) :] if name else reason)
