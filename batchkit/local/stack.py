"""The local stack, composed: one endpoint, moto, local Batch, EventBridge, Scheduler and Lambda."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from batchkit.errors import ConfigError
from batchkit.local import backends as moto_backends
from batchkit.local.address import HOST, LIVE_PATH
from batchkit.local.apis import BatchApi, InvokeApi, PutEventsApi
from batchkit.local.backends import Backends
from batchkit.local.batch.control import MotoControl, Queue
from batchkit.local.batch.executor import Executor
from batchkit.local.batch.model import Resources
from batchkit.local.batch.service import LocalBatch
from batchkit.local.call_faults import CallFaults, FaultyCalls
from batchkit.local.endpoint import Endpoint, Moto
from batchkit.local.events.bus import LocalBus
from batchkit.local.events.matching import pattern_of
from batchkit.local.events.retries import SCALE
from batchkit.local.events.targets.services import Services
from batchkit.local.invocations import Invocations
from batchkit.local.lambda_runtime import LambdaRuntime
from batchkit.local.live.feed import Feed
from batchkit.local.live.site import LivePage, Sources
from batchkit.local.logs import MotoLogs
from batchkit.local.moto_gaps import close_all
from batchkit.local.moto_patches import Patches
from batchkit.local.moto_speed import hasten_all
from batchkit.local.s3_events import S3Events
from batchkit.local.schedules.scheduler import LocalScheduler
from batchkit.local.server import Server
from batchkit.local.trace import Observer, both, ignore

if TYPE_CHECKING:
    from batchkit.local.events.faults import Faults

DEFAULT_REGION = "us-east-1"
# The account of every caller whose key moto did not make.
ACCOUNT = "123456789012"
# moto's backends are global to the process: one stack at a time.
_only_one = Lock()

E = TypeVar("E", bound=Executor)


class LocalStack(Generic[E]):
    """All of AWS that batchkit needs, from `with` to the end of `with`.

    `executor` is called with the stack's `environment` (what a job needs to find the endpoint) and makes
    what runs jobs; it is closed with the stack. `host` caps what runs at once, by default at what this
    machine has. `faults` disturb events, `call_faults` calls, and `on_purpose` is how the live page calls all
    that is to go wrong; `scale` shortens the waiting of EventBridge and Lambda between retries.
    """

    def __init__(
        self,
        executor: Callable[[Mapping[str, str]], E],
        *,
        host: Resources | None = None,
        observe: Observer = ignore,
        port: int = 0,
        region: str = DEFAULT_REGION,
        faults: Faults | None = None,
        call_faults: CallFaults | None = None,
        on_purpose: Sequence[str] = (),
        scale: float = SCALE,
    ) -> None:
        self._make_executor = executor
        self._host = host or this_machine()
        self._feed = Feed()
        # What the executor has to tell belongs here, too.
        self.observe = both(observe, self._feed)
        self._port = port
        self._faults = faults
        self._call_faults = call_faults or CallFaults()
        self._on_purpose = on_purpose
        self._scale = scale
        self.account = ACCOUNT
        self.region = region
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """The address of every service: http://127.0.0.1:<port>."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def live_page(self) -> str:
        """The address of the page that shows what happens."""
        return f"{self.endpoint}{LIVE_PATH}"

    @property
    def environment(self) -> dict[str, str]:
        """What any SDK, the aws CLI or a job needs to talk to this stack and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def drain(self, timeout: float) -> bool:
        """Waits until no event, function or job is under way; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        steps = (
            self.scheduler.drain,
            self.bus.drain,
            self.invocations.drain,
            self.batch.settled,
            self.logs.flush,
        )
        while True:
            # Each may make work for another that was waited for before it: only a round in which
            # nothing happened is the end.
            before = self._taken()
            if not all(step(max(0.0, deadline - time.monotonic())) for step in steps):
                return False
            if before == self._taken():
                return True

    def _taken(self) -> tuple[int, int, int]:
        """How much there has ever been to do."""
        return self.scheduler.taken, self.bus.taken, self.invocations.taken

    def close(self) -> None:
        """Ends everything that the stack has started. A second call does nothing."""
        self._closing.close()

    def _start(self) -> None:
        if not _only_one.acquire(blocking=False):
            raise ConfigError(
                "a local stack is already running in this process",
                expected="one at a time: moto keeps one set of backends per process",
                fix="close the other one first, or use its endpoint",
            )
        self._closing.callback(_only_one.release)
        moto_backends.reset()
        self._closing.callback(moto_backends.reset)
        self._quieten()
        self.backends = Backends(self.account, self.region)
        patches = self._closing.enter_context(Patches())
        close_all(patches, self.backends)
        hasten_all(patches)
        self._listen()
        self._compose()

    def _quieten(self) -> None:
        """moto warns on standard error of what it does not know, where nobody has set up logging."""
        logger, silence = logging.getLogger("moto"), logging.NullHandler()
        logger.addHandler(silence)
        self._closing.callback(logger.removeHandler, silence)

    def _listen(self) -> None:
        """The port is bound first, because jobs and functions are told the address; it answers last."""
        self._server = Server(self._port)
        self._closing.callback(self._server.stop)

    def _compose(self) -> None:
        self.logs = MotoLogs(self.backends, self.observe)
        self._closing.callback(self.logs.close)
        self._make_functions()
        self._make_batch()
        services = Services(self.backends, self.batch, self.invocations, self.observe)
        self.bus = LocalBus(services, observe=self.observe, faults=self._faults, scale=self._scale)
        self._closing.callback(self.bus.close)
        self.scheduler = LocalScheduler(services, observe=self.observe, scale=self._scale)
        self._closing.callback(self.scheduler.close)
        self._serve()
        self.scheduler.start()

    def _make_functions(self) -> None:
        self.runtime = LambdaRuntime(self.environment, self.logs.write_now)
        self.invocations = Invocations(self.backends, self.runtime, scale=self._scale, observe=self.observe)
        # In the end: start nothing more, end what runs, wait for it.
        self._closing.callback(self.invocations.close)
        self._closing.callback(self.runtime.close)
        self._closing.callback(self.invocations.stop)

    def _make_batch(self) -> None:
        self.executor = self._make_executor(self.environment)
        self.batch = LocalBatch(
            account=self.account,
            region=self.region,
            host=self._host,
            control=LockedControl(self.backends),
            executor=self.executor,
            log=self.logs,
            emit=self._emit,
            observe=self.observe,
        )
        self._closing.callback(self.batch.close)

    def _serve(self) -> None:
        s3_events = S3Events(self.account, self.bus.put)
        apis = (
            BatchApi(self.batch),
            PutEventsApi(self.account, self.bus.put),
            InvokeApi(self.backends, self.runtime, self.invocations),
            self._make_live_page(),
        )
        endpoint = Endpoint(apis, Moto(self.backends, s3_events), self.observe)
        self.calls = FaultyCalls(endpoint.answer, self._call_faults, self.observe)
        self._server.start(self.calls.answer)
        # Registered last as well as first: no request while the parts behind the endpoint close.
        self._closing.callback(self._server.stop)
        self._closing.callback(self._feed.close)

    def _make_live_page(self) -> LivePage:
        patterns = partial(pattern_of, self.backends)
        return LivePage(Sources(self._feed, self.batch, self.logs.tail, patterns, self._on_purpose))

    def _emit(self, event: dict[str, Any]) -> None:
        """Batch is made before the bus, which submits to it."""
        self.bus.put(event)


def this_machine() -> Resources:
    """The processors that this process may use, and the machine's memory in MiB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # macOS has no affinity.
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Resources(vcpus=usable or 1, memory=memory // 2**20)


class LockedControl:
    """Job definitions and queues from moto, read under its lock."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    def definition(self, ref: str) -> dict[str, Any]:
        with self._backends.locked("batch"):
            return MotoControl(self._backends.of("batch")).definition(ref)

    def queue(self, ref: str) -> Queue:
        with self._backends.locked("batch"):
            return MotoControl(self._backends.of("batch")).queue(ref)
