"""CloudFormation stacks: create or update, wait, read the outputs, tell what failed first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    Operation = Literal["stack_create_complete", "stack_update_complete", "stack_delete_complete"]

CAPABILITIES = ("CAPABILITY_IAM",)

# Seconds between two looks, and looks in all: an hour, longer than any of the templates takes.
WAIT_SECONDS = 5
LOOKS = 720

# A stack whose creation failed can only be deleted; everything in it is rolled back already.
STILLBORN = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})


class Stacks:
    """The stacks of one account and region."""

    def __init__(self, client: CloudFormationClient, wait_seconds: int = WAIT_SECONDS) -> None:
        self._client = client
        self._wait = {"Delay": wait_seconds, "MaxAttempts": LOOKS}

    def apply(
        self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> dict[str, str]:
        """Create the stack or update it, wait until it stands, and return its outputs.

        Raises ConfigError with the first failure that CloudFormation reports.
        """
        arguments: dict[str, Any] = {
            "StackName": name,
            "TemplateBody": template,
            "Parameters": [{"ParameterKey": key, "ParameterValue": v} for key, v in parameters.items()],
            "Capabilities": list(CAPABILITIES),
            "Tags": [{"Key": key, "Value": v} for key, v in tags.items()],
        }
        with translated(f"deploying the stack '{name}'"):
            self._apply(name, arguments)
        return self.outputs(name)

    def outputs(self, name: str) -> dict[str, str]:
        """The stack's outputs. Raises ConfigError when there is no such stack."""
        with translated(f"reading the stack '{name}'"):
            stack = self._describe(name)
        if stack is None:
            raise ConfigError(
                f"there is no stack '{name}'",
                fix="deploy the project first, or check its name and the region",
            )
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def remove(self, name: str) -> None:
        """Delete the stack, and wait until it is gone; nothing happens where there is none.

        Raises ConfigError with the first failure that CloudFormation reports.
        """
        with translated(f"removing the stack '{name}'"):
            if self._describe(name) is not None:
                self._client.delete_stack(StackName=name)
                self._wait_for("stack_delete_complete", name)

    def _apply(self, name: str, arguments: dict[str, Any]) -> None:
        stack = self._describe(name)
        if stack is not None and stack["StackStatus"] in STILLBORN:
            self._client.delete_stack(StackName=name)
            self._wait_for("stack_delete_complete", name)
            stack = None
        if stack is None:
            self._client.create_stack(**arguments)
            self._wait_for("stack_create_complete", name)
        elif self._update(arguments):
            self._wait_for("stack_update_complete", name)

    def _update(self, arguments: dict[str, Any]) -> bool:
        try:
            self._client.update_stack(**arguments)
        except boto.ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise
        return True

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._client.describe_stacks(StackName=name)["Stacks"][0]
        except boto.ClientError as error:
            if code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise

    def _wait_for(self, operation: Operation, name: str) -> None:
        waiter: Any = self._client.get_waiter(operation)
        try:
            waiter.wait(StackName=name, WaiterConfig=self._wait)
        except boto.WaiterError as error:
            raise ConfigError(
                f"CloudFormation could not deploy the stack '{name}'",
                found=self._first_failure(name) or str(error),
                expected="every resource of the template, as it says",
                fix="correct the cause and deploy again; nothing else has to be undone",
            ) from error

    def _first_failure(self, name: str) -> str | None:
        """Of the last operation: the events come newest first, and later failures follow from the first."""
        found = None
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=name)
        for event in (event for page in pages for event in page["StackEvents"]):
            reason = event.get("ResourceStatusReason", "")
            if reason == "User Initiated":
                break
            if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason:
                found = f"{event.get('LogicalResourceId')}: {reason}"
        return found
