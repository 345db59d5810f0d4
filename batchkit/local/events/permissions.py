"""Whether EventBridge may do what a target asks of it, so that a missing statement fails here and not on AWS.

Two routes: the target has a role that EventBridge can assume and that allows the action, or (SNS, SQS,
Lambda) the resource's own policy lets events.amazonaws.com in.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from batchkit.local.events.delivery import Delivery, DeliveryFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batchkit.local.backends import Backends

EVENTS = "events.amazonaws.com"


def require_role(
    backends: Backends,
    delivery: Delivery,
    action: str,
    resources: Iterable[str],
    service: str = EVENTS,
) -> None:
    """Raises DeliveryFault unless the target's role exists, lets `service` assume it for this rule (or group
    of schedules) and allows `action` on all `resources`.
    """
    arn = delivery.target.get("RoleArn")
    with backends.locked("iam"):
        role = _role(backends, arn)
        if role is None:
            raise DeliveryFault("FAILED_TO_ASSUME_ROLE", f"the target's role does not exist: {arn}")
        trust = _statements(role.assume_role_policy_document)
        context = _context(delivery.rule_arn)
        if not _allows(trust, "sts:AssumeRole", None, principal=service, context=context):
            message = f"{arn} does not trust {service} for {delivery.rule_arn}"
            raise DeliveryFault("FAILED_TO_ASSUME_ROLE", message)
        statements = _of_role(role)
    for resource in resources:
        if not _allows(statements, action, resource, principal=None):
            raise DeliveryFault("NO_PERMISSIONS", f"{arn} does not allow {action} on {resource}")


def role_allows(backends: Backends, role_arn: str, action: str, resource: str) -> bool:
    """Whether a role's own policies allow `action` on `resource`."""
    with backends.locked("iam"):
        role = _role(backends, role_arn)
        return role is not None and _allows(_of_role(role), action, resource, principal=None)


def may_send(queue: Any, arn: str, rule_arn: str) -> bool:
    """Whether the queue's policy lets EventBridge send for `rule_arn`; here conditions do work."""
    policy = queue.attributes.get("Policy") or getattr(queue, "policy", None)
    return _allows(_statements(policy), "sqs:SendMessage", arn, context=_context(rule_arn))


def may_publish(topic: Any, arn: str) -> bool:
    """Whether the topic's policy lets EventBridge publish. AWS supports no Condition there, so a statement
    with one counts for nothing.
    """
    plain = [statement for statement in _statements(topic.policy) if not statement.get("Condition")]
    return _allows(plain, "sns:Publish", arn)


def may_invoke(function: Any, arn: str, rule_arn: str) -> bool:
    """Whether the function's policy lets EventBridge invoke it for `rule_arn`."""
    # moto names the version in the resource of a statement that came through CloudFormation.
    statements = [{**each, "Resource": arn} for each in function.policy.statements]
    return _allows(statements, "lambda:InvokeFunction", arn, context=_context(rule_arn))


def _context(rule_arn: str) -> dict[str, str]:
    return {"aws:sourcearn": rule_arn, "aws:sourceaccount": rule_arn.split(":")[4]}


def _role(backends: Backends, arn: str | None) -> Any | None:
    return next((role for role in backends.of("iam").roles.values() if role.arn == arn), None)


def _of_role(role: Any) -> list[dict[str, Any]]:
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    return [statement for document in documents for statement in _statements(document)]


def _statements(document: Any) -> list[dict[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str | bytes) and document else document
    found = (parsed or {}).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _allows(
    statements: Iterable[Mapping[str, Any]],
    action: str,
    resource: str | None,
    *,
    principal: str | None = EVENTS,
    context: Mapping[str, str] | None = None,
) -> bool:
    """IAM's answer: some statement allows, none denies. A role's own policies have no `principal`."""
    effects = {
        statement.get("Effect")
        for statement in statements
        if (principal is None or _is_service(statement.get("Principal"), principal))
        and _matches(statement.get("Action"), action, fold=True)
        and (resource is None or _matches(statement.get("Resource"), resource))
        and _holds(statement.get("Condition"), context)
    }
    return "Allow" in effects and "Deny" not in effects


def _is_service(principal: Any, service: str) -> bool:
    if isinstance(principal, dict):
        principal = principal.get("Service", principal.get("AWS"))
    return any(each in {service, "*"} for each in _listed(principal))


def _matches(patterns: Any, value: str, *, fold: bool = False) -> bool:
    wanted = value.lower() if fold else value
    # Brackets are plain characters in IAM, wildcards in fnmatch.
    globs = (str(each).replace("[", "[[]") for each in _listed(patterns))
    return any(fnmatchcase(wanted, each.lower() if fold else each) for each in globs)


def _holds(condition: Any, context: Mapping[str, str] | None) -> bool:
    """Whether EventBridge's call fulfils every test; a key that it does not send fails."""
    # EventBridge always talks TLS.
    known = {"aws:securetransport": "true", **(context or {})}
    return all(
        key.lower() in known and _matches(patterns, known[key.lower()])
        for tests in (condition or {}).values()
        for key, patterns in tests.items()
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
