"""Is an output already what its task would make?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit.planning.states import Outcome
from batchkit.worker.publish import DIGEST, ETAG, RUN, check_owner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from batchkit.aws.objects import Head, Objects
    from batchkit.worker.targets import Target


def judge(output: Head | None, target: Target, source: Head, run: str) -> Outcome | None:
    """What an existing output makes of its item; None when it must be made.

    Fresh is an output of the same source bytes by the same task. Where this very run made it, in an
    earlier attempt, the item is done. Raises Rejected when the output belongs to another source.
    """
    check_owner(output, source.bucket, source.key)
    if output is None:
        return None
    made_by = output.metadata.get(DIGEST), output.metadata.get(ETAG)
    if made_by != (target.digest, source.etag):
        return None
    return Outcome.DONE if output.metadata.get(RUN) == run else Outcome.FRESH


def look(
    objects: Objects, threads: Executor, source: tuple[str, str], bucket: str, targets: Sequence[Target]
) -> tuple[Head | None, list[Head | None]]:
    """The heads of a source and of its outputs, all asked for at once."""
    outputs = [threads.submit(objects.head, bucket, target.key) for target in targets]
    head = objects.head(*source)
    return head, [output.result() for output in outputs]
