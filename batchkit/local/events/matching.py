"""Which rules an event meets: moto's events backend, moto's matcher."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from batchkit.local.events.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.local.backends import Backends

DEFAULT_BUS = "default"


def deliveries(backends: Backends, event: Mapping[str, Any], bus: str = DEFAULT_BUS) -> list[Delivery]:
    """One delivery for each target of each enabled rule of `bus` whose pattern matches `event`.

    Rules that only have a schedule match no event. The deliveries hold copies: a rule that changes later
    does not change what is on its way.
    """
    with backends.locked("events"):
        found = backends.of("events", str(event["region"])).event_buses.get(bus)
        rules = list(found.rules.values()) if found is not None else []
        return [delivery for rule in rules for delivery in _of_rule(rule, event)]


def _of_rule(rule: Any, event: Mapping[str, Any]) -> Iterator[Delivery]:
    if rule.state != "ENABLED" or not rule.event_pattern.get_pattern():
        return
    if is_possible(rule.event_pattern.get_pattern(), event) and rule.event_pattern.matches_event(event):
        for target in rule.targets:
            yield Delivery(event, rule.arn, rule.name, deepcopy(target))


def pattern_of(backends: Backends, rule_arn: str) -> Mapping[str, Any]:
    """What the rule of that ARN asks for; {} when there is no such rule, or only a schedule."""
    with backends.locked("events"):
        buses = backends.of("events", rule_arn.split(":")[3]).event_buses.values()
        rules = (rule for bus in buses for rule in bus.rules.values() if rule.arn == rule_arn)
        found = next(rules, None)
        return (found.event_pattern.get_pattern() or {}) if found is not None else {}


def is_possible(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """False when the pattern asks for other sources or detail types than the event's.

    Of a project's rules that leaves one or two: moto's matcher copies and flattens the whole event for each
    rule, which was two thirds of what the stack spent on a child.
    """
    return all(_admits(pattern.get(name), event[name]) for name in ("source", "detail-type"))


def _admits(wanted: Any, value: Any) -> bool:
    """What is not a plain list of texts (prefixes, anything-but…) is the matcher's business."""
    is_plain = isinstance(wanted, list) and all(isinstance(each, str) for each in wanted)
    return not is_plain or value in wanted
