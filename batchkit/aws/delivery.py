"""What EventBridge does with an event, done by hand: submit, invoke, put onto the bus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.aws.errors import translated
from batchkit.errors import DataError

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients


@dataclass(frozen=True)
class Target:
    """A rule's target as ListTargetsByRule tells it."""

    facts: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return str(self.facts["Arn"])

    @property
    def name(self) -> str:
        """`arn:…:function:photos-completion` → `photos-completion`"""
        return self.arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]

    @property
    def is_job_queue(self) -> bool:
        return "BatchParameters" in self.facts

    @property
    def job_name(self) -> str:
        return str(self.facts["BatchParameters"]["JobName"])

    @property
    def transformer(self) -> Mapping[str, Any]:
        """Raises DataError when the target has none."""
        found = self.facts.get("InputTransformer")
        if found is None:
            raise DataError(
                "the rule's target has no input transformer", found=self.arn, fix="batchkit deploy"
            )
        return dict(found)


class Delivery:
    """Delivers events. All calls raise Throttled, PermissionDenied or ConfigError."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def target(self, rule_arn: str, target_arn: str) -> Target:
        """The target as it is deployed now: the rule's one of that ARN, else its only one.

        Raises DataError when there is none.
        """
        bus, _, rule = rule_arn.partition(":rule/")[2].rpartition("/")
        with translated(f"reading the targets of the rule '{rule}'"):
            answer = self._clients.events.list_targets_by_rule(Rule=rule, EventBusName=bus or "default")
        targets = [Target(dict(one)) for one in answer["Targets"]]
        named = [one for one in targets if one.arn == target_arn] or (targets if len(targets) == 1 else [])
        if not named:
            raise DataError(
                f"the rule '{rule}' has no such target any more", found=target_arn, fix="batchkit deploy"
            )
        return named[0]

    def submit(self, target: Target, job: Mapping[str, Any]) -> None:
        """SubmitJob as EventBridge does it: members of `job` are capitalised."""
        batch = target.facts["BatchParameters"]
        request: dict[str, Any] = {
            "jobName": batch["JobName"],
            "jobQueue": target.arn,
            "jobDefinition": batch["JobDefinition"],
            "parameters": job.get("Parameters", {}),
        }
        if "ArrayProperties" in batch:
            request["arrayProperties"] = {"size": batch["ArrayProperties"]["Size"]}
        if "ContainerOverrides" in job:
            request["containerOverrides"] = _lower(job["ContainerOverrides"])
        with translated(f"submitting the job '{batch['JobName']}'"):
            self._clients.submitter.submit_job(**request)

    def submit_as_scheduled(self, job: Mapping[str, Any]) -> None:
        """SubmitJob as Scheduler does it: `job` is its whole input, with capitalised members.

        The names in Parameters are the job's own and stay as they are.
        """
        request: dict[str, Any] = {name[:1].lower() + name[1:]: value for name, value in job.items()}
        with translated(f"submitting the job '{job['JobName']}'"):
            self._clients.submitter.submit_job(**request)

    def invoke(self, function: str, event: Mapping[str, Any]) -> None:
        """Invoke it asynchronously, as EventBridge does: what fails comes to the dead letters again."""
        with translated(f"invoking the function '{function}'"):
            self._clients.functions.invoke(
                FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
            )

    def put_event(self, event: Mapping[str, Any]) -> None:
        """Put an event of batchkit's own onto the bus again."""
        entry: dict[str, Any] = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event.get("resources", []),
        }
        with translated("putting an event onto the bus"):
            answer = self._clients.events.put_events(Entries=[entry])  # type: ignore[list-item]
        if answer["FailedEntryCount"]:
            first = answer["Entries"][0]
            raise DataError(
                "the bus did not take the event",
                found=f"{first.get('ErrorCode')}: {first.get('ErrorMessage')}",
            )


def _lower(value: Any) -> Any:
    """Capitalised members with a small first letter."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _lower(inner) for name, inner in value.items()}
    return [_lower(one) for one in value] if isinstance(value, list) else value
