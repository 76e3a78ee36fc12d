"""What a run ran on, for its record."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

from bench.plan import Protocol
from results import Environment

RECORDED = ("torch", "torchvision", "timm", "numpy", "scikit-learn", "pillow")


def environment(protocol: Protocol) -> Environment:
    """Versions, revision, processor, threads and precision of this process."""
    return Environment(
        versions=versions(),
        git_revision=git_revision(),
        threads=protocol.threads,
        precision=protocol.precision,
        processor=processor(),
        platform=f"{platform.system()} {platform.machine()}",
    )


@functools.cache
def versions() -> dict[str, str]:
    """Version of Python, of augbench and of each library that results depend on."""
    found = {"python": platform.python_version(), "augbench": version_of("augbench") or "from a checkout"}
    for name in RECORDED:
        if version := version_of(name):
            found[name] = version
    return found


def version_of(distribution: str) -> str | None:
    """The installed version; None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def git_revision() -> str | None:
    """The revision of the checkout that this code runs from, ``+`` behind it where files are changed."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


@functools.cache
def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
