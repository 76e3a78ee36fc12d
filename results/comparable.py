"""Which records may be put together: those of one protocol, where one dataset name stands for one set of images."""

from __future__ import annotations

from collections.abc import Sequence

from results.files import NotComparable
from results.record import Record


def require_comparable(records: Sequence[Record]) -> None:
    """Refuses records that may not stand in one study.

    Raises:
        NotComparable: They are of different protocols, or one dataset name stands for different images.
    """
    _refuse_protocols(records)
    _refuse_fingerprints(records)


def _protocol(record: Record) -> dict[str, str]:
    return {
        "preset": record.preset,
        "precision": record.environment.precision,
        "threads": str(record.environment.threads),
        "device type": "cpu" if record.device == "cpu" else "cuda",
        **{f"budget {name}": f"{value:g}" for name, value in record.budget.items()},
    }


def _refuse_protocols(records: Sequence[Record]) -> None:
    first_of = {record.protocol: _protocol(record) for record in reversed(records)}
    if len(first_of) <= 1:
        return
    differences: list[str] = []
    for entry in dict.fromkeys(entry for protocol in first_of.values() for entry in protocol):
        values = list(dict.fromkeys(protocol.get(entry, "none") for protocol in first_of.values()))
        if len(values) > 1:
            differences.append(f"{entry} {' and '.join(sorted(values))}")
    raise NotComparable(
        f"the records are of {len(first_of)} protocols "
        f"({'; '.join(differences) or 'other versions of metrics or splits'}), which are never put together; "
        "keep each in a study of its own."
    )


def _refuse_fingerprints(records: Sequence[Record]) -> None:
    seen: dict[str, str] = {}
    for record in records:
        if seen.setdefault(record.dataset, record.dataset_fingerprint) != record.dataset_fingerprint:
            raise NotComparable(
                f"{record.dataset} stands for different images in different records (fingerprints "
                f"{seen[record.dataset][:12]} and {record.dataset_fingerprint[:12]}); "
                "keep each in a study of its own."
            )
