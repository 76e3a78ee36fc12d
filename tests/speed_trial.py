"""How much sooner a study ends than the same runs one after another in plain float32, and what that does to quality.

    python tests/speed_trial.py /tmp/speed
    python tests/speed_trial.py /tmp/speed --budget generator_steps=800,classifier_steps=750     a quarter of `quick`

Four methods × four seeds, once as `bench run` does them by itself (bfloat16 where the processor has it, channels last,
fused optimisers, freed memory kept, as many runs at once as there are cores), and once with all of that taken away.
Wants a machine on which nothing else runs. docs/performance.md keeps the figures.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

from results import Store

ROOT = Path(__file__).resolve().parents[1]
METHODS, SEEDS = ("none", "classic-balanced", "dcgan", "cgan-diffaug"), 4

PLAIN = '''
"""Takes away what a plain script does not have: memory formats, fused optimisers, an allocator that keeps memory."""
import torch
import bench.run

torch.channels_last = torch.contiguous_format
bench.run.keep_freed_memory = lambda: False

def unfused(kind):
    class Unfused(kind):
        def __init__(self, *arguments, fused=None, **keywords):
            super().__init__(*arguments, **keywords)
    return Unfused

torch.optim.Adam, torch.optim.AdamW = unfused(torch.optim.Adam), unfused(torch.optim.AdamW)
'''


def seconds(folder: Path, *options: str) -> float:
    """Wall seconds of the whole command."""
    command = [sys.executable, "-m", "bench", "run", "--methods", ",".join(METHODS), "--seeds", str(SEEDS)]
    command += ["--datasets", "cells", "--preset", "quick", "--no-reference", "--no-generative-metrics"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--device", "cpu", "--out", str(folder), *options],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def scores(folder: Path) -> dict[tuple[str, int], float]:
    """Balanced accuracy by method and seed."""
    records = Store(folder).records()
    assert len(records) == len(METHODS) * SEEDS
    return {(r.method, r.seed): r.metrics.balanced_accuracy for r in records if r.metrics}


def main() -> None:
    """Runs both, and prints the ratio and the pooled difference of quality."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--budget", help="as in `bench run`")
    options = parser.parse_args()
    options.work.mkdir(parents=True)
    plain = options.work / "plain.py"
    plain.write_text(PLAIN)
    budget = ["--budget", options.budget] if options.budget else []
    fast = seconds(options.work / "fast", *budget)
    slow = seconds(options.work / "slow", *budget, "--jobs", "1", "--precision", "float32", "--plugin", str(plain))
    print(
        f"{len(METHODS) * SEEDS} runs: {fast:.0f} s; in plain float32 one by one {slow:.0f} s: {slow / fast:.2f} times"
    )
    mine, its = scores(options.work / "fast"), scores(options.work / "slow")
    differences = np.array([mine[run] - its[run] for run in its])
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    print(f"balanced accuracy {differences.mean():+.4f} ± {half:.4f} (95 %, {len(differences)} pairs)")


if __name__ == "__main__":
    main()
