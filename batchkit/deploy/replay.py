"""Dead letters tried again, each the right way for its target.

An event of AWS's cannot be put onto the bus again: PutEvents refuses a source that begins with `aws.`. So it
is delivered to its target as its rule would, by the rule as it is deployed now, with one difference: values
are escaped, so that a key with a tab arrives. Everything here may happen twice: runs, items and reports are
the same however often an event comes (docs/guarantees.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.aws.dead_letters import DeadLetters, Received
from batchkit.aws.delivery import Delivery
from batchkit.errors import BatchkitError, DataError
from batchkit.planning.dead_letters import Letter, look_up, transformed
from batchkit.planning.uploads import UNSAFE

if TYPE_CHECKING:
    from batchkit.aws.clients import Clients
    from batchkit.aws.stacks import Stacks, StackState

KEY = "$.detail.object.key"
FUNCTION = ":function:"

# What SubmitJob needs, as Scheduler spells it, and how Scheduler's own words begin before it fills them in.
SUBMIT_JOB = ("JobName", "JobQueue", "JobDefinition")
UNFILLED = "<aws.scheduler."


@dataclass(frozen=True)
class Replayed:
    """What was done with a letter, or would be; `error` is why it still lies there, "" for gone."""

    letter: Letter
    done: str
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**self.letter.as_json(), "done": self.done, "problem": self.error}


class Replay:
    """Delivers letters of one project. `functions` are the names of those whose failures lie in the queue."""

    def __init__(self, delivery: Delivery, functions: Mapping[str, str]) -> None:
        self._delivery = delivery
        self._functions = functions

    def plan(self, letter: Letter) -> tuple[str, Callable[[], None]]:
        """In words what is done with a letter, and doing it. Raises DataError where nobody knows."""
        if letter.kind == "rule":
            return self._of_rule(letter)
        if letter.kind == "schedule":
            return self._of_schedule(letter)
        if letter.kind == "function":
            function = self._functions.get(str(letter.body.get("source")))
            if function is not None:
                return f"invoke {function}", lambda: self._delivery.invoke(function, letter.body)
        raise DataError(
            "nobody knows where this message belongs",
            found=f"{letter.kind} {letter.arn or letter.body.get('source', '')}",
            fix="batchkit sweep makes what is missing; then delete the message in SQS's console",
        )

    def _of_schedule(self, letter: Letter) -> tuple[str, Callable[[], None]]:
        """Its time names the run, so a second job finds the first one's."""
        job = letter.body
        named = all(isinstance(job.get(name), str) for name in SUBMIT_JOB)
        if not named or UNFILLED in json.dumps(job):
            raise DataError(
                "this is not what a schedule of batchkit's submits",
                found=f"{letter.arn}: {', '.join(job)}",
                expected=f"{', '.join(SUBMIT_JOB)}, and the time that it was due",
                fix="batchkit sweep makes what is missing; then delete the message in SQS's console",
            )
        return f"submit {job['JobName']}", lambda: self._delivery.submit_as_scheduled(job)

    def _of_rule(self, letter: Letter) -> tuple[str, Callable[[], None]]:
        delivery, event = self._delivery, letter.body
        if not str(event.get("source", "")).startswith("aws.") and FUNCTION not in letter.target:
            return "put the event onto the bus again", lambda: delivery.put_event(event)
        target = delivery.target(letter.arn, letter.target)
        if target.is_job_queue and any(character in look_up(event, KEY) for character in UNSAFE):
            return "drop it: the upload was refused for its key, and that is recorded", lambda: None
        if target.is_job_queue:
            job = json.loads(transformed(target.transformer, event))
            return f"submit {target.job_name}", lambda: delivery.submit(target, job)
        return f"invoke {target.name}", lambda: delivery.invoke(target.name, event)


def replay(
    queue: DeadLetters, plan: Replay, *, dry_run: bool, limit: int | None = None
) -> Iterator[Replayed]:
    """Each letter of the queue: delivered and then deleted, or, where it fails, left."""
    left: list[Received] = []
    try:
        for received in queue.letters(limit):
            result = _one(queue, plan, received, dry_run=dry_run)
            if dry_run or result.error:
                left.append(received)
            yield result
    finally:
        # Not before: the queue would give them out again.
        for received in left:
            queue.put_back(received)


def _one(queue: DeadLetters, plan: Replay, received: Received, *, dry_run: bool) -> Replayed:
    letter, done = received.letter, ""
    try:
        done, act = plan.plan(letter)
        if not dry_run:
            act()
            queue.delete(received)
    except BatchkitError as error:
        return Replayed(letter, done, f"{error.what}: {error.found}")
    return Replayed(letter, done)


def dead_letter_queues(clients: Clients, stacks: Stacks, found: Iterable[StackState]) -> list[DeadLetters]:
    """The queues of the project's stacks that are called so."""
    ids = [stacks.resources(stack.id, "AWS::SQS::Queue") for stack in found]
    urls = [url for each in ids for name, url in each.items() if "DeadLetter" in name]
    return [DeadLetters(clients.sqs, url) for url in urls]


def handlers(project: str, outputs: Mapping[str, str]) -> dict[str, str]:
    """The function that each source's events go to, where the queue's message does not say it."""
    known = {
        "aws.batch": "CompletionHandlerArn",
        "aws.s3": "RejectedUploadHandlerArn",
        f"batchkit.{project}": "GalleryHandlerArn",
    }
    return {source: outputs[key].rsplit(":", 1)[-1] for source, key in known.items() if key in outputs}
