"""CloudFormation's change set API, and DeleteStack, in the place of moto's.

moto 5.2.5 describes a change set without replacement, property values and what only parameters change;
ignores conditions; forgets parameters, tags and outputs when it executes one; answers a repeated update with
an error where AWS makes a change set that FAILED; removes old resources before it makes new ones; rolls
nothing back; and loses a stack whose deletion fails. What AWS does, and in which words: CloudFormation API
reference (CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, ResourceChange), User Guide ("Update stacks
using change sets").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from batchkit.local.cloudformation.adopting import existing
from batchkit.local.cloudformation.compare import compare
from batchkit.local.cloudformation.operations import Operation, template_of
from batchkit.local.cloudformation.schemas import name_property
from batchkit.planning.stack_changes import Change

if TYPE_CHECKING:
    from batchkit.deploy.template import Template
    from batchkit.local.moto_patches import Patches

UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
REVIEWED = "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Kept:
    """A change set that was made and not yet executed."""

    id: str
    name: str
    stack: Any
    text: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    changes: tuple[Change, ...]
    status: str
    reason: str = ""
    token: str | None = None

    def described(self, *, with_values: bool) -> dict[str, Any]:
        available = self.status == "CREATE_COMPLETE"
        return {
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "CreationTime": utcnow(),
            "Parameters": dict(self.parameters),
            "Status": self.status,
            "StatusReason": self.reason or None,
            "ExecutionStatus": "AVAILABLE" if available else "UNAVAILABLE",
            "Changes": [_resource_change(change, with_values=with_values) for change in self.changes],
        }


def replace_change_sets(patches: Patches) -> None:
    """Puts the API below in the place of moto's."""
    patches.replace(CloudFormationResponse, "create_change_set", create_change_set)
    patches.replace(CloudFormationResponse, "describe_change_set", describe_change_set)
    patches.replace(CloudFormationResponse, "execute_change_set", execute_change_set)
    patches.replace(CloudFormationResponse, "delete_change_set", delete_change_set)
    patches.replace(CloudFormationResponse, "delete_stack", delete_stack)
    patches.replace(Stack, "parameter_list", property(parameter_list))
    transformers = dict(CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER)
    transformers.pop("DescribeChangeSetOutput.Changes", None)
    patches.replace(CloudFormationResponse, "RESPONSE_KEY_PATH_TO_TRANSFORMER", transformers)


def create_change_set(self: Any) -> ActionResult:
    """CreateChangeSet: for a stack that is not there (CREATE), or one that is (UPDATE)."""
    backend, ask = self.cloudformation_backend, self._get_param
    name, kind, text = ask("StackName"), ask("ChangeSetType", "UPDATE"), ask("TemplateBody")
    token = ask("ClientToken")
    again = next((one for one in backend.change_sets.values() if token and one.token == token), None)
    if again is not None:
        return ActionResult({"Id": again.id, "StackId": again.stack.stack_id})
    stack = _stack(backend, name)
    _check_kind(kind, stack, name, ask("ChangeSetName"))
    tags = {one["Key"]: one["Value"] for one in ask("Tags", [])}
    parameters = _parameters(ask("Parameters", []), stack)
    stack = stack or _reviewed(backend, name, tags)
    kept = _compared(
        stack, text, parameters, tags, imports=self._get_bool_param("ImportExistingResources", False)
    )
    id_ = generate_changeset_id(ask("ChangeSetName"), backend.region_name, backend.account_id)
    backend.stacks[stack.stack_id] = stack
    backend.change_sets[id_] = replace(kept, id=id_, name=ask("ChangeSetName"), token=ask("ClientToken"))
    return ActionResult({"Id": id_, "StackId": stack.stack_id})


def describe_change_set(self: Any) -> ActionResult:
    """DescribeChangeSet: with values where they are asked for."""
    kept = _kept(self)
    return ActionResult(kept.described(with_values=self._get_bool_param("IncludePropertyValues", False)))


def execute_change_set(self: Any) -> EmptyResult:
    """ExecuteChangeSet: all at once, where AWS only begins. The stack's other change sets go with it."""
    if _has_begun(self):
        return EmptyResult()
    kept = _kept(self)
    if kept.status != "CREATE_COMPLETE":
        raise ValidationError(message=f"ChangeSet [{kept.id}] cannot be executed in its current status")
    backend = self.cloudformation_backend
    for id_ in [id_ for id_, other in backend.change_sets.items() if other.stack is kept.stack]:
        del backend.change_sets[id_]
    operation = Operation(kept.stack, self._get_param("ClientRequestToken"))
    operation.carry_out(kept.text, kept.parameters, kept.tags, kept.changes)
    return EmptyResult()


def _has_begun(self: Any) -> bool:
    """Whether the same request came before: its token is in the stack's events."""
    stack = _stack(self.cloudformation_backend, self._get_param("StackName"))
    token = self._get_param("ClientRequestToken")
    return stack is not None and bool(token) and any(e.client_request_token == token for e in stack.events)


def delete_change_set(self: Any) -> EmptyResult:
    """DeleteChangeSet: one that is not there is no error, as on AWS."""
    backend, wanted = self.cloudformation_backend, self._get_param("ChangeSetName")
    for id_ in [id_ for id_, kept in backend.change_sets.items() if wanted in {id_, kept.name}]:
        del backend.change_sets[id_]
    return EmptyResult()


def delete_stack(self: Any) -> EmptyResult:
    """DeleteStack: a stack whose deletion fails stays, DELETE_FAILED; one that is not there is no error."""
    backend: CloudFormationBackend = self.cloudformation_backend
    stack = _stack(backend, self._get_param("StackName"))
    if stack is not None:
        Operation(stack, self._get_param("ClientRequestToken")).delete()
        if stack.status == "DELETE_COMPLETE":
            backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
    return EmptyResult()


def parameter_list(self: Any) -> list[dict[str, str]]:
    """DescribeStacks: lists as they were given, where moto shows Python's."""
    values = self.resource_map.resolved_parameters.items()
    return [
        {
            "ParameterKey": name,
            "ParameterValue": ",".join(map(str, value)) if isinstance(value, list) else value,
        }
        for name, value in values
    ]


def _stack(backend: CloudFormationBackend, name: str) -> Stack | None:
    return next((one for one in backend.stacks.values() if name in {one.name, one.stack_id}), None)


def _kept(self: Any) -> Kept:
    change_sets, wanted = self.cloudformation_backend.change_sets, self._get_param("ChangeSetName")
    found = next((kept for id_, kept in change_sets.items() if wanted in {id_, kept.name}), None)
    if found is None:
        raise ValidationError(message=f"ChangeSet [{wanted}] does not exist")
    return found  # type: ignore[no-any-return]


def _check_kind(kind: str, stack: Stack | None, name: str, change_set: str) -> None:
    if kind == "CREATE" and stack is not None and stack.status != REVIEWED:
        again = f"cannot be created again with the changeSet [{change_set}]."
        raise ValidationError(message=f"Stack [{name}] already exists and {again}")
    if kind == "UPDATE" and (stack is None or stack.status == REVIEWED):
        raise ValidationError(message=f"Stack [{name}] does not exist")
    if stack is not None and kind == "UPDATE":
        refused = stack.status.startswith("ROLLBACK_") or stack.status.endswith(
            ("_IN_PROGRESS", "LBACK_FAILED")
        )
        if refused:
            raise ValidationError(
                message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )


def _parameters(given: list[dict[str, Any]], stack: Stack | None) -> dict[str, str]:
    before = stack.parameters if stack is not None else {}
    return {
        one["ParameterKey"]: before[one["ParameterKey"]]
        if one.get("UsePreviousValue")
        else one["ParameterValue"]
        for one in given
    }


def _reviewed(backend: CloudFormationBackend, name: str, tags: Mapping[str, str]) -> Stack:
    """An empty stack, as it stands until its first change set is executed."""
    id_ = generate_stack_id(name, backend.region_name, backend.account_id)
    make: Any = Stack
    stack: Stack = make(
        stack_id=id_,
        name=name,
        template={},
        parameters={},
        account_id=backend.account_id,
        region_name=backend.region_name,
        tags=dict(tags),
        cross_stack_resources=backend.exports,
    )
    stack.status = REVIEWED
    stack._add_stack_event(REVIEWED, resource_status_reason="User Initiated")  # noqa: SLF001
    return stack


def _compared(
    stack: Stack, text: str, parameters: Mapping[str, str], tags: Mapping[str, str], *, imports: bool
) -> Kept:
    new = template_of(stack, text, parameters)
    _check_parameters(new, parameters)
    is_new = stack.status == REVIEWED
    old = {} if is_new else template_of(stack, str(stack.template), stack.parameters).resources
    changes = compare(old, new.resources)
    if imports:
        changes = tuple(_imported(stack, new, change) for change in changes)
    changes = tuple(_named(stack, change) for change in changes)
    same = not is_new and not changes and stack.tags == dict(tags) and _same_outputs(stack, new)
    status, reason = ("FAILED", UNCHANGED) if same else ("CREATE_COMPLETE", "")
    return Kept("", "", stack, text, parameters, tags, changes, status, reason)


def _check_parameters(template: Template, given: Mapping[str, str]) -> None:
    unknown = sorted(set(given) - set(template.parameters))
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = sorted(template.required - set(given))
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")


def _imported(stack: Stack, template: Template, change: Change) -> Change:
    resource = template.resources.get(change.logical_id)
    if change.action != "Add" or resource is None or existing(stack, resource) is None:
        return change
    name = resource.properties[str(name_property(resource.kind))]
    return replace(change, action="Import", physical_id=name)


def _named(stack: Any, change: Change) -> Change:
    """With the id that the resource has now."""
    known = stack.resource_map._parsed_resources.get(change.logical_id)  # noqa: SLF001
    physical = str(getattr(known, "physical_resource_id", "") or "")
    return replace(change, physical_id=change.physical_id or physical)


def _same_outputs(stack: Any, new: Template) -> bool:
    old = template_of(stack, stack.template, stack.parameters)
    return bool(old.outputs == new.outputs)


def _resource_change(change: Change, *, with_values: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id or None,
        "ResourceType": change.kind,
        "Replacement": change.replacement or None,
        "PolicyAction": change.policy or None,
        "Scope": ["Properties"] if change.differences else [],
        "Details": [_detail(one, with_values=with_values) for one in change.differences],
    }
    return {"Type": "Resource", "ResourceChange": facts}


def _detail(difference: Any, *, with_values: bool) -> dict[str, Any]:
    path = difference.path.split(".")
    target: dict[str, Any] = {
        "Attribute": "Properties",
        "Name": path[0],
        "RequiresRecreation": "Always" if difference.recreates else "Never",
    }
    if with_values:
        target["Path"] = "/Properties/" + "/".join(path)
        target |= {"BeforeValue": difference.before, "AfterValue": difference.after}
    dynamic = difference.before is None and difference.after is None
    return {
        "Target": {name: value for name, value in target.items() if value is not None},
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceReference" if dynamic else "DirectModification",
    }
