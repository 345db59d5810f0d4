"""A project's gallery in a test's hands: runs that are over, and what the gallery says of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from batchkit import canonical
from batchkit.aws.bus import Bus
from batchkit.gallery import rows, site
from batchkit.gallery.changing import Files
from batchkit.gallery.curator import Curator
from batchkit.gallery.records import Run, record
from batchkit.planning import manifest, names
from batchkit.planning.manifest import Source
from batchkit.planning.records import Item, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState, upload_order

if TYPE_CHECKING:
    from batchkit.aws.objects import Objects
    from support.moto_world import World

TIME = 1_700_000_000
RECIPE = canonical.encode({"format": 1, "uses": "image-variants", "tasks": []})
RUN = Run(lane="upload", state="SUCCEEDED", job="image-variants", started=TIME, stopped=TIME + 9)


def item(key: str, task: str = "thumb", **facts: Any) -> Item:
    """A good item of a picture; facts named as the item's fields replace them."""
    bucket = facts.pop("bucket", "originals")
    known = {
        "outcome": Outcome.DONE,
        "run": "u-1",
        "order": upload_order(TIME, "0A"),
        "modified": TIME,
        "etag": "e1",
        "output": f"{key}/{task}.webp",
        "bytes": 1000,
        "milliseconds": 12,
        "updated": TIME + 5,
    }
    given = {name: facts.pop(name) for name in list(facts) if name in Item.__dataclass_fields__}
    return Item(
        bucket=bucket, key=key, task=task, facts={"width": 320, "height": 240, **facts}, **{**known, **given}
    )


def shown(one: Item) -> dict[str, Any]:
    """An item as the ledger gives it back."""
    return {**one.__dict__, "outcome": one.outcome.value, "facts": dict(one.facts), "version": one.version}


class Sent:
    """An EventBridge client that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803  botocore's spelling
        self.events += [
            {"detail-type": one["DetailType"], "detail": json.loads(one["Detail"])} for one in Entries
        ]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}


class House:
    """A curator and what it works with."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = Sent()
        self.files = Files(world.objects, world.outputs, sleep=lambda _: None)
        self.digest = canonical.digest(RECIPE)
        world.objects.put(world.artifacts, names.recipe_key(self.digest), RECIPE, "application/json")

    @property
    def curator(self) -> Curator:
        return Curator(
            project="photos",
            artifacts=self.world.artifacts,
            ledger=self.world.ledger,
            objects=self.world.objects,
            bus=Bus(cast("Any", self.sent), "photos"),
            files=self.files,
        )

    def ended(self, run: str, *, source: str = "", sources: int = 1, state: str = "SUCCEEDED") -> None:
        """Record the end of a run: of an upload where it has a source, of a backfill else."""
        self.world.ledger.finish(
            RunEnd(
                run=run,
                lane="upload" if source else "bulk",
                state=RunState(state),
                counts=Counts(done=sources),
                sources=sources,
                recipe=self.digest,
                job="job",
                source=source,
                started=TIME,
                stopped=TIME + 9,
            )
        )

    def manifest(self, run: str, keys: list[str], size: int = 0, etag: str = "") -> None:
        sources = [Source("originals", key, etag, size) for key in keys]
        chunks = list(manifest.write(sources))
        for key, at in ((names.manifest_key(run), 0), (names.index_key(run), 1)):
            body = b"".join(chunk[at] for chunk in chunks)
            self.world.objects.put(self.world.artifacts, key, body, "text/plain")

    def record(self, bucket: str, key: str) -> dict[str, Any] | None:
        identity = names.source_id(bucket, key)
        shelf = self.files.read(names.gallery_shelf(identity))
        found: dict[str, Any] | None = shelf["sources"].get(identity) if shelf else None
        return found

    def rows(self) -> dict[str, dict[str, Any]]:
        """All rows of the index by key, as the page reads them."""
        directory = self.files.read(names.gallery_directory())
        found = {}
        for part in directory["parts"] if directory else ():
            index = self.files.read(names.gallery_index(part))
            assert index is not None
            for row in index["rows"]:
                named = dict(zip(index["fields"], row, strict=True))
                found[named["key"]] = named
        return found


def filled(objects: Objects, bucket: str, count: int) -> None:
    """A gallery of `count` sources in a bucket, without their outputs."""
    for one in (*site.placed("photos", ""), site.empty()):
        objects.put(bucket, one.key, one.body, one.content_type, headers=one.headers)
    made = (
        record("originals", key, [shown(item(key, colour=f"#{number * 99 % 2**24:06x}"))], {"u-1": RUN})
        for number, key in (
            (number, f"2026/{number % 12:02d}/IMG_{number:07d}.jpg") for number in range(count)
        )
    )
    rows_by_part: dict[str, list[Any]] = {}
    for one in made:
        identity = names.source_id(one["bucket"], one["key"])
        row = rows.row(identity, one, 1)
        # There are no outputs, and a request for each would be one for nothing.
        row[rows.FIELDS.index("thumb")] = ""
        rows_by_part.setdefault(names.gallery_part(identity), []).append(row)
    files = Files(objects, bucket)
    for part, found in rows_by_part.items():
        document = {"fields": rows.FIELDS, "rows": rows.joined([], found)}
        files.change(names.gallery_index(part), lambda _, document=document: document)
    if rows_by_part:
        files.change(names.gallery_directory(), lambda _: {"parts": sorted(rows_by_part)})
