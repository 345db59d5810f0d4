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
    if rule.event_pattern.matches_event(event):
        for target in rule.targets:
            yield Delivery(event, rule.arn, rule.name, deepcopy(target))
