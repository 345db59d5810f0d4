"""CloudWatch, read only: sums of metrics, and alarms that ring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

# One period a day: whatever happened, not when.
PERIOD_SECONDS = 86400


@dataclass(frozen=True)
class Alarm:
    """An alarm in the state ALARM, and CloudWatch's reason."""

    name: str
    reason: str


class Metrics:
    """The metrics and alarms of one account and region."""

    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def total(
        self, namespace: str, metric: str, dimensions: Mapping[str, str], now: float, days: int
    ) -> float:
        """The sum of a metric over the last days; 0 for one that was never written."""
        end = datetime.fromtimestamp(now, UTC)
        with translated(f"reading the metric {metric}"):
            answer = self._client.get_metric_statistics(
                Namespace=namespace,
                MetricName=metric,
                Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
                StartTime=end - timedelta(days=days),
                EndTime=end,
                Period=PERIOD_SECONDS,
                Statistics=["Sum"],
            )
        return sum(point["Sum"] for point in answer["Datapoints"])

    def ringing(self, prefix: str) -> Iterable[Alarm]:
        """The alarms of that prefix that ring."""
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=prefix, StateValue="ALARM"
        )
        with translated("reading the alarms"):
            for page in pages:
                for alarm in page.get("MetricAlarms", []):
                    yield Alarm(alarm["AlarmName"], alarm.get("StateReason", ""))
