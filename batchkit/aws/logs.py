"""CloudWatch Logs: what one stream holds, and what came since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(frozen=True)
class Line:
    """One log event; `time` in epoch milliseconds."""

    time: int
    message: str


class Stream:
    """One stream, read from its beginning. Remembers how far it was read."""

    def __init__(self, client: CloudWatchLogsClient, group: str, stream: str) -> None:
        self._client = client
        self._where: dict[str, Any] = {"logGroupName": group, "logStreamName": stream}
        self._token: str | None = None

    def lines(self) -> Iterator[Line]:
        """What came since the last call; nothing for a stream that is not there (yet, or any more)."""
        while True:
            answer = self._next()
            for event in answer.get("events", ()):
                yield Line(event["timestamp"], event["message"])
            # At the end of the stream the token that was sent comes back (CloudWatch Logs API reference,
            # GetLogEvents); a page before the end may be empty.
            if answer.get("nextForwardToken") in (None, self._token):
                return
            self._token = answer["nextForwardToken"]

    def _next(self) -> dict[str, Any]:
        token: dict[str, Any] = {"nextToken": self._token} if self._token else {}
        with translated(f"reading the log stream {self._where['logStreamName']}"):
            try:
                return dict(self._client.get_log_events(**self._where, startFromHead=True, **token))
            except boto.ClientError as error:
                if code(error) == "ResourceNotFoundException":
                    return {}
                raise


def tail(client: CloudWatchLogsClient, group: str, stream: str, lines: int) -> list[str]:
    """The last lines of a stream, the oldest of them first; none of one that is not there any more."""
    with translated(f"reading the log stream {stream}"):
        try:
            answer = client.get_log_events(
                logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False
            )
        except boto.ClientError as error:
            if code(error) == "ResourceNotFoundException":
                return []
            raise
    return [event["message"] for event in answer["events"]]
