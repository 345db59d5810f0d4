"""Calls of clients that go wrong: they never arrive, or their answer gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

from support.answers import Raw, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.aws.clients import Clients

Way = Literal["unsent", "unanswered"]

# What the clients of a submission are for.
SERVICES = ("s3", "dynamodb", "sts")


def none(number: int, attempt: int) -> bool:
    """All calls succeed."""
    return False


def first_attempts(number: int, attempt: int) -> bool:
    """No call succeeds at once. Every other request instead could be the same call's, with two threads."""
    return attempt == 1


class FailingCalls:
    """Counts the requests of some clients, and spoils those for which `spoils` holds: it gets a request's
    number, from 0, and the number of the attempt, from 1.

    moto carries a request out whatever is answered, so an `unanswered` one has had its effect.
    """

    def __init__(
        self, clients: Clients, way: Way = "unsent", spoils: Callable[[int, int], bool] = none
    ) -> None:
        self._way, self._spoils = way, spoils
        self.calls: list[str] = []
        self._clients = [getattr(clients, service) for service in SERVICES]
        for client in self._clients:
            client.meta.events.register_first("before-send.*.*", self._spoil)

    def close(self) -> None:
        """Leave the clients alone."""
        for client in self._clients:
            client.meta.events.unregister("before-send.*.*", self._spoil)

    def _spoil(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        self.calls.append(event_name)
        if not self._spoils(len(self.calls) - 1, _attempt(request)):
            return None
        if self._way == "unsent":
            raise EndpointConnectionError(endpoint_url=request.url)
        body = error("InternalError")
        return AWSResponse(request.url, 500, {"Content-Length": str(len(body))}, Raw(body))


def _attempt(request: Any) -> int:
    """Out of the header that tells AWS of retries: `attempt=2; max=5`."""
    header = request.headers["amz-sdk-request"]
    text = header.decode() if isinstance(header, bytes) else header
    return int(text.partition(";")[0].removeprefix("attempt="))
