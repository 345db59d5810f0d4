"""Runs as Batch tells of them: the reports that children left, and the events that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.planning import names
from batchkit.planning.arrays import Array
from batchkit.planning.records import Report
from batchkit.planning.states import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchkit.planning.shards import Shape

CREATED = 1_795_162_500
BUCKET = "photos-originals"


@dataclass(frozen=True)
class Job:
    """A submitted job: its parameters, and its place in the run."""

    id: str
    parameters: dict[str, str]
    array: Array
    stopped: int = CREATED + 60

    def ended(self, failed: Sequence[int] = ()) -> dict[str, Any]:
        """The job's own end; `failed` are indices within the array."""
        extra = {} if self.array.is_plain else {"arrayProperties": {"size": self.array.size}}
        return self._event(self.id, "FAILED" if failed else "SUCCEEDED", extra)

    def child_failed(
        self, index: int, reason: str = "Host EC2 (instance i-0abc) terminated."
    ) -> dict[str, Any]:
        """The end of one child."""
        if self.array.is_plain:
            return self._event(self.id, "FAILED", {"statusReason": reason})
        return self._event(
            f"{self.id}:{index}", "FAILED", {"arrayProperties": {"index": index}, "statusReason": reason}
        )

    def _event(self, job: str, status: str, extra: dict[str, Any]) -> dict[str, Any]:
        detail = {
            "jobId": job,
            "status": status,
            "parameters": self.parameters,
            "createdAt": CREATED * 1000,
            "stoppedAt": self.stopped * 1000,
            **extra,
        }
        return {"detail-type": "Batch Job State Change", "source": "aws.batch", "detail": detail}


def upload(recipe: str, key: str, etag: str, size: int = 3) -> Job:
    """An upload's job with `size` children."""
    parameters = {
        "recipe": recipe,
        "bucket": BUCKET,
        "key": key,
        "etag": etag,
        "size": "4",
        "sequencer": "0065A1",
        "time": "2026-11-20T08:15:00Z",
    }
    return Job("upload-job", parameters, Array(0, size))


def run_of(job: Job) -> str:
    given = job.parameters
    if "run" in given:
        return given["run"]
    return names.upload_run(given["recipe"], given["bucket"], given["key"], given["etag"], given["sequencer"])


def bulk(run: str, recipe: str, shape: Shape, arrays: Sequence[Array]) -> list[Job]:
    """A bulk run's jobs, one per array."""
    common = {"run": run, "recipe": recipe, "sources": str(shape.sources), "per_child": str(shape.per_child)}
    return [
        Job(
            id=f"{run}-{array.first}",
            parameters={**common, "first_child": str(array.first), "time": str(CREATED)},
            array=array,
            stopped=CREATED + 60 + array.first,
        )
        for array in arrays
    ]


def report(run: str, child: int, shape: Shape, **counts: int) -> Report:
    """What a child did; all of its shard by default."""
    done = counts or {"done": len(shape.shard(child))}
    return Report(run=run, child=child, children=shape.children, attempt=1, counts=Counts(**done))
