"""Which role may do what, from the templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.writers.markdown import code, codes, document, table
from docs.writers.templates import alternatives, listed, resources, shown

INTRODUCTION = """\
Every role that `batchkit deploy` makes, with all that it may do, from the templates. PROJECT, REGION and
ACCOUNT stand for yours; other names are parameters, or resources of the same template. In short: [what
the deployed roles may do](../deploy.md#what-the-deployed-roles-may-do); what whoever deploys needs:
[permissions of who deploys](../deploy.md#permissions-of-who-deploys)."""


def page() -> str:
    roles = resources("AWS::IAM::Role")
    return document("Roles", INTRODUCTION, *(part for role in roles for part in _role(*role)))


def _role(path: Path, name: str, resource: Mapping[str, Any]) -> Iterator[str]:
    properties = resource["Properties"]
    yield f"## {name} of {path.name}"
    yield _trust(properties["AssumeRolePolicyDocument"], resource.get("Condition"))
    managed = [shown(arn) for arn in properties.get("ManagedPolicyArns", ())]
    if managed:
        yield f"Has the managed policy {codes(managed)}."
    found = [row for policy in properties.get("Policies", ()) for row in _rows(policy["PolicyDocument"])]
    if found:
        yield table(("for", "actions", "on", "if"), found)


def _trust(policy: Mapping[str, Any], condition: str | None) -> str:
    (statement,) = policy["Statement"]
    text = f"Taken by {code(shown(statement['Principal']['Service']))}"
    conditions = _conditions(statement.get("Condition", {}))
    if conditions:
        text += f" if {conditions}"
    return text + (f". There only with {code(condition)}." if condition else ".")


def _rows(policy: Mapping[str, Any], only: str = "") -> Iterator[tuple[str, str, str, str]]:
    for statement in policy["Statement"]:
        yield from _statement(statement, only)


def _statement(statement: Mapping[str, Any], only: str) -> Iterator[tuple[str, str, str, str]]:
    """A statement; of one that depends on a condition of the template, the one that there may be."""
    if "Fn::If" in statement:
        condition, then, _otherwise = statement["Fn::If"]
        yield from _statement(then, f"with {code(condition)}")
        return
    conditions = ", ".join(filter(None, (only, _conditions(statement.get("Condition", {})))))
    on = codes(map(shown, alternatives(statement["Resource"])), "<br>")
    yield statement["Sid"], codes(listed(statement["Action"]), "<br>"), on, conditions


def _conditions(conditions: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{code(key)} is {codes(map(shown, listed(value)), ' or ')}"
        for compared in conditions.values()
        for key, value in compared.items()
    )
