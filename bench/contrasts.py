"""What a study holds against what: its reference arm, its first metric, and the families that are adjusted together."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.errors import UsageError
from datasets.registry import nearest
from methods import METHODS, Method
from report import METRICS
from results import Study


def families(methods: Sequence[Method], study: Study, *, before: Study | None = None) -> dict[str, list[str]]:
    """Families with the methods in them: those of the study first, the others by their own kind.

    A main arm with switched parameters is an ablation where the method is in the study without them, too; its
    classifier is no switch.

    Args:
        methods: The study's, reference arms among them.
        study: As asked for.
        before: As it was in its folder: a method leaves its family for the one that it is now asked into.

    Raises:
        SpecError: A family names a method or a parameter that there is not.
    """
    former = before.families if before is not None else {}
    known = {method.name for method in methods} | {name for members in former.values() for name in members}
    asked = {family: [_canonical(member, known) for member in members] for family, members in study.families.items()}
    moved = {name for members in asked.values() for name in members}
    stayed = {family: [name for name in members if name not in moved] for family, members in former.items()}
    found = {family: members for family, members in {**stayed, **asked}.items() if members}
    named = {name for members in found.values() for name in members}
    plain = {method.info.name for method in methods if not _switched(method)}
    for method in methods:
        if method.name not in named:
            ablation = method.info.family == "main" and _switched(method) and method.info.name in plain
            found.setdefault("ablation" if ablation else method.info.family, []).append(method.name)
    return found


def reference_arm(methods: Sequence[Method], study: Study) -> str | None:
    """The one arm that a study holds all methods against, if it names one.

    Args:
        methods: The study's, reference arms among them.
        study: As asked for.

    Raises:
        SpecError: There is no such method or parameter.
        UsageError: It is not in the study.
    """
    if study.reference is None:
        return None
    names = [method.name for method in methods]
    reference = _canonical(study.reference, names)
    if reference not in names:
        raise UsageError(
            f"the study's reference {reference!r} is none of its methods ({', '.join(names)}); add it to them, or "
            "leave the reference out."
        )
    return reference


def first_metric(study: Study) -> str:
    """The metric of a study's first verdict.

    Raises:
        UsageError: No verdict can be given in it.
    """
    if study.metric not in METRICS:
        raise UsageError(f"no verdict can be given in {study.metric!r}; {nearest(study.metric, METRICS)}")
    return study.metric


def _canonical(name: str, known: Collection[str]) -> str:
    """A method's canonical name, however it is spelt; it need not be in the study."""
    return name if name in known else METHODS.build(name).name


def _switched(method: Method) -> bool:
    return bool(method.non_default_parameters().keys() - {"classifier"})
