"""Files put into a sandbox's upload bucket, and what becomes of each: the demo without its screen."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.aws.objects import Objects
from batchkit.local import files
from batchkit.planning import names
from batchkit.planning.states import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from batchkit.local.sandbox import Sandbox
    from batchkit.local.trace import Trace

RUN_FINISHED = "Run Finished"
ITEM_REJECTED = "Item Rejected"
OBJECT_CREATED = "Object Created"

# How a result says that it stands for all tasks of its source.
EVERY_TASK = "(all)"


@dataclass(frozen=True)
class Upload:
    """A file, the key it was put under, and its size in bytes."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True)
class Result:
    """An item of an upload, as the ledger has it. `milliseconds` of work for this item, sizes in bytes."""

    key: str
    task: str
    outcome: Outcome
    before: int
    after: int
    milliseconds: int
    output: str
    message: str


@dataclass
class Endings:
    """Hears on the bus which uploads have ended, and which could not be delivered, with the reason.

    An observer of the local stack; safe in any thread.
    """

    ended: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, trace: Trace) -> None:
        event = trace.data.get("event")
        if not isinstance(event, dict):
            return
        key = ended_key(event) if trace.kind == "event" else None
        lost = uploaded_key(event) if trace.kind == "dead-letter" else None
        if key is None and lost is None:
            return
        with self.changed:
            if lost is not None:
                self.lost[lost] = trace.text
            self.ended.add(key or lost or "")
            self.changed.notify_all()

    def forget(self, key: str) -> None:
        """Wait anew for a key that is put once more."""
        with self.changed:
            self.ended.discard(key)
            self.lost.pop(key, None)

    def wait(self, keys: Iterable[str], timeout: float) -> set[str]:
        """The keys that have not ended within `timeout` seconds, or none of them as soon as all have."""
        wanted = set(keys)
        with self.changed:
            self.changed.wait_for(lambda: wanted <= self.ended, timeout)
            return wanted - self.ended


def ended_key(event: dict[str, Any]) -> str | None:
    """The key of the source whose end an event announces; None for any other event."""
    detail = event.get("detail", {})
    if event.get("detail-type") == ITEM_REJECTED:
        return str(detail["key"])
    if event.get("detail-type") == RUN_FINISHED and detail.get("source", "").startswith("s3://"):
        return str(detail["source"]).split("/", 3)[3]
    return None


def uploaded_key(event: dict[str, Any]) -> str | None:
    """The key of the object whose creation an event tells; None for any other event."""
    if event.get("detail-type") != OBJECT_CREATED:
        return None
    return str(event["detail"]["object"]["key"])


def upload(sandbox: Sandbox, paths: Sequence[Path]) -> Iterator[Upload]:
    """Put the files into the upload bucket one by one, below its prefix.

    Raises ConfigError for one that cannot be read, or whose name no key can have.
    """
    objects, rules = Objects(sandbox.clients.s3), sandbox.project.upload
    for name, path in files.keys(paths).items():
        key, body = rules.prefix + name, files.read(path)
        objects.put(rules.bucket, key, body, "application/octet-stream")
        yield Upload(path, key, len(body))


def results(sandbox: Sandbox, uploads: Iterable[Upload], endings: Endings) -> Iterator[Result]:
    """What the ledger says became of each upload, task by task in the recipe's order; one that it does not
    know has failed, undelivered or not ended."""
    order = {task.name: index for index, task in enumerate(sandbox.project.recipe.tasks)}
    for upload in uploads:
        items = sandbox.ledger.items(sandbox.project.upload.bucket, upload.key)
        if not items:
            message = endings.lost.get(upload.key, "it did not end in time")
            yield Result(upload.key, EVERY_TASK, Outcome.FAILED, upload.size, 0, 0, "", message)
        for item in sorted(items, key=lambda item: order.get(item["task"], -1)):
            yield Result(
                key=upload.key,
                task=EVERY_TASK if item["task"] == names.ALL_TASKS else item["task"],
                outcome=Outcome(item["outcome"]),
                before=upload.size,
                after=item["bytes"],
                milliseconds=item["milliseconds"],
                output=item["output"],
                message=item["message"],
            )


def download(sandbox: Sandbox, made: Iterable[Result], folder: Path) -> int:
    """Copy the outputs into `folder`, whatever their keys say inside it; how many there were."""
    objects, count = Objects(sandbox.clients.s3), 0
    for result in made:
        if not result.output:
            continue
        found = objects.get(sandbox.project.output.bucket, result.output)
        if found is not None:
            files.write(folder, result.output, found.body)
            count += 1
    return count


def follow(endings: Endings, uploads: Sequence[Upload], timeout: float, step: float = 0.1) -> Iterator[int]:
    """How many uploads have ended, again and again until all have, or `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while missing := endings.wait((u.key for u in uploads), step):
        yield len(uploads) - len(missing)
        if time.monotonic() > deadline:
            return
    yield len(uploads)
