"""CloudFormation stacks: what state they are in, what happened to them, how they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

STACK_TYPE = "AWS::CloudFormation::Stack"

# A stack whose creation failed can only be deleted (CloudFormation User Guide, "Stack status codes").
STILLBORN = frozenset({"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})

# A stack that has change sets and nothing else: it is not there.
REVIEWED = "REVIEW_IN_PROGRESS"

# A rollback that failed must be continued before anything else is possible.
HALF_ROLLED_BACK = "UPDATE_ROLLBACK_FAILED"


@dataclass(frozen=True)
class StackState:
    """A stack at a moment."""

    id: str
    name: str
    status: str
    created: float = 0.0
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it has, or had, resources."""
        return self.status not in {REVIEWED, "DELETE_COMPLETE"}

    @property
    def is_moving(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != REVIEWED

    @property
    def is_stillborn(self) -> bool:
        return self.status in STILLBORN

    @property
    def is_well(self) -> bool:
        """Whether the last operation did what it was to do."""
        return self.status.endswith("_COMPLETE") and "ROLLBACK" not in self.status


@dataclass(frozen=True)
class Event:
    """Something that happened to a resource, or to the stack itself. `at` is epoch seconds."""

    id: str
    at: float
    logical_id: str
    physical_id: str
    kind: str
    status: str
    reason: str
    token: str

    @property
    def is_of_a_stack(self) -> bool:
        return self.kind == STACK_TYPE

    @property
    def is_failure(self) -> bool:
        """Whether something failed by itself, not because something else had."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()

    @property
    def begins(self) -> bool:
        """Whether it is the first event of an operation."""
        return self.reason == "User Initiated"


class Stacks:
    """The stacks of one account and region. All calls raise Throttled, PermissionDenied or ConfigError."""

    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def state(self, name: str) -> StackState | None:
        """The stack of that name or id; None when there is none, or nothing but change sets of it."""
        with translated(f"reading the stack '{name}'"):
            stack = self._describe(name)
        found = _state(stack) if stack is not None else None
        return found if found is not None and found.exists else None

    def tagged(self, tag: str, value: str) -> list[StackState]:
        """The stacks that have this tag, in the order of their creation."""
        pages = self._client.get_paginator("describe_stacks").paginate()
        with translated("listing the stacks"):
            found = [_state(stack) for page in pages for stack in page["Stacks"]]
        ours = [stack for stack in found if stack.exists and stack.tags.get(tag) == value]
        return sorted(ours, key=lambda stack: stack.created)

    def outputs(self, name: str) -> dict[str, str]:
        """The stack's outputs. Raises ConfigError when there is no such stack."""
        found = self.state(name)
        if found is None:
            raise ConfigError(
                f"there is no stack '{name}'",
                fix="deploy the project first, or check its name and the region",
            )
        return dict(found.outputs)

    def events(self, stack: str) -> Iterator[Event]:
        """What happened to the stack of that name or id, newest first. A deleted one has its id only."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        with translated(f"reading what happened to the stack '{stack}'"):
            for page in pages:
                yield from map(_event, page["StackEvents"])

    def resources(self, stack: str, kind: str) -> dict[str, str]:
        """The physical ids of the resources of a type by logical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack)
        with translated(f"reading the resources of the stack '{stack}'"):
            found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in found
            if one["ResourceType"] == kind and one.get("PhysicalResourceId")
        }

    def template(self, stack: str) -> str:
        """The template that the stack was last deployed with."""
        with translated(f"reading the template of the stack '{stack}'"):
            body = self._client.get_template(StackName=stack)["TemplateBody"]
        return str(body)

    def delete(self, stack: str, token: str) -> None:
        """Begin to delete the stack of that id; events of it carry `token`."""
        with translated(f"deleting the stack '{stack}'"), _refused(stack):
            self._client.delete_stack(StackName=stack, ClientRequestToken=token)

    def continue_rollback(self, stack: str, token: str) -> None:
        """Begin to roll back what a rollback left."""
        with translated(f"continuing the rollback of the stack '{stack}'"), _refused(stack):
            self._client.continue_update_rollback(StackName=stack, ClientRequestToken=token)

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._client.describe_stacks(StackName=name)["Stacks"][0]
        except boto.ClientError as error:
            if code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise


@contextmanager
def _refused(stack: str) -> Iterator[None]:
    """CloudFormation's ValidationError as what it is: the stack is protected, or in another state."""
    try:
        yield
    except boto.ClientError as error:
        if code(error) != "ValidationError":
            raise
        raise ConfigError(
            f"CloudFormation does not touch the stack '{stack}'",
            found=error.response["Error"]["Message"],
            fix="end its termination protection, or wait until nobody else is at work on it",
        ) from error


def _state(stack: Mapping[str, Any]) -> StackState:
    parameters, outputs, tags = (stack.get(name) or () for name in ("Parameters", "Outputs", "Tags"))
    return StackState(
        id=stack["StackId"],
        name=stack["StackName"],
        status=stack["StackStatus"],
        created=stack["CreationTime"].timestamp(),
        reason=stack.get("StackStatusReason", ""),
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in parameters},
        outputs={one["OutputKey"]: one["OutputValue"] for one in outputs},
        tags={one["Key"]: one["Value"] for one in tags},
    )


def _event(event: Mapping[str, Any]) -> Event:
    return Event(
        id=event["EventId"],
        at=event["Timestamp"].timestamp(),
        logical_id=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        kind=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
        token=event.get("ClientRequestToken", ""),
    )
