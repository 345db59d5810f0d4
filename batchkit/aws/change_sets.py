"""CloudFormation change sets: what an update would do, told before it does it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.errors import ConfigError, Throttled
from batchkit.planning.stack_changes import Change, ChangeSet, Difference

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

CAPABILITIES = ("CAPABILITY_IAM",)

# CloudFormation API reference, CreateChangeSet: "a maximum length of 51,200 bytes".
MAX_TEMPLATE = 51_200

# What CloudFormation says of a change set without changes, in two of its moods.
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")

# The stack was changed by somebody else since the change set was made (API reference, ExecuteChangeSet).
_OUTDATED = frozenset({"ChangeSetNotFound", "InvalidChangeSetStatus"})

# A change set is made within seconds; ten minutes are a fault.
WAIT_SECONDS = 1.0
LOOKS = 600


@dataclass(frozen=True)
class Wanted:
    """A stack as it shall be. `exists` decides whether it is created or updated."""

    stack: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    exists: bool = False


class ChangeSets:
    """The change sets of one account and region."""

    def __init__(
        self,
        client: CloudFormationClient,
        wait_seconds: float = WAIT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._wait_seconds = wait_seconds
        self._sleep = sleep

    def create(self, wanted: Wanted) -> ChangeSet | None:
        """What would become of the stack, in a change set to `execute` or `discard`; None for nothing at all.

        A stack that is not there is to be created, and takes over what an earlier one of its kind retained
        (buckets, tables). Raises ConfigError when CloudFormation refuses template or parameters.
        """
        _check_size(wanted)
        with translated(f"making a change set of the stack '{wanted.stack}'"):
            made = self._begin(wanted)
        arn, stack_id = made["Id"], made["StackId"]
        try:
            described = self._described(arn, wanted)
        except BaseException:
            self.discard(arn, None if wanted.exists else stack_id)
            raise
        if described is None:
            self.discard(arn, None if wanted.exists else stack_id)
            return None
        return ChangeSet(arn, wanted.stack, stack_id, wanted.parameters, described)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """Begin to carry it out; events of it carry `token`.

        When a creation fails, what is new goes away with it, buckets that would be retained as well: else the
        next attempt would find their names taken.
        """
        with translated(f"executing the change set of the stack '{change_set.stack}'"):
            try:
                self._client.execute_change_set(
                    ChangeSetName=change_set.arn,
                    StackName=change_set.stack_id,
                    ClientRequestToken=token,
                    RetainExceptOnCreate=True,
                )
            except boto.ClientError as error:
                if code(error) in _OUTDATED:
                    raise _outdated(change_set.stack, error.response["Error"]["Message"]) from error
                raise

    def discard(self, arn: str, reviewed_stack: str | None = None) -> None:
        """Delete a change set that is not executed, and the empty stack that it was to create."""
        with translated("deleting a change set"):
            self._client.delete_change_set(ChangeSetName=arn)
            if reviewed_stack is not None:
                self._client.delete_stack(StackName=reviewed_stack)

    def _begin(self, wanted: Wanted) -> Mapping[str, Any]:
        try:
            return self._client.create_change_set(**_request(wanted))
        except boto.ClientError as error:
            if code(error) == "ValidationError":
                raise _refused(wanted.stack, error.response["Error"]["Message"]) from error
            raise

    def _described(self, arn: str, wanted: Wanted) -> tuple[Change, ...] | None:
        """The changes once CloudFormation knows them; None for none."""
        for look in range(LOOKS):
            if look:
                self._sleep(self._wait_seconds)
            with translated(f"reading the change set of the stack '{wanted.stack}'"):
                pages = list(self._pages(arn, with_values=wanted.exists))
            status, reason = pages[0]["Status"], pages[0].get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                return tuple(_change(one) for page in pages for one in page.get("Changes", []))
            if status == "FAILED":
                if any(text in reason for text in _UNCHANGED):
                    return None
                raise _refused(wanted.stack, reason)
        raise Throttled(
            f"CloudFormation did not make a change set of the stack '{wanted.stack}'",
            found=f"nothing after {LOOKS * self._wait_seconds:.0f} s",
            fix="try again later",
        )

    def _pages(self, arn: str, *, with_values: bool) -> Iterable[Mapping[str, Any]]:
        options: dict[str, Any] = {"IncludePropertyValues": True} if with_values else {}
        return self._client.get_paginator("describe_change_set").paginate(ChangeSetName=arn, **options)


def _request(wanted: Wanted) -> dict[str, Any]:
    request: dict[str, Any] = {
        "StackName": wanted.stack,
        "ChangeSetName": f"batchkit-{uuid.uuid4().hex}",
        "ChangeSetType": "UPDATE" if wanted.exists else "CREATE",
        "TemplateBody": wanted.template,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in wanted.parameters.items()
        ],
        "Capabilities": list(CAPABILITIES),
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.tags.items()],
        "ImportExistingResources": True,
    }
    # An answer that got lost is asked for again by the SDK: the same token, the same change set.
    return {**request, "ClientToken": request["ChangeSetName"]}


def _check_size(wanted: Wanted) -> None:
    size = len(wanted.template.encode())
    if size > MAX_TEMPLATE:
        raise ConfigError(
            f"the template of the stack '{wanted.stack}' is too large",
            found=f"{size:,} bytes",
            expected=f"at most {MAX_TEMPLATE:,}",
        )


def _refused(stack: str, reason: str) -> ConfigError:
    return ConfigError(
        f"CloudFormation refuses to change the stack '{stack}'",
        found=reason or "no reason",
        expected="a template and parameters that it can carry out",
        fix="correct what it names, then deploy again; nothing was changed",
    )


def _outdated(stack: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the change set of the stack '{stack}' is out of date",
        found=reason,
        expected="nobody else at work on the stack since the preview",
        fix="deploy again: it shows what has become of it",
    )


def _change(change: Mapping[str, Any]) -> Change:
    resource = change["ResourceChange"]
    return Change(
        action=resource["Action"],
        logical_id=resource["LogicalResourceId"],
        kind=resource["ResourceType"],
        physical_id=resource.get("PhysicalResourceId", ""),
        replacement=resource.get("Replacement", "") if resource["Action"] == "Modify" else "",
        policy=resource.get("PolicyAction", ""),
        differences=tuple(_differences(resource.get("Details", []))),
    )


def _differences(details: Iterable[Mapping[str, Any]]) -> Iterator[Difference]:
    """One for each property: CloudFormation lists a property once for each of its causes."""
    found: dict[str, Difference] = {}
    for detail in details:
        target = detail.get("Target", {})
        path = (target.get("Path") or target.get("Name") or target.get("Attribute", "")).removeprefix(
            "/Properties/"
        )
        known = found.get(path)
        recreates = target.get("RequiresRecreation", "Never") != "Never"
        found[path] = Difference(
            path=path.replace("/", "."),
            before=target.get("BeforeValue", known.before if known else None),
            after=target.get("AfterValue", known.after if known else None),
            recreates=recreates or (known is not None and known.recreates),
        )
    yield from found.values()
