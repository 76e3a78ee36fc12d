"""The house itself: which way imports go, and that its style is kept."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "datasets": set(),
    "methods": {"datasets"},
    "results": set(),
    "report": {"results"},
    "bench": {"datasets", "methods", "results", "report"},
}
NEVER_TORCH = ("results", "report")
WITHIN_METHODS = {
    "networks": set(),
    "classifiers": {"networks"},
    "training": {"networks", "classifiers"},
    "two_stage": {"networks", "classifiers", "training"},
    "control": {"networks", "classifiers", "training", "two_stage"},
    "unified": {"networks", "classifiers", "training", "two_stage"},
}


def modules(path: Path) -> set[str]:
    """The modules that a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; write the whole name."
            names.add(node.module or "")
    return names


def imported(path: Path) -> set[str]:
    """The packages at the top that a file imports from."""
    return {name.partition(".")[0] for name in modules(path)}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_go_one_way(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        wrong = imported(path) & (set(MAY_IMPORT) - MAY_IMPORT[folder] - {folder})
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"
        if folder in NEVER_TORCH:
            assert not imported(path) & {"torch", "torchvision", "timm", "torchmetrics"}, path


@pytest.mark.parametrize("folder", WITHIN_METHODS)
def test_methods_stand_on_their_parts_and_no_tier_on_the_tier_above(folder: str) -> None:
    files = sorted((ROOT / "methods" / folder).rglob("*.py"))
    used = {name.split(".")[1] for path in files for name in modules(path) if name.startswith("methods.")}
    wrong = used & (set(WITHIN_METHODS) - WITHIN_METHODS[folder] - {folder})
    assert not wrong, f"methods/{folder} imports {wrong}"


def test_the_folders_of_methods_are_those_of_the_rule() -> None:
    assert {path.parent.name for path in (ROOT / "methods").glob("*/__init__.py")} == set(WITHIN_METHODS)


def test_records_and_reports_load_without_torch() -> None:
    code = "import sys, results, report; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_relative_or_upward_import_would_be_seen(tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text("def f():\n    from bench.run import carry_out\n    import torch.nn\n")
    assert imported(probe) == {"bench", "torch"}


def test_ruff_is_content() -> None:
    for arguments in (["check"], ["format", "--check"]):
        found = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.slow
def test_pyright_is_content() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_public_name_is_handed_out() -> None:
    import bench
    import datasets
    import methods
    import report
    import results

    for package in (datasets, methods, results, report):
        missing = [name for name in package.__all__ if not hasattr(package, name)]
        assert not missing, f"{package.__name__}.__all__ names {missing}"
    for package in (bench, datasets, methods, results, report):
        assert package.__doc__
        assert package.DISTRIBUTION == "augbench"
