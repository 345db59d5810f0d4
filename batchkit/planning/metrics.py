"""Every metric that batchkit publishes, and the line of log that publishes it.

CloudWatch Logs makes metrics of a line of JSON with an `_aws` block, without a call (CloudWatch User
Guide, "Specification: Embedded metric format"). A metric costs by the month and by each combination of
dimensions; so there are few, of a project and a lane, and none unless the project asks for alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMESPACE = "batchkit"

# The variable of job definitions and functions that says whether to publish.
VARIABLE = "BATCHKIT_METRICS"
ENABLED = "ENABLED"


@dataclass(frozen=True)
class Family:
    """Metrics that are published together: their dimensions, and their units by name.

    `totals` are published in the first dimension alone, too: an alarm cannot add up lanes of which one is
    silent.
    """

    dimensions: tuple[str, ...]
    units: Mapping[str, str]
    totals: tuple[str, ...] = ()


# One line a child, at its end. Items that were fresh are what is left of Items.
CHILD = Family(
    ("Project", "Lane"),
    {
        "Items": "Count",
        "Done": "Count",
        "Rejected": "Count",
        "Failed": "Count",
        "Sources": "Count",
        "BytesIn": "Bytes",
        "BytesOut": "Bytes",
        "Seconds": "Seconds",
    },
    totals=("Items", "Rejected"),
)
# One line a run that ended.
RUN = Family(("Project",), {"RunsSucceeded": "Count", "RunsPartial": "Count", "RunsFailed": "Count"})
# One line an operation (a scheduled sweep or submission) that failed for good.
OPERATION = Family(("Project",), {"OperationsFailed": "Count"})
# One line a lane in which something waits, at each look.
WAITING = Family(("Project", "Lane"), {"Waiting": "Count", "OldestWaiting": "Seconds"})
# One line an event of a queue whose first job cannot be placed.
BLOCKED = Family(("Project",), {"Blocked": "Count"})

FAMILIES = (CHILD, RUN, OPERATION, WAITING, BLOCKED)


def is_enabled(environ: Mapping[str, str]) -> bool:
    """Whether the project pays for metrics."""
    return environ.get(VARIABLE) == ENABLED


def line(
    family: Family, place: Mapping[str, str], values: Mapping[str, float], milliseconds: int
) -> dict[str, Any]:
    """The members of a log line that publish `values`; `place` has a value for each dimension.

    Only metrics that have a value are published; the totals of a family always have one. `milliseconds` is
    the epoch's.
    """
    return {
        "_aws": {
            "Timestamp": milliseconds,
            "CloudWatchMetrics": [
                _directive(family, names, dimensions)
                for names, dimensions in (
                    (tuple(values), family.dimensions),
                    (family.totals, family.dimensions[:1]),
                )
                if names
            ],
        },
        **{name: place[name] for name in family.dimensions},
        **values,
    }


def _directive(family: Family, names: Sequence[str], dimensions: Sequence[str]) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": family.units[name]} for name in names],
    }
