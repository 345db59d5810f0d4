"""A dry run: an executor that asks CloudFormation for change sets and carries out nothing.

A stack that is not there yet has no change set: it would be an empty stack by itself, to be deleted again.
Its template says what there will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from batchkit.aws.change_sets import Wanted
from batchkit.aws.stacks import HALF_ROLLED_BACK, StackState
from batchkit.deploy.steps import File, Removal, Stack
from batchkit.deploy.template import Template
from batchkit.deploy.tools import Tools
from batchkit.planning.stack_changes import Change, ChangeSet, ParameterChange, changed_parameters

# What is to be done with a stack: "recreate" is for one whose creation failed, "resume" for one whose
# rollback failed, "await" for one that needs what an earlier stack does not tell yet.
Verdict = Literal["create", "update", "unchanged", "recreate", "resume", "await", "delete"]


@dataclass(frozen=True)
class StackPreview:
    """What would become of a stack. `status` is CloudFormation's word for what it is now, "" for nothing."""

    stack: Stack | Removal
    verdict: Verdict
    status: str = ""
    parameters: tuple[ParameterChange, ...] = ()
    changes: tuple[Change, ...] = ()

    def as_json(self) -> dict[str, Any]:
        changes = [
            {**asdict(change), "verb": change.verb, "loses_data": change.loses_data}
            for change in self.changes
        ]
        facts = {"stack": self.stack.name, "verdict": self.verdict}
        parameters = [asdict(one) for one in self.parameters]
        return {**facts, "status": self.status, "parameters": parameters, "changes": changes}


@dataclass(frozen=True)
class FilePreview:
    """What would become of an object: nothing, where one with its content is there."""

    file: File
    is_there: bool

    def as_json(self) -> dict[str, Any]:
        step = self.file
        return {"bucket": step.bucket, "key": step.key, "bytes": len(step.body), "is_there": self.is_there}


class Previewer:
    """Collects previews of a plan's steps, in `stacks` and `files`."""

    def __init__(self, tools: Tools) -> None:
        self.stacks: list[StackPreview] = []
        self.files: list[FilePreview] = []
        self._made: dict[str, ChangeSet] = {}
        self._tools = tools

    @property
    def changes_anything(self) -> bool:
        return any(one.verdict != "unchanged" for one in self.stacks) or any(
            not one.is_there for one in self.files
        )

    def file(self, step: File) -> None:
        found = self._tools.objects.head(step.bucket, step.key)
        self.files.append(FilePreview(step, step.is_there(found)))

    def stack(self, step: Stack) -> Mapping[str, str]:
        state = self._still(step.name)
        preview = self._preview(step, state)
        self.stacks.append(preview)
        return state.outputs if state is not None else {}

    def removal(self, step: Removal) -> None:
        state = self._still(step.name)
        if state is not None:
            gone = removals(self._tools.stacks.template(state.id), state.parameters)
            self.stacks.append(StackPreview(step, "delete", state.status, changes=gone))

    def take(self) -> dict[str, ChangeSet]:
        """The change sets that were made, by stack, for whoever executes or discards them."""
        taken, self._made = self._made, {}
        return taken

    def discard(self) -> None:
        """Delete the change sets that were made and not taken."""
        for change_set in self.take().values():
            self._tools.change_sets.discard(change_set.arn)

    def _still(self, name: str) -> StackState | None:
        state = self._tools.stacks.state(name)
        if state is None or not state.is_moving:
            return state
        return self._tools.watch.until_still(state)

    def _preview(self, step: Stack, state: StackState | None) -> StackPreview:
        if state is None or state.is_stillborn:
            verdict: Verdict = "create" if state is None else "recreate"
            return StackPreview(step, verdict, state.status if state else "", changes=additions(step))
        parameters = changed_parameters(state.parameters, effective(step))
        if state.status == HALF_ROLLED_BACK:
            return StackPreview(step, "resume", state.status, parameters)
        if step.awaits:
            return StackPreview(step, "await", state.status, parameters)
        wanted = Wanted(step.name, step.template, step.texts, self._tools.tags, exists=True)
        made = self._tools.change_sets.create(wanted)
        if made is None:
            return StackPreview(step, "unchanged", state.status)
        self._made[step.name] = made
        return StackPreview(step, "update", state.status, parameters, made.changes)


def additions(step: Stack) -> tuple[Change, ...]:
    """All resources of a stack that is not there yet, as its template names them."""
    resources = Template(step.template, step.texts).resources.values()
    return tuple(Change("Add", resource.logical_id, resource.kind) for resource in resources)


def removals(template: str, parameters: Mapping[str, str]) -> tuple[Change, ...]:
    """What goes with a stack that is deleted, and what is retained."""
    resources = Template(template, parameters).resources.values()
    return tuple(
        Change("Remove", one.logical_id, one.kind, policy="Retain" if one.is_retained else "Delete")
        for one in resources
    )


def effective(step: Stack) -> dict[str, str]:
    """All parameters of a stack as CloudFormation will list them, defaults included."""
    values = Template(step.template, step.texts).parameters
    return {name: ",".join(one) if isinstance(one, list) else str(one) for name, one in values.items()}
