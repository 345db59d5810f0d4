"""Files put into a sandbox's upload bucket, and what becomes of each: the demo without its screen."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.aws.objects import Objects
from batchkit.errors import ConfigError, InternalError
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
    """Hears on the bus which uploads have ended. An observer of the local stack; safe in any thread."""

    ended: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, trace: Trace) -> None:
        event = trace.data.get("event")
        if trace.kind != "event" or not isinstance(event, dict):
            return
        key = ended_key(event)
        if key is not None:
            with self.changed:
                self.ended.add(key)
                self.changed.notify_all()

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


def key_of(prefix: str, path: Path, root: Path | None) -> str:
    """Where a file goes: its name below the prefix, with its folders where it lies below `root`."""
    inside = root is not None and path.is_relative_to(root)
    return prefix + (path.relative_to(root).as_posix() if inside and root else path.name)


def upload(sandbox: Sandbox, paths: Sequence[Path], root: Path | None = None) -> Iterator[Upload]:
    """Put the files into the upload bucket one by one. Raises ConfigError for one that cannot be read."""
    objects, rules = Objects(sandbox.clients.s3), sandbox.project.upload
    for path in paths:
        try:
            body = path.read_bytes()
        except OSError as error:
            raise ConfigError(
                "a file to upload cannot be read", found=str(error), expected="a readable file"
            ) from error
        key = key_of(rules.prefix, path, root)
        objects.put(rules.bucket, key, body, "application/octet-stream")
        yield Upload(path, key, len(body))


def results(sandbox: Sandbox, uploads: Iterable[Upload]) -> Iterator[Result]:
    """What the ledger says became of each upload, task by task in the recipe's order."""
    order = {task.name: index for index, task in enumerate(sandbox.project.recipe.tasks)}
    for upload in uploads:
        items = sandbox.ledger.items(sandbox.project.upload.bucket, upload.key)
        for item in sorted(items, key=lambda item: order.get(item["task"], -1)):
            yield Result(
                key=upload.key,
                task="(all)" if item["task"] == names.ALL_TASKS else item["task"],
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
    """How many uploads have ended, again and again until all have. Raises InternalError after `timeout` s."""
    deadline = time.monotonic() + timeout
    while missing := endings.wait((u.key for u in uploads), step):
        yield len(uploads) - len(missing)
        if time.monotonic() > deadline:
            raise InternalError(
                f"{len(missing)} of {len(uploads)} uploads did not end within {timeout:.0f} seconds",
                found=", ".join(sorted(missing)[:5]),
                expected="a run's end or a refusal for each",
                fix="look at the dead-letter queue and the jobs: batchkit local up",
            )
    yield len(uploads)
