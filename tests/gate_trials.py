"""Trials of the CI gate: does it keep quiet over unchanged code on a noisy machine, and does it notice what is planted?

    python tests/gate_trials.py docs/studies/gate.toml /tmp/gate

A study is run again and again while another process takes cores in bursts; every repeat is held against every earlier
one, which has to pass. Then one arm's generator phase is stretched to 1.3 times its CPU time, and, apart from that,
three points of balanced accuracy are taken from that arm by changing predictions of images drawn at random; each has
to be found. Finished repeats are kept, so a trial goes on where it stopped. docs/gate.md keeps the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.score import score
from report.gate import Finding, check
from results import Record, Store, baseline_of, load_predictions, read_study

ROOT = Path(__file__).resolve().parents[1]
PLANTED_SLOW_DOWN, PLANTED_LOSS = 1.3, 0.03

SLOW = f'''
"""Every update of an adversarial generator takes {PLANTED_SLOW_DOWN} times its CPU time."""
import time

from methods.training.adversarial import AdversarialTraining

update = getattr(AdversarialTraining.update, "unslowed", AdversarialTraining.update)  # a worker loads this for each run

def slow(self):
    began = time.process_time()
    scalars = update(self)
    until = began + {PLANTED_SLOW_DOWN} * (time.process_time() - began)
    while time.process_time() < until:
        pass
    return scalars

slow.unslowed = update
AdversarialTraining.update = slow
'''

BURSTS = """
import random, sys, time
import numpy as np
rng = random.Random(int(sys.argv[1]))
a = np.ones((256, 256), dtype=np.float32)
while True:
    until = time.monotonic() + rng.uniform(0, 15)
    while time.monotonic() < until:
        a @ a
    time.sleep(rng.uniform(0, 15))
"""


@contextlib.contextmanager
def disturbed(seed: int) -> Iterator[None]:
    """Another process computes for 0 to 15 s and rests for as long, again and again."""
    other = subprocess.Popen([sys.executable, "-c", BURSTS, str(seed)], env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        yield
    finally:
        other.kill()
        other.wait()


def run(config: Path, folder: Path, *options: str) -> list[Record]:
    """Runs a study, or what is missing of it."""
    command = [sys.executable, "-m", "bench", "run", "--config", str(config), "--out", str(folder)]
    command += ["--no-reference", "--no-generative-metrics", "--device", "cpu", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Store(folder).records()


def failed(findings: Sequence[Finding], kind: str | None = None, method: str | None = None) -> list[Finding]:
    """Those that would stop a change."""
    return [f for f in findings if f.outcome == "failed" and kind in (None, f.kind) and method in (None, f.method)]


def lossy(record: Record, folder: Path, rng: np.random.Generator, share: float) -> Record:
    """The record of the same run, had it named a share of the test images wrongly."""
    predictions = load_predictions(folder)
    assert predictions is not None and record.split is not None
    probabilities = predictions.probabilities.copy()
    for image in np.flatnonzero(rng.random(len(probabilities)) < share):
        best = int(probabilities[image].argmax())
        other = int(rng.choice([k for k in range(probabilities.shape[1]) if k != best]))
        probabilities[image, [best, other]] = probabilities[image, [other, best]]
    train = record.split.class_counts.train
    metrics = score(
        probabilities, predictions.labels, classes=tuple(train), train_counts=np.array(list(train.values()))
    )
    return record.model_copy(update={"metrics": metrics})


def main() -> None:
    """Carries out all trials and prints what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--repeats", type=int, default=15, help="of the unchanged study")
    parser.add_argument("--planted", type=int, default=10, help="trials of each planted change")
    parser.add_argument("--method", default="dcgan[per_class=false]", help="arm that is changed")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / "slow.py").write_text(SLOW)
    arm = replace_methods(options.study, options.work / "arm.toml", options.method)

    with disturbed(seed=0):
        folders = [options.work / f"unchanged-{k}" for k in range(options.repeats)]
        repeats = [run(options.study, folder) for folder in folders]
        pairs = list(itertools.combinations(repeats, 2))
        alarms = [failed(check(new, baseline_of(old))) for old, new in pairs]
        ratios = [f.value for old, new in pairs for f in check(new, baseline_of(old)) if f.kind == "time" and f.value]
        print(
            f"unchanged: {sum(map(bool, alarms))} alarms in {len(pairs)} comparisons of {len(repeats)} repeats; ",
            end="",
        )
        print(f"ratios of relative costs {min(ratios):.3f} to {max(ratios):.3f}", flush=True)
        for finding in itertools.chain.from_iterable(alarms):
            print(f"  {finding.method}: {finding.sentence}")

        found, ratios = 0, list[float]()
        for k in range(options.planted):
            old, new = repeats[k % len(repeats)], repeats[(k + 1) % len(repeats)]
            slow = run(arm, options.work / f"slow-{k}", "--plugin", str(options.work / "slow.py"))
            findings = check([r for r in new if r.method != options.method] + slow, baseline_of(old))
            found += any(f.what == "generator" for f in failed(findings, "time", options.method))
            ratios += [f.value for f in findings if f.method == options.method and f.what == "generator" and f.value]
        print(f"generator phase {PLANTED_SLOW_DOWN} times as long: found {found} of {options.planted} times; ", end="")
        print(f"ratios {min(ratios):.3f} to {max(ratios):.3f}", flush=True)

    found, needed, rng = 0, set[int | None](), np.random.default_rng(0)
    for k in range(options.planted):
        old, new = repeats[k % len(repeats)], repeats[(k + 1) % len(repeats)]
        store = Store(folders[(k + 1) % len(repeats)])
        mine = [record for record in new if record.method == options.method]
        scores = [record.metrics.balanced_accuracy for record in mine if record.metrics]
        share = PLANTED_LOSS / float(np.mean(scores))
        worse = [lossy(record, store.run_folder(record.run_id), rng, share) for record in mine]
        findings = check([r for r in new if r.method != options.method] + worse, baseline_of(old))
        found += bool(failed(findings, "quality", options.method))
        needed |= {f.seeds_needed for f in findings if f.kind == "quality" and f.method == options.method}
    print(f"{100 * PLANTED_LOSS:.0f} points lost: found {found} of {options.planted} times; ", end="")
    asked, had = sorted(n or 200 for n in needed), len(read_study(options.study).seeds)
    print(f"for so much the gate asks for {asked} seeds; the study has {had}")


def replace_methods(study: Path, file: Path, method: str) -> Path:
    """The study file with one method alone."""
    import tomli_w

    content = read_study(study).model_copy(update={"methods": [method]})
    file.write_text(tomli_w.dumps(content.model_dump(exclude_none=True)))
    return file


if __name__ == "__main__":
    main()
