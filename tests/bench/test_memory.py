"""Freed memory stays mapped."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from bench.memory import keep_freed_memory

if sys.argv[1] == "keep" and not keep_freed_memory():
    print("not here")
    raise SystemExit
torch.set_num_threads(1)
network = torch.nn.Sequential(torch.nn.Conv2d(16, 64, 3), torch.nn.ReLU(), torch.nn.Conv2d(64, 16, 3))
images = torch.ones(64, 16, 24, 24)

def step():
    network.zero_grad()
    network(images).square().mean().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for _ in range(5):
    before = step()
for _ in range(10):
    after = step()
print(after - before)
"""


@pytest.mark.slow
def test_a_training_step_finds_the_pages_of_the_last_one() -> None:
    def run(mode: str) -> str:
        done = subprocess.run([sys.executable, "-c", FAULTS, mode], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    kept = run("keep")
    if kept == "not here":
        pytest.skip("another C library than glibc")
    freed = int(run("free"))
    assert freed > 10_000, "the step is too small to show anything"
    assert int(kept) < 0.2 * freed
