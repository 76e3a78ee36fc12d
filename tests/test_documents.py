"""Links of the documents lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them: small letters, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(file: Path, text: str) -> Iterator[str]:
    """Links to files that are not there, and to headings that their file lacks."""
    for path, anchor in LINK.findall(CODE.sub("", text)):
        to = file.parent / path if path else file
        if not to.exists() or (anchor and anchor not in anchors(text if to == file else to.read_text())):
            yield f"{path}#{anchor}" if anchor else path


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(file: Path) -> None:
    assert not list(broken(file, file.read_text()))


def test_broken_links_are_seen() -> None:
    links = "[a](#whats-new-here) [b](#nowhere) [c](docs/gone.md) [d](docs/gate.md#gone) `[e](f.md)`"
    found = broken(ROOT / "README.md", f"# What's *new*, here?\n{links}\n")
    assert list(found) == ["#nowhere", "docs/gone.md", "docs/gate.md#gone"]
