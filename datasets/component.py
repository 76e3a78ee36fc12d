"""What methods and datasets have in common: a name, parameters with types and defaults, a canonical spelling."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo

from datasets.spec import SpecError, format_spec


@dataclass(frozen=True)
class Parameter:
    """One parameter as ``bench show`` prints it.

    Attributes:
        name: As written on the command line.
        type: In words: ``bool``, ``int``, ``a|b|c``, ….
        default: The value when none is given (``None`` with ``required`` when there is no default).
        help: One line.
        required: Whether it must be given.
    """

    name: str
    type: str
    default: Any
    help: str
    required: bool = False


class Described(Protocol):
    """What a component's ``info`` has at least."""

    @property
    def name(self) -> str:
        """Name in the registry."""
        ...

    @property
    def summary(self) -> str:
        """One line."""
        ...


class Component(BaseModel):
    """A method or a dataset with its parameters: a frozen pydantic model whose fields are the parameters.

    A field of type ``Path`` says where something lies and never what it is: it enters neither the canonical name
    nor the identity of a run. A field whose text holds a path is serialised without it, unless the serialisation's
    context says ``paths``. ``argument`` names the field that the text behind a colon fills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    info: ClassVar[Any]
    argument: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _lists_from_text(cls, values: Any) -> Any:
        """Reads ``a/b/c`` as a list where the field is one, and ``none`` as nothing where that is allowed."""
        if not isinstance(values, Mapping):
            return values
        read = dict(typing.cast("Mapping[str, Any]", values))
        for name, value in read.items():
            field = cls.model_fields.get(name)
            if field is None or not isinstance(value, str):
                continue
            if _is_sequence(field.annotation):
                read[name] = [item for item in value.split("/") if item]
            elif value == "none" and _is_optional(field.annotation):
                read[name] = None
        return read

    @classmethod
    def configure(cls, values: Mapping[str, object], argument: str | None = None) -> Self:
        """Builds the component from parameters as text or typed values.

        Args:
            values: Parameters by name.
            argument: Text behind the colon, if any.

        Raises:
            SpecError: A parameter is unknown, ill-typed, out of range, or missing; the message lists the valid ones.
        """
        given = dict(values)
        name = cls.info.name
        if argument is not None:
            if cls.argument is None:
                raise SpecError(f"{name} takes nothing behind a colon (got {argument!r}); {cls._valid()}.")
            given[cls.argument] = argument
        for field in given:
            if field not in cls.model_fields:
                raise SpecError(f"{name} has no parameter {field!r}; {cls._valid()}.")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"][:1]) or "its parameters"
            reason = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            if first["type"] == "value_error":
                raise SpecError(f"{name}: {reason}{'' if reason.endswith(('.', '?')) else '.'}") from None
            got = "" if first["type"] == "missing" else f" (got {first['input']!r})"
            raise SpecError(f"{name}: {where} should be {reason}{got}; {cls._valid()}.") from None

    @classmethod
    def _valid(cls) -> str:
        listed = [f"{p.name} ({p.type})" for p in cls.describe()]
        return f"valid parameters: {', '.join(listed)}" if listed else "it has no parameters"

    @classmethod
    def describe(cls) -> tuple[Parameter, ...]:
        """Lists the parameters with types, defaults and help."""
        return tuple(
            Parameter(
                name=name,
                type=_type_in_words(field.annotation),
                default=None if field.is_required() else _default(field),
                help=field.description or "",
                required=field.is_required(),
            )
            for name, field in cls.model_fields.items()
        )

    def parameters(self) -> dict[str, Any]:
        """All parameters as JSON values, paths left out."""
        dumped = self.model_dump(mode="json")
        return {name: dumped[name] for name, field in type(self).model_fields.items() if not _is_path(field)}

    def non_default_parameters(self) -> dict[str, Any]:
        """The parameters that differ from their defaults, as JSON values, paths left out."""
        defaults = {name: _default(f) for name, f in type(self).model_fields.items() if not f.is_required()}
        return {
            name: value
            for name, value in self.parameters().items()
            if name not in defaults or getattr(self, name) != defaults[name]
        }

    def to_table(self) -> dict[str, Any]:
        """Name and all parameters, paths included, as JSON values: what ``Registry.build`` builds it from again."""
        return {"name": self.info.name, **self.model_dump(mode="json", context={"paths": True})}

    @property
    def spelling(self) -> str:
        """As ``name``, with paths: what ``Registry.build`` builds the same from again on this machine."""
        table = self.to_table()
        changed = {
            name: table[name]
            for name, field in type(self).model_fields.items()
            if field.is_required() or getattr(self, name) != _default(field)
        }
        return format_spec(self.info.name, changed)

    @property
    def name(self) -> str:
        """The name in records and reports: base name plus non-default parameters, sorted."""
        return format_spec(self.info.name, self.non_default_parameters())


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _is_path(field: FieldInfo) -> bool:
    return field.annotation is Path or Path in typing.get_args(field.annotation)


def _is_sequence(annotation: Any) -> bool:
    candidates = (annotation, *typing.get_args(annotation)) if _is_union(annotation) else (annotation,)
    return any(typing.get_origin(candidate) in (tuple, list) for candidate in candidates)


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _is_optional(annotation: Any) -> bool:
    return _is_union(annotation) and type(None) in typing.get_args(annotation)


def _type_in_words(annotation: Any) -> str:
    if annotation is type(None):
        return "none"
    if _is_union(annotation):
        return "|".join(_type_in_words(part) for part in typing.get_args(annotation))
    if typing.get_origin(annotation) is typing.Literal:
        return "|".join(str(value) for value in typing.get_args(annotation))
    if typing.get_origin(annotation) in (tuple, list):
        return f"{_type_in_words(typing.get_args(annotation)[0])}/…"
    return "text" if annotation is str else getattr(annotation, "__name__", str(annotation)).lower()
