"""The event bus: every event to every target of every rule that it matches, at least once, in no order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from batchkit.local.events import targets
from batchkit.local.events.dead_letters import bury
from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.faults import Dice, Faults
from batchkit.local.events.matching import DEFAULT_BUS, deliveries
from batchkit.local.events.queue import DelayQueue
from batchkit.local.events.retries import SCALE, Backoff, after_failure, aws_backoff
from batchkit.local.events.transform import RuleIdentity, payload
from batchkit.local.trace import Observer, Trace, ignore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.local.events.targets.services import Services

WORKERS = 4


class LocalBus:
    """EventBridge's delivery for the buses of one account. Thread-safe; `close` it.

    `scale` shortens EventBridge's waiting between retries: seconds here for one second there.
    """

    def __init__(
        self,
        services: Services,
        *,
        observe: Observer = ignore,
        faults: Faults | None = None,
        backoff: Backoff = aws_backoff,
        scale: float = SCALE,
    ) -> None:
        self._services = services
        self._observe = observe
        self._dice = Dice(faults or Faults())
        self._backoff = backoff
        self._scale = scale
        self._queue = DelayQueue("event-bus", WORKERS)

    def put(self, event: Mapping[str, Any], bus: str = DEFAULT_BUS) -> None:
        """Takes a complete event (id, source, detail-type, account, time, region, resources, detail)."""
        self._observe(Trace("event", f"{event['source']} {event['detail-type']}", {"event": event}))
        for delay in self._dice.delays():
            self._queue.put(partial(self._match, event, bus), delay)

    def drain(self, timeout: float) -> bool:
        """Waits until every event is delivered or buried; False after `timeout` seconds."""
        return self._queue.drain(timeout)

    @property
    def taken(self) -> int:
        """How many events and deliveries there have ever been: unchanged means that nothing happened."""
        return self._queue.taken

    def close(self) -> None:
        """Stops; what is still on its way is dropped. A second call does nothing."""
        self._queue.close()

    def _match(self, event: Mapping[str, Any], bus: str) -> None:
        for delivery in deliveries(self._services.backends, event, bus):
            self._queue.put(partial(self._attempt, delivery))

    def _attempt(self, delivery: Delivery) -> None:
        try:
            rule = RuleIdentity(delivery.rule_arn, delivery.rule_name)
            text = payload(delivery.target, delivery.event, rule)
            targets.deliver(self._services, delivery, text)
        except DeliveryFault as fault:
            self._failed(delivery, fault)
        except Exception as error:
            # A target that fails in a way nobody foresaw is a failing target, not the end of the bus.
            self._failed(delivery, DeliveryFault("INTERNAL_ERROR", repr(error), retry=True))
        else:
            self._tell("delivery", delivery, f"{delivery.rule_name} → {delivery.target['Arn']}")

    def _failed(self, delivery: Delivery, fault: DeliveryFault) -> None:
        later, exhausted = after_failure(delivery, fault, self._backoff)
        if fault.retry and exhausted is None:
            self._queue.put(partial(self._attempt, later), self._backoff(later.failed) * self._scale)
            return
        lost = bury(self._services.backends, later, fault, exhausted)
        fate = "buried" if lost is None else f"lost, {lost}"
        self._tell("dead-letter", delivery, f"{delivery.rule_name}: {fault} ({fate})", lost=lost)

    def _tell(self, kind: Any, delivery: Delivery, text: str, **more: Any) -> None:
        data = {"rule": delivery.rule_arn, "target": delivery.target["Arn"], "event": delivery.event, **more}
        self._observe(Trace(kind, text, data))
