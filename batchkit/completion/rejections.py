"""Uploads that are not accepted: recorded as `rejected`, announced once.

A refused upload is a run of one source that ended before it began, so `batchkit status` knows it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchkit.completion import notice
from batchkit.completion.reading import epoch_seconds, integer, mapping, text
from batchkit.planning import names
from batchkit.planning.records import ErrorGroup, Item, RunEnd
from batchkit.planning.states import Counts, Outcome, finished, upload_order
from batchkit.planning.uploads import Refusal, UploadRules, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchkit.aws.bus import Bus
    from batchkit.aws.ledger import Ledger


@dataclass(frozen=True)
class Uploaded:
    """An S3 "Object Created" event: the object, its size in bytes, the time in epoch seconds."""

    bucket: str
    key: str
    etag: str
    size: int
    sequencer: str
    time: int


def parse(event: Mapping[str, Any]) -> Uploaded | None:
    """The upload, or None for any other event."""
    detail = mapping(event, "detail")
    bucket, stored = text(mapping(detail, "bucket"), "name"), mapping(detail, "object")
    key, size = text(stored, "key"), integer(stored, "size")
    if event.get("detail-type") != "Object Created" or not bucket or not key or size is None:
        return None
    return Uploaded(
        bucket=bucket,
        key=key,
        etag=text(stored, "etag"),
        size=size,
        sequencer=text(stored, "sequencer"),
        time=epoch_seconds(text(event, "time")),
    )


class Rejections:
    """Records the refused uploads of one project; `recipe` is the digest that its uploads run with."""

    def __init__(self, project: str, recipe: str, rules: UploadRules, ledger: Ledger, bus: Bus) -> None:
        self._project = project
        self._recipe = recipe
        self._rules = rules
        self._ledger = ledger
        self._bus = bus

    def record(self, uploaded: Uploaded) -> Item | None:
        """Record a refusal; the item, when this call announced it. None, too, for what is not refused."""
        if uploaded.bucket != self._rules.bucket:
            return None
        refused = refusal(self._rules, uploaded.key, uploaded.size)
        if refused is None:
            return None
        item = self._item(uploaded, refused)
        self._ledger.record_item(item)
        end = self._end(item)
        if not self._ledger.finish(end):
            return None
        self._bus.put([notice.item_rejected(self._project, item)])
        self._ledger.announced(end.run, end.state)
        return item

    def _item(self, uploaded: Uploaded, refused: Refusal) -> Item:
        return Item(
            bucket=uploaded.bucket,
            key=uploaded.key,
            task=names.ALL_TASKS,
            outcome=Outcome.REJECTED,
            run=names.upload_run(
                self._recipe, uploaded.bucket, uploaded.key, uploaded.etag, uploaded.sequencer
            ),
            order=upload_order(uploaded.time, uploaded.sequencer),
            modified=uploaded.time,
            etag=uploaded.etag,
            error_class=refused.error_class,
            message=refused.message,
            facts={"source-bytes": uploaded.size},
            updated=uploaded.time,
        )

    def _end(self, item: Item) -> RunEnd:
        state, counts = finished(1, Counts(rejected=1))
        return RunEnd(
            run=item.run,
            lane="upload",
            state=state,
            counts=counts,
            sources=1,
            recipe=self._recipe,
            job="",
            errors=(ErrorGroup(item.error_class, 1, item.key, item.message),),
            source=f"s3://{item.bucket}/{item.key}",
            started=item.modified,
            stopped=item.modified,
        )
