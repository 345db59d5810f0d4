"""All looks, in the order in which a person would take them."""

from __future__ import annotations

from collections.abc import Iterator

from batchkit.deploy.doctor import compute, drift, events
from batchkit.deploy.doctor.finding import Finding, Look, System
from batchkit.errors import BatchkitError

LOOKS: dict[str, Look] = {
    "stacks": drift.stacks,
    "recipe": drift.recipe,
    "image": drift.image,
    "notifications": events.notifications,
    "rules": events.disabled_rules,
    "environments": compute.environments,
    "queues": compute.queues,
    "revisions": compute.revisions,
    "spot": compute.spot,
    "dead letters": events.dead_letters,
    "lost events": events.lost_events,
    "alarms": events.alarms,
}


def examine(system: System) -> Iterator[Finding]:
    """All findings. A look that AWS does not allow is one, too: what is not seen is not well."""
    for name, look in LOOKS.items():
        try:
            yield from look(system)
        except BatchkitError as error:
            yield Finding(
                name,
                f"{error.what}: {error.found}",
                "this could not be looked at",
                str(error.fix),
                unknown=True,
            )
