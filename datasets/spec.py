"""The syntax that names a method or a dataset on the command line and in study files.

``name``, ``name:argument``, ``name[key=value,key=value]`` or ``name:argument[key=value]``. Values may be quoted
(``'…'`` or ``"…"``), brackets inside a value balance, and a list inside a value is written ``a/b/c``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_PLAIN_VALUE = re.compile(r"[^\s,\[\]'\"=]+")


class SpecError(ValueError):
    """A specification that cannot be read, or names what does not exist; the message says what would."""


@dataclass(frozen=True)
class Spec:
    """One parsed specification.

    Attributes:
        name: Name in the registry.
        argument: Text behind the colon (``PATH`` in ``folder:PATH``), if any.
        values: Parameters as written; still text, typed by the component that takes them.
    """

    name: str
    argument: str | None = None
    values: Mapping[str, object] = field(default_factory=dict[str, object])


def split_outside(text: str, separator: str) -> list[str]:
    """Splits at separators that stand outside brackets and quotes.

    Args:
        text: The text, for example ``"unified,bagan[policy=fixed:1000,classifier=cnn]"``.
        separator: One character.

    Returns:
        The parts, stripped; quotes are left in place. Empty parts are kept.

    Raises:
        SpecError: A bracket or a quote is left open.
    """
    parts: list[str] = []
    depth, quote, start = 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth < 0:
                raise SpecError(f"{text!r} closes a bracket that it never opened; remove the ']' or add a '['.")
        elif character == separator and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    if quote:
        raise SpecError(f"{text!r} leaves a {quote} open; close it.")
    if depth:
        raise SpecError(f"{text!r} leaves a bracket open; add the ']'.")
    return [*parts, text[start:].strip()]


def split_list(text: str) -> list[str]:
    """Splits a comma-separated list of specifications; empty ones are an error."""
    parts = split_outside(text, ",")
    if not all(parts):
        raise SpecError(f"{text!r} has an empty name in its list; write names separated by single commas.")
    return parts


def parse(text: str) -> Spec:
    """Reads one specification.

    Raises:
        SpecError: The text does not follow the syntax.
    """
    text = text.strip()
    match = _NAME.match(text)
    if match is None:
        raise SpecError(f"{text!r} is no name; write it like 'dcgan' or 'dcgan[classifier=resnet18]'.")
    name, rest = match.group(), text[match.end() :]
    argument, body = _cut_parameters(rest, whole=text)
    if argument and not argument.startswith(":"):
        raise SpecError(f"{text!r} has {argument!r} behind its name; parameters stand in brackets: {name}[key=value].")
    values: dict[str, object] = {}
    for item in split_outside(body, ",") if body else []:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise SpecError(f"{item!r} in {text!r} is no parameter; write key=value.")
        if key.strip() in values:
            raise SpecError(f"{text!r} gives {key.strip()!r} twice; keep one.")
        values[key.strip()] = unquote(value.strip())
    return Spec(name, unquote(argument[1:]) if argument else None, values)


def _cut_parameters(rest: str, *, whole: str) -> tuple[str, str]:
    """Cuts ``:argument[body]`` into ``:argument`` and ``body``; only a bracket that closes at the end counts."""
    split_outside(rest, ",")  # raises on what does not balance
    if not rest.endswith("]"):
        return rest, ""
    depth, quote = 0, ""
    opened = -1
    for position, character in enumerate(rest):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "[":
            opened = position if depth == 0 else opened
            depth += 1
        elif character == "]":
            depth -= 1
    if opened < 0:
        raise SpecError(f"{whole!r} ends in ']' without an opening bracket.")
    return rest[:opened], rest[opened + 1 : -1]


def unquote(value: str) -> str:
    """Removes one pair of quotes around a value."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def format_value(value: object) -> str:
    """Writes a parameter's value so that ``parse`` reads it again: ``true``, ``0.5``, ``a/b``, ``'with, comma'``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, (tuple, list)):
        return "/".join(format_value(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    text = str(value)
    if _PLAIN_VALUE.fullmatch(text):
        return text
    return f'"{text}"' if "'" in text else f"'{text}'"


def format_spec(name: str, values: Mapping[str, object], argument: str | None = None) -> str:
    """Writes a specification in its canonical form: parameters sorted by key."""
    head = name if argument is None else f"{name}:{argument}"
    if not values:
        return head
    return f"{head}[{','.join(f'{key}={format_value(values[key])}' for key in sorted(values))}]"
