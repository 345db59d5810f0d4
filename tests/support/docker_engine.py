"""A Docker engine that is nothing but a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from batchkit.local.batch.executor import Exit, Task
from batchkit.local.batch.model import Resources
from batchkit.local.docker.engine import End, EngineLost, Found, Host

SECONDS = 60.0
DONE = End(0, False, "")


def task(number: int = 1, *command: str, vcpus: float = 1, memory: int = 512, **container: Any) -> Task:
    return Task(
        id=f"task{number}",
        job_id=f"job{number}",
        attempt=1,
        image="worker",
        command=command,
        environment={"AWS_BATCH_JOB_ID": f"job{number}"},
        resources=Resources(vcpus, memory),
        container=container,
        log_group="group",
        log_stream="stream",
    )


class FakeOutput:
    """What a container says before the engine is asked how it ended."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self.is_closed = True


class FakeEngine:
    """Containers that say `pieces` and end as `end`, unless `raising` has an error for the call's name.

    With `hold`, they run until they are killed with one of `deadly`.
    """

    def __init__(
        self,
        *,
        pieces: tuple[bytes, ...] = (),
        end: End = DONE,
        raising: Mapping[str, Exception] | None = None,
        hold: bool = False,
        deadly: tuple[str, ...] = ("SIGTERM", "SIGKILL"),
        during_start: Callable[[], None] = lambda: None,
    ) -> None:
        self.host = Host(cpus=2)
        self.pieces = pieces
        self.end = end
        self.raising = dict(raising or {})
        self.deadly = deadly
        self.during_start = during_start
        self.released = threading.Event()
        self.signalled = threading.Condition()
        if not hold:
            self.released.set()
        self.calls: list[tuple[str, str]] = []
        self.options: list[Mapping[str, Any]] = []
        self.present: dict[str, Mapping[str, str]] = {}
        self.stored: dict[str, Mapping[str, str]] = {}
        self.outputs: list[FakeOutput] = []
        self.is_closed = False

    def create(self, options: Mapping[str, Any]) -> str:
        self._called("create", options["name"])
        self.options.append(options)
        self.present[options["name"]] = options["labels"]
        return str(options["name"])

    def attach(self, container: str) -> FakeOutput:
        self._called("attach", container)
        output = FakeOutput(self._say())
        self.outputs.append(output)
        return output

    def start(self, container: str) -> None:
        self._called("start", container)
        self.during_start()

    def wait(self, container: str) -> End:
        self._called("wait", container)
        return self.end

    def kill(self, container: str, signal: str) -> None:
        with self.signalled:
            self._called(signal, container)
            self.signalled.notify_all()
        if signal in self.deadly:
            self.released.set()

    def remove(self, container: str) -> None:
        self._called("remove", container)
        self.present.pop(container, None)
        self.released.set()

    def containers(self, label: str) -> list[Found]:
        self._called("containers", label)
        # A copy: other threads remove theirs meanwhile.
        return [Found(name, labels) for name, labels in list(self.present.items()) if _has(labels, label)]

    def volumes(self, label: str) -> list[Found]:
        return [Found(name, labels) for name, labels in self.stored.items() if _has(labels, label)]

    def remove_volume(self, name: str) -> None:
        self._called("remove_volume", name)
        del self.stored[name]

    def close(self) -> None:
        self.is_closed = True

    def names(self) -> list[str]:
        """The calls in order, without their arguments."""
        return [name for name, _ in self.calls]

    def wait_for(self, signal: str) -> None:
        with self.signalled:
            assert self.signalled.wait_for(lambda: signal in self.names(), SECONDS)

    def _say(self) -> Iterator[bytes]:
        yield from self.pieces
        assert self.released.wait(SECONDS)
        if "output" in self.raising:
            raise self.raising["output"]

    def _called(self, name: str, argument: str) -> None:
        self.calls.append((name, argument))
        if name in self.raising:
            raise self.raising[name]


def _has(labels: Mapping[str, str], label: str) -> bool:
    name, equals, value = label.partition("=")
    return name in labels and (not equals or labels[name] == value)


class Listener:
    """A watcher that remembers, in order."""

    def __init__(self) -> None:
        self.news: list[tuple[str, str, object]] = []
        self._changed = threading.Condition()

    def running(self, task_id: str) -> None:
        self._hear("running", task_id, None)

    def output(self, task_id: str, data: bytes) -> None:
        self._hear("output", task_id, data)

    def finished(self, task_id: str, end: Exit) -> None:
        self._hear("finished", task_id, end)

    def of(self, task_id: str) -> list[tuple[str, object]]:
        return [(what, detail) for what, who, detail in self.news if who == task_id]

    def wait_for(self, what: str, task_id: str) -> object:
        """Wait for that news; its detail."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._find(what, task_id) is not None, SECONDS)
        found = self._find(what, task_id)
        assert found is not None
        return found[2]

    def _find(self, what: str, task_id: str) -> tuple[str, str, object] | None:
        return next((each for each in self.news if each[:2] == (what, task_id)), None)

    def _hear(self, what: str, task_id: str, detail: object) -> None:
        with self._changed:
            self.news.append((what, task_id, detail))
            self._changed.notify_all()


LOST = EngineLost("connection refused")
