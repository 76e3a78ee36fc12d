"""What the tests of the engine share: a tiny drawn dataset, quick methods and methods that misbehave."""

import re
from pathlib import Path

import pytest

from bench.backends import Backend
from bench.execute import execute
from bench.run import Conditions
from bench.session import Session, prepare
from datasets import Places, load_plugin
from results import Study

ROOT = Path(__file__).resolve().parents[2]
FAULTY = Path(__file__).with_name("faulty_methods.py")


def example(name: str) -> str:
    """The code block of CONTRIBUTING.md whose first line names this file."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)
    return next(block for block in blocks if block.startswith(f"# {name}\n"))


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The two examples of CONTRIBUTING.md as written, and methods that misbehave; loaded into this process."""
    folder = tmp_path_factory.mktemp("plugins")
    paths = [folder / "nearest_mean.py", folder / "stripes.py"]
    for path in paths:
        path.write_text(example(path.name))
    paths.append(FAULTY)
    for path in paths:
        load_plugin(path)
    return paths


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=None, cache=tmp_path / "cache")


@pytest.fixture
def session(plugins: list[Path], places: Places, tmp_path: Path):
    """Makes a session of quick methods on stripes, preset smoke."""

    def make(*methods: str, seeds: tuple[int, ...] = (0,), references: bool = False, **entries: object) -> Session:
        asked = Study(
            methods=list(methods),
            datasets=["stripes"],
            seeds=list(seeds),
            reference_arms=references,
            **{"preset": "smoke", "device": "cpu", "plugins": [str(path) for path in plugins], **entries},
        )
        return prepare(asked, folder=tmp_path / "study", places=places)

    return make


@pytest.fixture
def death_beside(session, places: Places, plugins: list[Path], tmp_path: Path):
    """Carries out a run whose worker dies at every try, and one that stands by meanwhile."""
    marker, begun = tmp_path / "marker", tmp_path / "begun"
    dies = {"name": "dies-once", "marker": str(marker), "always": True, "after": str(begun)}
    planned = session(dies, {"name": "stands-by", "marker": str(marker), "begun": str(begun)})

    def check(backend: Backend, *, retries: int) -> None:
        conditions = Conditions(study=planned.store.folder, places=places, plugins=tuple(plugins))
        finished = {f.run_id: f.status for f in execute(planned.runs, conditions, backend=backend, retries=retries)}
        of_method = {run.method_table["name"]: finished[run.run_id] for run in planned.runs}
        assert of_method == {"dies-once": "failed", "stands-by": "ok"}
        assert begun.read_text() == "begun\n", "the run beside it was begun again"
        assert planned.store.progress() == []
        (failed,) = [record.error for record in planned.store.records() if record.error is not None]
        assert failed.type == "WorkerDied"
        assert f"in each of {retries + 1} tries" in failed.message

    return check
