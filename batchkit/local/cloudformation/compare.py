"""Two templates with their parameters compared, as CloudFormation does for a change set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from batchkit.local.cloudformation.schemas import recreation
from batchkit.planning.stack_changes import Change, Difference, Replacement

if TYPE_CHECKING:
    from batchkit.deploy.template import Resource

# What of a resource counts besides its properties; a change of these never replaces it.
ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata")

_IN_SUB = re.compile(r"\$\{(?!!)(?P<name>[A-Za-z0-9]+)(?:\.[^}]*)?\}")


def compare(old: Mapping[str, Resource], new: Mapping[str, Resource]) -> tuple[Change, ...]:
    """What happens to each resource: those added, those changed, those removed."""
    added = [Change("Add", name, one.kind) for name, one in new.items() if name not in old]
    removed = [
        Change("Remove", name, one.kind, policy="Retain" if one.is_retained else "Delete")
        for name, one in old.items()
        if name not in new
    ]
    kept = {name: _change(old[name], new[name]) for name in new if name in old}
    _follow(kept, new)
    return (*added, *(change for change in kept.values() if change is not None), *removed)


def references(resource: Resource) -> set[str]:
    """The logical ids that a resource names, in its properties or its DependsOn."""
    depends = resource.attributes.get("DependsOn", ())
    found = {depends} if isinstance(depends, str) else set(depends)
    return found | set(_named(resource.properties))


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield from (match["name"] for match in _IN_SUB.finditer(part))
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner)
    elif isinstance(part, Mapping):
        if set(part) == {"Ref"}:
            yield part["Ref"]
        elif set(part) == {"Fn::GetAtt"}:
            yield part["Fn::GetAtt"][0]
        else:
            for inner in part.values():
                yield from _named(inner)


def _change(old: Resource, new: Resource) -> Change | None:
    before, after = dict(_leaves(old.properties)), dict(_leaves(new.properties))
    paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    differences = [_difference(new.kind, path, before, after) for path in paths]
    for name in ATTRIBUTES:
        was, is_ = _json(old.attributes.get(name)), _json(new.attributes.get(name))
        if was != is_:
            differences.append(Difference(name, was, is_))
    if not differences:
        return None
    means = {recreation(new.kind, path) for path in paths}
    replacement: Replacement = (
        "True" if "Always" in means else "Conditional" if "Conditionally" in means else "False"
    )
    policy = "" if replacement == "False" else _replacing(new)
    return Change(
        "Modify",
        new.logical_id,
        new.kind,
        replacement=replacement,
        policy=policy,
        differences=tuple(differences),
    )


def _replacing(resource: Resource) -> str:
    policy = str(resource.attributes.get("UpdateReplacePolicy", "Delete"))
    return "ReplaceAndRetain" if policy.startswith("Retain") else "ReplaceAndDelete"


def _difference(kind: str, path: str, before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    return Difference(path, before.get(path), after.get(path), recreation(kind, path) != "Never")


def _follow(kept: dict[str, Change | None], new: Mapping[str, Resource]) -> None:
    """Whoever names a resource that is replaced changes, too: it gets the new one's id."""
    waiting = [name for name, change in kept.items() if change is not None and change.replacement == "True"]
    while waiting:
        replaced = waiting.pop()
        for name, resource in new.items():
            if name in kept and kept[name] is None and replaced in references(resource):
                kept[name] = _dynamic(resource, replaced)


def _dynamic(resource: Resource, replaced: str) -> Change:
    """A change whose extent is known only when the replaced resource is there."""
    paths = [path for path, text in _leaves(resource.properties) if replaced in text]
    differences = tuple(
        Difference(path, None, None, recreation(resource.kind, path) != "Never") for path in paths
    )
    change = Change(
        "Modify", resource.logical_id, resource.kind, replacement="False", differences=differences
    )
    if any(difference.recreates for difference in differences):
        return replace(change, replacement="Conditional", policy=_replacing(resource))
    return change


def _leaves(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each scalar, or reference, with the path that leads to it."""
    inner: Iterator[tuple[str, Any]]
    if isinstance(part, Mapping) and not _is_reference(part):
        inner = ((str(name), value) for name, value in part.items())
    elif isinstance(part, list):
        inner = ((str(index), value) for index, value in enumerate(part))
    else:
        yield path, part if isinstance(part, str) else _json(part) or ""
        return
    for name, value in inner:
        yield from _leaves(value, f"{path}.{name}" if path else name)


def _is_reference(part: Mapping[str, Any]) -> bool:
    return len(part) == 1 and next(iter(part)) in {"Ref", "Fn::GetAtt", "Fn::Join", "Fn::Select"}


def _json(value: Any) -> str | None:
    return None if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
