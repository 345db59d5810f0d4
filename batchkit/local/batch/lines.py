"""Who is next: the waiting lines of the queues, and the room in their compute environments."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Protocol

from batchkit.local.batch.model import ArrayJob, Job, Resources, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.local.batch.control import Environment, Queue

# So many children of an array are RUNNABLE ahead of those that run. The others have no object yet.
LOOKAHEAD = 100


class Entry(Protocol):
    """A place in a line."""

    def head(self) -> Job | None:
        """The RUNNABLE job whose turn it is, None when this place is used up."""

    def pop(self) -> None:
        """The head has been placed."""


class Single:
    """One job's place; used up once the job was placed, cancelled or terminated."""

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job

    def head(self) -> Job | None:
        return self._job if self._job is not None and self._job.status is Status.RUNNABLE else None

    def pop(self) -> None:
        self._job = None


class Feed:
    """The place of an array whose children may all run: brings them to life a few at a time, in order."""

    def __init__(self, array: ArrayJob, make_runnable: Callable[[ArrayJob, int], Job]) -> None:
        self._array = array
        self._make_runnable = make_runnable
        self._cursor = 0
        self._ready: deque[Job] = deque()

    def head(self) -> Job | None:
        self._refill()
        while self._ready and self._ready[0].status is not Status.RUNNABLE:
            self._ready.popleft()
            self._refill()
        return self._ready[0] if self._ready else None

    def pop(self) -> None:
        self._ready.popleft()

    def _refill(self) -> None:
        while len(self._ready) < LOOKAHEAD and self._cursor < self._array.size:
            if not self._array.child_status(self._cursor).is_final:
                self._ready.append(self._make_runnable(self._array, self._cursor))
            self._cursor += 1


class Line:
    """One queue's jobs in the order in which they will be placed."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.served = 0
        self.blocked: Job | None = None
        self._entries: deque[Entry] = deque()

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)

    def push_front(self, entry: Entry) -> None:
        self._entries.appendleft(entry)

    def head(self) -> Job | None:
        while self._entries:
            job = self._entries[0].head()
            if job is not None:
                return job
            self._entries.popleft()
        return None

    def pop(self) -> None:
        self._entries[0].pop()


class Lines:
    """The lines of all queues over the shared room of their compute environments.

    A line is strictly first in, first out, and a higher priority goes first: what its head waits for is not
    given to a lower one. Lines of equal priority take turns. `host` caps all environments together, so that
    a queue made for a fleet does not swamp this machine; a job larger than the host runs alone.
    """

    def __init__(self, host: Resources | None, blocked: Callable[[Job, Queue], None]) -> None:
        """`blocked` hears once of every job that stands at the head of its line and can never be placed."""
        self._host = host
        self._blocked = blocked
        self._lines: dict[str, Line] = {}
        self._used: dict[str, Resources] = {}
        self._host_used = Resources(0, 0)
        self._turns = itertools.count(1)

    def line(self, queue: Queue) -> Line:
        """The line of `queue`, which is known from now on as it is described here."""
        line = self._lines.setdefault(queue.arn, Line(queue))
        line.queue = queue
        return line

    def all(self) -> list[Line]:
        """The lines of all queues that are known."""
        return list(self._lines.values())

    def of(self, job: Job | ArrayJob) -> Line:
        return self._lines[job.spec.queue_arn]

    def place(self) -> Iterator[tuple[Job, Environment]]:
        """Take every job that has room now off its line, with the environment that it now occupies."""
        reserved: set[str] = set()
        for line in sorted(self._lines.values(), key=lambda each: (-each.queue.priority, each.served)):
            while (job := line.head()) is not None:
                room = self._room(line.queue, job.spec.resources, reserved)
                if room is None:
                    reserved |= self._reserve(line, job)
                    break
                line.pop()
                line.served = next(self._turns)
                self._occupy(room, job.spec.resources, 1)
                yield job, room

    def release(self, environment: Environment, resources: Resources) -> None:
        """Give back what `place` took."""
        self._occupy(environment, resources, -1)

    def used(self, environment_arn: str) -> Resources:
        return self._used.get(environment_arn, Resources(0, 0))

    def _room(self, queue: Queue, wanted: Resources, reserved: set[str]) -> Environment | None:
        if self._host is not None and not _fits(_at_most(wanted, self._host), self._host_used, self._host):
            return None
        for environment in queue.environments:
            is_free = environment.enabled and environment.arn not in reserved
            if is_free and _fits(wanted, self.used(environment.arn), environment.capacity):
                return environment
        return None

    def _reserve(self, line: Line, job: Job) -> set[str]:
        """The environments that lower priorities leave alone because `job` waits for them."""
        nothing = Resources(0, 0)
        if any(_fits(job.spec.resources, nothing, each.capacity) for each in line.queue.environments):
            return {each.arn for each in line.queue.environments}
        if line.blocked is not job:
            line.blocked = job
            self._blocked(job, line.queue)
        return set()

    def _occupy(self, environment: Environment, resources: Resources, sign: int) -> None:
        self._used[environment.arn] = _plus(self.used(environment.arn), resources, sign)
        if self._host is not None:
            self._host_used = _plus(self._host_used, _at_most(resources, self._host), sign)


def _fits(wanted: Resources, used: Resources, capacity: Resources) -> bool:
    return used.vcpus + wanted.vcpus <= capacity.vcpus and used.memory + wanted.memory <= capacity.memory


def _plus(one: Resources, other: Resources, sign: int) -> Resources:
    return Resources(one.vcpus + sign * other.vcpus, one.memory + sign * other.memory)


def _at_most(wanted: Resources, most: Resources) -> Resources:
    return Resources(min(wanted.vcpus, most.vcpus), min(wanted.memory, most.memory))
