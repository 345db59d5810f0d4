"""Writing an output: its metadata, and the check that it is nobody else's."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import msgspec

from batchkit.aws.objects import Head, Objects, url
from batchkit.errors import JobError, Rejected, Throttled
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.job import Output
    from batchkit.worker.targets import Target

DIGEST = "batchkit-digest"
ETAG = "batchkit-etag"
SOURCE = "batchkit-source"
RUN = "batchkit-run"
MODIFIED = "batchkit-modified"
FACT = "batchkit-fact-"

# "user-defined metadata is limited to 2 KB in size", names and values (S3 User Guide, object metadata).
MAX_METADATA_BYTES = 2048

# Somebody writes and somebody deletes the same output, again and again.
WRITE_ATTEMPTS = 3

_FACT_NAME = re.compile(r"[a-z0-9-]{1,32}")
_PRINTABLE = re.compile(r"[\x20-\x7e]{0,256}")


class Publisher:
    """Puts the outputs of one run into the output bucket. Safe to share between threads."""

    def __init__(self, objects: Objects, bucket: str, run: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._run = run

    def put(self, target: Target, source: Head, output: Output, *, exists: bool) -> None:
        """Write an output; `exists` says that this source's former output was seen at its place.

        Raises Rejected when another source's output appeared there, JobError for impossible facts.
        """
        metadata = metadata_of(target, source, self._run, output.facts)
        content_type = _content_type(output)
        for _ in range(WRITE_ATTEMPTS):
            if self._objects.put(
                self._bucket, target.key, output.body, content_type, metadata, only_if_absent=not exists
            ):
                return
            there = self._objects.head(self._bucket, target.key)
            check_owner(there, source.bucket, source.key)
            exists = there is not None
        raise Throttled(f"{url(self._bucket, target.key)} appears and vanishes while it is written")


def check_owner(output: Head | None, bucket: str, key: str) -> None:
    """Raises Rejected when an output was made from another source than `bucket`, `key`.

    An object that batchkit did not make is replaced: an older pipeline's outputs lie at the same keys.
    """
    owner = output.metadata.get(SOURCE) if output else None
    if output and owner and owner != names.source_id(bucket, key):
        raise Rejected("OutputCollision", f"{output.key} is the output of another source")


def metadata_of(
    target: Target, source: Head, run: str, facts: Mapping[str, str | int | float]
) -> dict[str, str]:
    """What an output says of itself, in ASCII. Raises JobError for facts that batchkit.job does not allow."""
    metadata = {
        DIGEST: target.digest,
        ETAG: source.etag,
        SOURCE: names.source_id(source.bucket, source.key),
        RUN: run,
        MODIFIED: str(source.modified),
    }
    metadata |= {FACT + name: _encode(name, value) for name, value in facts.items()}
    size = sum(len(name) + len(value) for name, value in metadata.items())
    if size > MAX_METADATA_BYTES:
        raise JobError(
            f"the facts of task '{target.task.name}' do not fit into the output's metadata",
            found=f"{size} bytes in all",
            expected=f"at most {MAX_METADATA_BYTES}",
        )
    return metadata


def facts_of(output: Head) -> dict[str, str | int | float]:
    """The facts that an output carries; what is not one of ours is left out."""
    facts: dict[str, str | int | float] = {}
    for name, text in output.metadata.items():
        if name.startswith(FACT):
            try:
                value = json.loads(text)
            except ValueError:
                value = text
            facts[name.removeprefix(FACT)] = value if isinstance(value, str | int | float) else text
    return facts


def _encode(name: str, value: str | float) -> str:
    """JSON, so that a number comes back as a number and a string keeps its spaces."""
    if not _FACT_NAME.fullmatch(name):
        raise JobError("a fact's name is impossible", found=repr(name), expected="1 to 32 of a-z, 0-9, '-'")
    is_text = isinstance(value, str) and _PRINTABLE.fullmatch(value)
    is_number = isinstance(value, int | float) and math.isfinite(value)
    if not (is_text or is_number):
        raise JobError(
            f"the fact '{name}' is impossible",
            found=ascii(value)[:80],
            expected="a finite number, or at most 256 printable ASCII characters",
        )
    return msgspec.json.encode(value).decode()


def _content_type(output: Output) -> str:
    if not (output.content_type and _PRINTABLE.fullmatch(output.content_type)):
        raise JobError(
            f"the content type of task '{output.task}' is impossible",
            found=ascii(output.content_type)[:80],
            expected="printable ASCII such as image/webp",
        )
    return output.content_type
