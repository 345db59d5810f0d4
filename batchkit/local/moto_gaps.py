"""Where moto 5.2 is not AWS, and batchkit's templates or promises need it to be: one function per gap.

Each function says in its docstring what moto does and closes the gap through `Patches`, which puts
everything back when the stack closes. moto's version is bounded in pyproject.toml for this reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaFunction
from moto.batch.models import ComputeEnvironment, JobDefinition
from moto.cloudformation import parsing
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule
from moto.iam.models import iam_backends
from moto.moto_server import werkzeug_app
from moto.moto_server.utilities import RegexConverter
from moto.s3 import notifications
from moto.s3.models import FakeBucket
from moto.sqs.models import Queue
from moto.utilities.utils import get_partition

from batchkit.local import moto_batch, moto_resources
from batchkit.local.cloudformation.change_sets import replace_change_sets
from batchkit.local.events.validation import problem
from batchkit.local.moto_cloudformation import cidr_is_unknown, no_value_is_null_in_lists
from batchkit.local.moto_network import network_resources_stay, networks_cannot_change
from batchkit.local.moto_s3 import eventbridge_notifications_are_not_told, s3_changes_are_not_told
from batchkit.local.moto_schedules import schedules_are_not_checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.local.backends import Backends
    from batchkit.local.moto_patches import Patches


def close_all(patches: Patches, backends: Backends) -> None:
    """Closes every gap below."""
    for gap in GAPS:
        gap(patches)
    long_polling_blocks_the_service(patches, backends)


def own_s3_events_are_wrong(patches: Patches) -> None:
    """moto sends its own S3 events to EventBridge, with wrong field names, a constant sequencer and SQS
    targets only. Off: batchkit sends them (`s3_events`). Its classic notifications stay as they are.
    """
    patches.replace(notifications, "_send_event_bridge_message", lambda *_args, **_kwargs: None)


def bucket_properties_are_dropped(patches: Patches) -> None:
    """CloudFormation creates a bucket with its encryption and tags only: EventBridge stays off and
    versioning is lost.
    """
    patches.after_create(FakeBucket, _configure_bucket)
    patches.after_update(FakeBucket, _configure_bucket)


def _configure_bucket(bucket: Any, properties: dict[str, Any]) -> None:
    wanted = properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
    if str(wanted.get("EventBridgeEnabled", False)).lower() == "true":
        bucket.set_notification_configuration({"EventBridgeConfiguration": {}})
    status = properties.get("VersioningConfiguration", {}).get("Status")
    if status is not None:
        bucket.versioning_status = status


def event_pattern_as_text(patches: Patches) -> None:
    """AWS takes a rule's EventPattern as an object or as its JSON text (so that a pattern can be a
    parameter); moto makes JSON of the text again and matches nothing.
    """
    patches.before_create(Rule, _parse_pattern)


def _parse_pattern(properties: dict[str, Any]) -> None:
    if isinstance(properties.get("EventPattern"), str):
        properties["EventPattern"] = json.loads(properties["EventPattern"])


def targets_are_not_checked(patches: Patches) -> None:
    """moto takes targets that PutTargets refuses: undefined placeholders, two kinds of input, too many."""
    put = EventsBackend.put_targets

    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        found = problem(targets)
        if found is not None:
            raise ValidationException(found)
        put(self, name, event_bus_arn, targets)

    patches.replace(EventsBackend, "put_targets", put_targets)


def keys_with_newlines_are_not_found(patches: Patches) -> None:
    """moto's router matches keys with `.+`, which ends at a newline."""

    class AnyCharacter(RegexConverter):
        def __init__(self, *patterns: Any) -> None:
            super().__init__(*patterns)
            self.regex = f"(?s:{self.regex})"

    patches.replace(werkzeug_app, "RegexConverter", AnyCharacter)


def job_definition_timeout_is_dropped(patches: Patches) -> None:
    """CloudFormation looks for `timeout` where the property is called `Timeout`."""
    patches.before_create(JobDefinition, _lower_timeout)


def _lower_timeout(properties: dict[str, Any]) -> None:
    timeout = properties.get("Timeout")
    if timeout is not None:
        properties["timeout"] = {"attemptDurationSeconds": int(timeout["AttemptDurationSeconds"])}


def function_dead_letters_are_dropped(patches: Patches) -> None:
    """moto's functions forget their DeadLetterConfig, where asynchronous invocations end that failed."""
    patches.after_create(LambdaFunction, _keep_dead_letters)
    patches.after_update(LambdaFunction, _keep_dead_letters)


def _keep_dead_letters(function: Any, properties: dict[str, Any]) -> None:
    function.dead_letter_arn = properties.get("DeadLetterConfig", {}).get("TargetArn")


def updates_lose_resources(patches: Patches) -> None:
    """An update forgets the resources whose class cannot update in place, and with them every output that
    names them. They stay as they are: the properties that our templates change are all updatable.
    """
    original = parsing.parse_and_update_resource

    def update(logical_id: str, template: Any, resources: Any, **place: Any) -> Any:
        return original(logical_id, template, resources, **place) or resources[logical_id]

    patches.replace(parsing, "parse_and_update_resource", update)


def job_definitions_are_not_updated(patches: Patches) -> None:
    """AWS registers a new revision when a job definition's template changes, and deregisters the old one
    unless its ResourceRetentionPolicy says otherwise; moto keeps the old one.
    """
    original = parsing.parse_and_update_resource

    def update(logical_id: str, template: Any, resources: Any, **place: Any) -> Any:
        if template["Type"] != JobDefinition.cloudformation_type():
            return original(logical_id, template, resources, **place)
        old = resources[logical_id]
        new = parsing.parse_and_create_resource(logical_id, template, resources, **place)
        policy = template["Properties"].get("ResourceRetentionPolicy", {})
        if not policy.get("SkipDeregisterOnUpdate", False):
            old.deregister()
        return new

    patches.replace(parsing, "parse_and_update_resource", update)


def updates_ignore_conditions(patches: Patches) -> None:
    """A resource whose condition comes to be false goes on AWS; moto updates it, and never makes one whose
    condition comes to be true again.
    """
    original = parsing.parse_and_update_resource

    def update(logical_id: str, template: Any, resources: Any, **place: Any) -> Any:
        condition, known = template.get("Condition"), resources._parsed_resources  # noqa: SLF001 (moto's own)
        if condition and not resources.lazy_condition_map[condition]:
            if known.get(logical_id) is not None:
                resources._delete_resource(known[logical_id], template)  # noqa: SLF001
            return None
        if condition and known.get(logical_id) is None:
            return parsing.parse_and_create_resource(logical_id, template, resources, **place)
        return original(logical_id, template, resources, **place)

    patches.replace(parsing, "parse_and_update_resource", update)


def default_instance_types_are_unknown(patches: Patches) -> None:
    """moto knows `optimal`, and none of the names that AWS Batch has for it since 2025."""
    patches.before_create(ComputeEnvironment, _rename_types)


def _rename_types(properties: dict[str, Any]) -> None:
    resources = properties["ComputeResources"]
    if "InstanceTypes" in resources:
        known = ["optimal" if name.startswith("default_") else name for name in resources["InstanceTypes"]]
        resources["InstanceTypes"] = known


def service_role_is_required(patches: Patches) -> None:
    """A compute environment without a ServiceRole gets the service-linked one on AWS, a KeyError in moto."""
    original = ComputeEnvironment.create_from_cloudformation_json

    def create(_cls: Any, /, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        template["Properties"].setdefault("ServiceRole", _batch_role(account, region))
        return original(name, template, account, region, **kwargs)

    patches.replace(ComputeEnvironment, "create_from_cloudformation_json", classmethod(create))


def _batch_role(account: str, region: str) -> str:
    iam = iam_backends[account][get_partition(region)]
    service = "batch.amazonaws.com"
    known = (role for role in iam.roles.values() if role.path == f"/aws-service-role/{service}/")
    role = next(known, None) or iam.create_service_linked_role(service, "", "")
    return str(role.arn)


def some_resources_are_unknown(patches: Patches) -> None:
    """CloudFormation in moto warns about resource types that it does not know and leaves None in their
    place: no queue or topic gets its policy, no topic its subscription.
    """
    original = parsing.resource_class_from_type

    def resource_class(kind: str) -> Any:
        return moto_resources.KNOWN.get(kind) or original(kind) or moto_resources.Inert

    patches.replace(parsing, "resource_class_from_type", resource_class)


def long_polling_blocks_the_service(patches: Patches, backends: Backends) -> None:
    """A ReceiveMessage that waits would hold the lock that the message needs to arrive."""
    wait = Queue.wait_for_messages

    def wait_for_messages(self: Any, timeout: int) -> None:
        with backends.released("sqs"):
            wait(self, timeout)

    patches.replace(Queue, "wait_for_messages", wait_for_messages)


def change_sets_tell_half_of_it(patches: Patches) -> None:
    """moto's change sets know neither replacements nor conditions, and executing one forgets outputs,
    parameters and tags; see `cloudformation.change_sets`.
    """
    replace_change_sets(patches)


def batch_resources_cannot_change(patches: Patches) -> None:
    """CloudFormation in moto can neither update nor delete anything of Batch: the stack is changed or gone,
    queues and environments are as they were.
    """
    moto_batch.can_change(patches)


GAPS: tuple[Callable[[Patches], None], ...] = (
    own_s3_events_are_wrong,
    s3_changes_are_not_told,
    eventbridge_notifications_are_not_told,
    bucket_properties_are_dropped,
    event_pattern_as_text,
    targets_are_not_checked,
    keys_with_newlines_are_not_found,
    job_definition_timeout_is_dropped,
    function_dead_letters_are_dropped,
    updates_lose_resources,
    job_definitions_are_not_updated,
    updates_ignore_conditions,
    schedules_are_not_checked,
    service_role_is_required,
    some_resources_are_unknown,
    default_instance_types_are_unknown,
    cidr_is_unknown,
    no_value_is_null_in_lists,
    batch_resources_cannot_change,
    network_resources_stay,
    networks_cannot_change,
    change_sets_tell_half_of_it,
)
