"""What a job's parameters say: which run it belongs to, and what part of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.completion.reading import epoch_seconds
from batchkit.planning import names
from batchkit.planning.shards import Shape
from batchkit.planning.states import upload_order

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"[0-9]{1,15}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Upload:
    """The source of an upload; `time` of the event in epoch seconds, `order` as the worker's."""

    bucket: str
    key: str
    etag: str
    time: int
    order: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Submission:
    """A job's place in its run: `first_child` is the number of the job's first child within the run."""

    run: str
    recipe: str
    sources: int
    per_child: int
    first_child: int
    upload: Upload | None = None

    @property
    def lane(self) -> str:
        return "upload" if self.upload else "bulk"

    def shape(self, tasks: int) -> Shape:
        """The size of the whole run, whose recipe has `tasks`."""
        return Shape(self.sources, tasks, self.per_child)


def parse(parameters: Mapping[str, str]) -> Submission | None:
    """The submission, or None for the parameters of a job that is not batchkit's."""
    if not _DIGEST.fullmatch(parameters.get("recipe", "")):
        return None
    # By the key, for an upload's key can bring a parameter `run` along (see eventbridge/rules.yaml).
    return _upload(parameters) if "key" in parameters else _bulk(parameters)


def _upload(given: Mapping[str, str]) -> Submission | None:
    if not given.get("bucket") or not given.get("key"):
        return None
    recipe, bucket, key = given["recipe"], given["bucket"], given["key"]
    etag, sequencer = given.get("etag", "").strip('"'), given.get("sequencer", "")
    time = epoch_seconds(given.get("time", ""))
    upload = Upload(bucket, key, etag, time, upload_order(time, sequencer))
    run = names.upload_run(recipe, bucket, key, etag, sequencer)
    return Submission(run, recipe, sources=1, per_child=1, first_child=0, upload=upload)


def _bulk(given: Mapping[str, str]) -> Submission | None:
    numbers = [given.get(name, "") for name in ("sources", "per_child", "first_child")]
    if not given.get("run") or not all(map(_NUMBER.fullmatch, numbers)) or int(numbers[1]) < 1:
        return None
    sources, per_child, first_child = map(int, numbers)
    return Submission(given["run"], given["recipe"], sources, per_child, first_child)
