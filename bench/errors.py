"""The command's own errors, and the exit code of every error that a user can mend."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from datasets import DatasetError, PluginError, SpecError
from results import NotComparable, UnreadableFile


class UsageError(ValueError):
    """An option or its value is wrong; the message says what to write."""


class StudyStopped(RuntimeError):
    """The study cannot go on (a full disk, a lost scheduler, other images); what is finished is kept."""


class FellShort(RuntimeError):
    """Runs failed, or a check fell short."""


EXIT_CODES: Mapping[type[Exception], int] = MappingProxyType(
    {
        FellShort: 1,
        StudyStopped: 1,
        UsageError: 2,
        SpecError: 2,
        PluginError: 2,
        DatasetError: 2,
        UnreadableFile: 2,
        NotComparable: 3,
    }
)
"""0 is fine; 1 runs failed or a check fell short; 2 wrong usage or input; 3 not comparable; 130 stopped by Ctrl-C."""


def exit_code(error: BaseException) -> int | None:
    """The exit code of an error that speaks for itself; None for a fault of the program."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), None)
