"""Figures as SVG that can stand in a page: small, without a style sheet of their own, in the page's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from report.style import FAINT, INK, MUTED

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_DRAWN = frozenset(
    {"svg", "g", "defs", "path", "use", "rect", "circle", "line", "polygon", "polyline", "image", "clipPath"}
)
_KEPT = frozenset(
    {"id", "d", "x", "y", "width", "height", "transform", "clip-path", "r", "cx", "cy", "preserveAspectRatio"}
)
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_PLAIN_STYLE = re.compile(r"[-a-z0-9 #:;.,%()]*")

PAGE_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        INK.lower(): "var(--ink)",
        MUTED.lower(): "var(--muted)",
        FAINT.lower(): "var(--faint)",
        "stroke:#ffffff": "stroke:var(--paper)",
    }
)
"""Colours of text and lines, which are others on a dark page; those of data stay."""


_VIEW = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')


def view_size(svg: str) -> tuple[float, float]:
    """Width and height of a figure as matplotlib writes it, in points.

    Raises:
        ValueError: It does not say.
    """
    found = _VIEW.search(svg)
    if found is None:
        raise ValueError("a figure's SVG has no viewBox")
    return float(found[1]), float(found[2])


class InlineFigures:
    """Takes in the SVG files of a page's figures, as matplotlib writes them.

    What the figures define (letters, markers, clips) is kept once for the whole page, and inline styles become classes
    of the page's style sheet, so that the page needs to allow none.
    """

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._names: dict[str, str] = {}  # of what is defined, by its content
        self._definitions: dict[str, str] = {}

    def add(self, svg: str) -> str:
        """The ``<svg>`` element to put into the page.

        Raises:
            xml.etree.ElementTree.ParseError: This is no XML.
        """
        root = ET.fromstring(svg)
        view = root.get("viewBox", "0 0 1 1")
        _without_paper(root)
        self._clean(root)
        self._hoist(root)
        root.attrib.clear()
        root.attrib.update({"viewBox": view, "class": "plot", "aria-hidden": "true"})
        return _serialised(root)

    @property
    def style(self) -> str:
        """Rules for the page's style sheet."""
        rules = [f".{name}{{{style}}}" for style, name in self._classes.items()]
        return "\n".join([":where(.plot *, .definitions *){stroke-linejoin:round;stroke-linecap:butt}", *rules])

    @property
    def definitions(self) -> str:
        """The ``<defs>`` that all figures of the page use."""
        return f"<defs>{''.join(self._definitions.values())}</defs>"

    def _clean(self, parent: ET.Element) -> None:
        """Leaves drawing only: no scripts, links or notes; styles as classes, numbers to a hundredth of a point."""
        for child in list(parent):
            if child.tag.removeprefix(_SVG) not in _DRAWN:
                parent.remove(child)
                continue
            self._clean(child)
        parent.text = parent.tail = None
        attributes = {name: value for name, value in parent.attrib.items() if name in _KEPT}
        link = parent.get(_LINK, parent.get("href", ""))
        if link.startswith(("#", "data:image/png;base64,")):
            attributes["href"] = link
        for name in ("d", "x", "y"):
            if name in attributes:
                attributes[name] = _NUMBER.sub(lambda n: f"{float(n[0]):.2f}", " ".join(attributes[name].split()))
        style = parent.get("style", "")
        if style and _PLAIN_STYLE.fullmatch(style):
            attributes["class"] = self._class(style)
        parent.attrib.clear()
        parent.attrib.update(attributes)

    def _class(self, style: str) -> str:
        compact = re.sub(r"\s*([:;,])\s*", r"\1", style.strip().rstrip(";"))
        for colour, variable in PAGE_COLOURS.items():
            compact = compact.replace(colour, variable)
        return self._classes.setdefault(compact, f"s{len(self._classes)}")

    def _hoist(self, root: ET.Element) -> None:
        """Moves what the figure defines into the page's definitions, and points to it there."""
        names: dict[str, str] = {}
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag != f"{_SVG}defs":
                    continue
                parent.remove(child)
                for defined in child:
                    old = defined.attrib.pop("id", "")
                    kept = _serialised(defined)
                    new = self._names.setdefault(kept, f"d{len(self._names)}")
                    names[old] = new
                    defined.set("id", new)
                    self._definitions[new] = _serialised(defined)
        for element in root.iter():
            element.attrib.pop("id", None)
            link = element.get("href", "")
            if link.startswith("#"):
                element.set("href", f"#{names.get(link[1:], '')}")
            clip = _REFERENCE.fullmatch(element.get("clip-path", ""))
            if clip:
                element.set("clip-path", f"url(#{names.get(clip[1], '')})")


def _without_paper(root: ET.Element) -> None:
    """Takes out the white that matplotlib paints below a figure and below its axes; the page has its own ground."""
    for group in root.iter(f"{_SVG}g"):
        if group.get("id", "").startswith(("figure_", "axes_")) and len(group):
            ground = group[0]
            if ground.get("id", "").startswith("patch_") and [p.get("style") for p in ground] == ["fill: #ffffff"]:
                group.remove(ground)


def _serialised(element: ET.Element) -> str:
    """As HTML takes it: no namespaces."""
    tag = element.tag.removeprefix(_SVG)
    attributes = "".join(f' {name}="{_quoted(value)}"' for name, value in element.attrib.items())
    inside = "".join(map(_serialised, element))
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
