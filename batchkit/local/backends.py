"""moto's backends, and the locks that make them safe.

moto keeps its state in plain dictionaries and was made for one caller at a time; behind a threaded
server a conditional write is read-then-write. Everything of the local stack that touches a backend,
over HTTP or in process, therefore holds its service's lock.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

if TYPE_CHECKING:
    from collections.abc import Iterator

# S3 and DynamoDB carry the traffic of the children and touch no other service. The others call each
# other directly inside moto (SNS sends to SQS, Lambda writes logs) and share one lock.
SEPARATE = ("dynamodb", "s3")
SHARED = "shared"
# Their requests reach into every service; the order of this tuple is the order of locking.
EVERYWHERE = frozenset({"cloudformation", "moto_api"})
ALL = (SHARED, *SEPARATE)

ALIASES = {"lambda": "awslambda"}


def reset() -> None:
    """Every backend of this process forgets everything. moto has one set of backends per process."""
    BackendDict.reset()
    reset_model_data()


class Backends:
    """The backends of one account and region of this process."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._locks = {name: RLock() for name in ALL}
        # moto's own look-up compares a service with all others. Nothing resets moto while a stack runs.
        self._known: dict[tuple[str, str], Any] = {}

    @contextmanager
    def locked(self, service: str) -> Iterator[None]:
        """Holds `service` (a signing name such as "sqs") still for the caller; may be nested."""
        with ExitStack() as held:
            for name in _locks_of(service):
                held.enter_context(self._locks[name])
            yield

    @contextmanager
    def released(self, service: str) -> Iterator[None]:
        """Lets others in while the caller, who holds `service` exactly once, waits for something."""
        names = _locks_of(service)
        for name in reversed(names):
            self._locks[name].release()
        try:
            yield
        finally:
            for name in names:
                self._locks[name].acquire()

    def of(self, service: str, region: str | None = None) -> Any:
        """moto's backend of `service` in the stack's account; hold `locked(service)` to use it."""
        # S3 and IAM are global in moto: one backend per partition.
        place = "aws" if service in {"s3", "iam"} else region or self.region
        if (service, place) not in self._known:
            regions = get_backend(ALIASES.get(service, service))  # type: ignore[call-overload]
            self._known[service, place] = regions[self.account][place]
        return self._known[service, place]


def _locks_of(service: str) -> tuple[str, ...]:
    if service in EVERYWHERE:
        return ALL
    return (service,) if service in SEPARATE else (SHARED,)
