"""The command `bench`, also `python -m bench`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

OURS = ("datasets", "methods", "results", "report")


def shadowed() -> str | None:
    """Says which of our packages is hidden by a foreign one of the same name; None when all is well.

    A file is enough to tell: ours lie beside this package and say so in their ``__init__``.
    """
    here = Path(__file__).resolve().parent.parent
    for name in OURS:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None:
            return f"augbench's package {name!r} is missing beside {here / 'bench'}; install augbench again."
        ours = origin.parent.parent == here and 'DISTRIBUTION = "augbench"' in origin.read_text(encoding="utf-8")
        if not ours:
            return (
                f"another package called {name!r} hides augbench's own ({origin}); install augbench into an "
                "environment of its own, or uninstall the other."
            )
    return None


def main() -> None:
    """Runs the command and exits with its code."""
    if problem := shadowed():
        print(f"bench: {problem}", file=sys.stderr)
        sys.exit(2)
    from bench.commands.app import app

    app(prog_name="bench")


if __name__ == "__main__":
    main()
