"""Nothing read from a disk can run code: what docs/security.md promises, looked for in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    path for package in ("bench", "datasets", "methods", "report", "results") for path in (ROOT / package).rglob("*.py")
]
FORBIDDEN = {
    "eval", "exec", "compile", "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "joblib.load",
    "dill.load", "cloudpickle.load", "pandas.read_pickle", "pd.read_pickle", "yaml.load", "os.system", "os.popen",
    "tarfile.open", "shutil.unpack_archive", "torch.hub.load", "torch.package.PackageImporter",
}  # fmt: skip
NEEDS = {
    "torch.load": ("weights_only", True),
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
}


def faults(source: str) -> Iterator[str]:
    """Calls in a source that could run what a file says, or a shell."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name in FORBIDDEN or given.get("shell") == "True":
            yield f"line {node.lineno}: {name}"
        if name in NEEDS:
            keyword, value = NEEDS[name]
            if given.get(keyword) != str(value):
                yield f"line {node.lineno}: {name} without {keyword}={value}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_runs_what_a_file_says(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "pickle.load(file)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert len(list(faults(source))) == 1
