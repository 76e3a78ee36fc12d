"""Studies in which something is missing, equal or broken: a report, never a traceback."""

import numpy as np
import pytest

import report
from report.compare import compare
from report.study import Results
from results import NotComparable, Predictions, Store, Study, save_predictions

SEEDS = range(3)


def arms(make_record, seeds=SEEDS, **entries):
    """A reference, a control and a method, a little apart."""
    levels = {"classic-balanced": 0.80, "none": 0.75, "dcgan": 0.82}
    return [
        make_record(
            **{
                "method": method,
                "seed": seed,
                "tier": "two-stage" if method == "dcgan" else "control",
                "score": level + 0.01 * (seed % 3),
                **entries,
            }
        )
        for method, level in levels.items()
        for seed in seeds
    ]


def without(record, *names):
    return record.model_copy(update={"metrics": record.metrics.model_copy(update=dict.fromkeys(names))})


def broken(record, status):
    error = {"type": "E", "message": "it broke", "phase": "generator"}
    return record.model_copy(update={"status": status, "metrics": None, "timing": None, "error": None}).model_validate(
        record.model_dump(by_alias=True) | {"status": status, "metrics": None, "timing": None, "error": error}
    )


ODD = {
    "one seed": lambda make: arms(make, seeds=[0]),
    "two seeds": lambda make: arms(make, seeds=[0, 1]),
    "one method": lambda make: arms(make)[6:],
    "only the reference": lambda make: arms(make)[:3],
    "one run": lambda make: arms(make)[:1],
    "equal scores": lambda make: arms(make, score=0.5),
    "no macro AP": lambda make: [without(record, "macro_ap") for record in arms(make)],
    "no metric at all": lambda make: [
        without(record, *(name for name in type(record.metrics).model_fields if name != "recall"))
        for record in arms(make)
    ],
    "no recall": lambda make: [
        record.model_copy(update={"metrics": record.metrics.model_copy(update={"recall": {"a": None, "b": None}})})
        for record in arms(make)
    ],
    "a method that diverged": lambda make: [*arms(make)[:6], *(broken(r, "diverged") for r in arms(make)[6:])],
    "a reference that failed": lambda make: [*(broken(r, "failed") for r in arms(make)[:3]), *arms(make)[3:]],
    "nothing but failures": lambda make: [broken(r, "failed") for r in arms(make)],
    "refused and out of time": lambda make: [
        *arms(make)[:6],
        *(broken(r, s) for r, s in zip(arms(make)[6:], ("skipped", "timeout", "failed"), strict=True)),
    ],
    "no times": lambda make: [record.model_copy(update={"timing": None}) for record in arms(make)],
    "shared times": lambda make: [
        record.model_copy(update={"timing": record.timing.model_copy(update={"contended": "shared"})})
        for record in arms(make)
    ],
    "no split": lambda make: [record.model_copy(update={"split": None}) for record in arms(make)],
    "fixed test images, no predictions": lambda make: [
        record.model_copy(update={"split": record.split.model_copy(update={"rule": "fixed-test"})})
        for record in arms(make)
    ],
    "unpaired seeds": lambda make: [*arms(make)[:3], *arms(make, seeds=[7, 8])[2:]],
    "one dataset lacks a method": lambda make: [*arms(make), *arms(make, dataset="b")[:5]],
    "five datasets": lambda make: [r for k in range(5) for r in arms(make, dataset=f"d{k}", seeds=[0, 1])],
}


@pytest.mark.parametrize("kind", ODD)
def test_every_odd_study_has_a_report(kind, make_record, tmp_path):
    store = Store(tmp_path)
    records = ODD[kind](make_record)
    store.write_study(Study(name=kind, seeds=sorted({record.seed for record in records})))
    for record in records:
        store.write(record)
    report.write(tmp_path, ("md",))
    text = (tmp_path / "report.md").read_text()
    assert text.startswith(f"# {kind}") and "nan" not in text.lower().replace("nano", "")


@pytest.mark.parametrize("fault", ["damaged", "other labels", "other classes", "one class only"])
def test_odd_predictions_are_left_out_or_borne(fault, make_record, tmp_path):
    store = Store(tmp_path)
    store.write_study(Study(name="s", seeds=list(SEEDS)))
    rng = np.random.default_rng(0)
    for record in arms(make_record):
        store.write(record)
        k = 3 if fault == "other classes" and record.seed else 2
        labels = np.arange(40) % 2 if fault != "one class only" else np.zeros(40, int)
        if fault == "other labels" and record.method == "dcgan":
            labels = labels[::-1].copy()
        folder = store.run_folder(record.run_id)
        save_predictions(Predictions(labels, rng.dirichlet(np.ones(k), 40).astype(np.float32)), folder)
        if fault == "damaged" and record.seed == 1:
            (folder / "predictions.npz").write_bytes(b"PK")
    report.write(tmp_path, ("md",))
    text = (tmp_path / "report.md").read_text()
    assert "Results on `cells`" in text and "nan" not in text
    assert ("Seeds and test images" in text) == (fault != "no pairs")


def test_mixed_protocols_are_refused(make_record):
    with pytest.raises(NotComparable, match="2 protocols"):
        Results.of([make_record(), make_record(seed=1, protocol="x", preset="paper")])


def test_unlike_splits_of_one_seed_are_refused(make_record):
    first, *others = arms(make_record)
    other = first.model_copy(update={"split": first.split.model_copy(update={"n_test": 1})})
    with pytest.raises(NotComparable, match="seed 0 of cells is split into"):
        compare(Results.of([other, *others]))
