from __future__ import annotations

from typing import Any

import pytest
from support.gallery import TIME, House, item

from batchkit.errors import DataError
from batchkit.gallery import curator, due
from batchkit.gallery.due import Due
from batchkit.gallery.rebuilding import rebuild
from batchkit.planning import names
from batchkit.planning.states import Outcome


def forever() -> float:
    return 900.0


def uploaded(house: House, key: str, run: str = "u-1") -> None:
    source = house.world.put(key, b"x" * 5000)
    for task in ("thumb", "large"):
        house.world.ledger.record_item(item(key, task, bucket=house.world.uploads, etag=source.etag, run=run))
    house.ended(run, source=f"s3://{house.world.uploads}/{key}")


def snapshot(house: House) -> dict[str, str]:
    listed = house.world.clients.s3.list_objects_v2(Bucket=house.world.outputs, Prefix=names.GALLERY)
    return {one["Key"]: one["ETag"] for one in listed.get("Contents", ())}


def test_an_upload_is_shown_with_its_items_its_size_and_its_run(house: House) -> None:
    uploaded(house, "a.jpg")

    done = house.curator.update(Due("u-1"), forever)

    assert (done.sources, done.sent) == (1, 0)
    record = house.record(house.world.uploads, "a.jpg")
    assert record is not None
    assert set(record["items"]) == {"thumb", "large"}
    assert record["items"]["thumb"]["source"] == 5000
    assert record["runs"]["u-1"] == {
        "lane": "upload",
        "state": "SUCCEEDED",
        "job": "image-variants",
        "started": TIME,
        "stopped": TIME + 9,
    }
    assert house.rows()["a.jpg"]["outputs"] == 2


def test_the_same_event_twice_writes_nothing(house: House) -> None:
    uploaded(house, "a.jpg")
    house.curator.update(Due("u-1"), forever)
    before = snapshot(house)
    house.curator.update(Due("u-1"), forever)
    assert snapshot(house) == before


def test_a_handler_that_died_between_shelf_and_index_is_made_good_by_its_repetition(house: House) -> None:
    uploaded(house, "a.jpg")
    house.curator.update(Due("u-1"), forever)
    part = names.gallery_part(names.source_id(house.world.uploads, "a.jpg"))
    house.world.objects.delete(house.world.outputs, names.gallery_index(part))
    house.world.objects.delete(house.world.outputs, names.gallery_directory())
    house.curator.update(Due("u-1"), forever)
    assert set(house.rows()) == {"a.jpg"}


def test_a_later_run_is_joined_to_what_is_known(house: House) -> None:
    uploaded(house, "a.jpg")
    house.curator.update(Due("u-1"), forever)
    bad = item(
        "a.jpg",
        "large",
        bucket=house.world.uploads,
        modified=TIME + 60,
        outcome=Outcome.REJECTED,
        output="",
        run="u-2",
        message="<b>no</b>",
        error_class="Truncated",
    )
    house.world.ledger.record_item(bad)
    house.ended("u-2", source=f"s3://{house.world.uploads}/a.jpg", state="FAILED")
    house.curator.update(Due("u-2"), forever)

    record = house.record(house.world.uploads, "a.jpg")
    assert record is not None
    assert set(record["runs"]) == {"u-1", "u-2"}
    assert record["items"]["large"]["message"] == "<b>no</b>"
    assert house.rows()["a.jpg"]["outcomes"] == 2


def test_a_source_that_is_gone_is_shown_without_its_size(house: House) -> None:
    uploaded(house, "a.jpg")
    house.world.clients.s3.delete_object(Bucket=house.world.uploads, Key="a.jpg")
    house.curator.update(Due("u-1"), forever)
    assert house.rows()["a.jpg"]["source"] == 0


def test_a_backfill_is_read_from_its_manifest(house: House) -> None:
    keys = [f"k/{n}.jpg" for n in range(40)]
    house.manifest("b-1", keys, size=7000, etag="e1")
    house.ended("b-1", sources=len(keys))
    for key in keys[1:]:
        house.world.ledger.record_item(item(key, run="b-1"))

    done = house.curator.update(Due("b-1"), forever)

    assert done.sources == len(keys)
    rows = house.rows()
    assert set(rows) == set(keys)
    assert rows["k/1.jpg"]["source"] == 7000
    # Its child died before it could record anything.
    assert (rows["k/0.jpg"]["outcomes"], rows["k/0.jpg"]["outputs"]) == (1, 0)


def test_a_large_backfill_is_sent_on_in_spans_that_cover_every_shelf_once(house: House) -> None:
    house.ended("b-1", sources=1_000_000)

    done = house.curator.update(Due("b-1"), forever)

    spans = [found for event in house.sent.events if (found := due.parse(event))]
    assert done.sent == len(spans) == due.MAX_SPANS
    assert not any(span.is_whole for span in spans)
    shelves = [shelf for span in spans for shelf in range(span.first, span.stop)]
    assert shelves == list(range(names.GALLERY_SHELVES))


def test_a_span_without_time_does_a_batch_and_sends_the_rest_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curator, "BATCH_SOURCES", 10)
    keys = [f"k/{n}.jpg" for n in range(60)]
    house.manifest("b-1", keys)
    house.ended("b-1", sources=len(keys))
    left = Due("b-1", 0, names.GALLERY_SHELVES // 2)
    pending, counts = [left], list[int]()
    while pending:
        counts.append(house.curator.update(pending.pop(), lambda: 1.0).sources)
        pending += [found for event in house.sent.events if (found := due.parse(event))]
        house.sent.events.clear()
    mine = {key for key in keys if names.gallery_shelf_number(names.source_id("originals", key)) < left.stop}
    assert set(house.rows()) == mine
    assert max(counts) <= 10
    assert sum(counts) == len(mine)


def test_the_ledger_alone_makes_the_same_gallery_again(house: House) -> None:
    for number in range(5):
        uploaded(house, f"{number}.jpg", run=f"u-{number}")
        house.curator.update(Due(f"u-{number}"), forever)
    before = house.rows()
    for key in snapshot(house):
        house.world.objects.delete(house.world.outputs, key)
    counts: list[int] = []

    rebuild(house.world.ledger, house.world.objects, house.world.artifacts, house.files, counts.append)

    # What only the source itself knew is gone with it.
    assert house.rows() == {key: {**row, "source": 0} for key, row in before.items()}
    assert counts == [10]


def test_a_run_that_nobody_knows_is_an_error_and_no_silence(house: House) -> None:
    with pytest.raises(DataError, match="does not know the run"):
        house.curator.update(Due("u-unknown"), forever)


@pytest.mark.parametrize("body", [b"no json\n", b'{"bucket": "b"}\n', b"[]\n"])
def test_a_damaged_manifest_is_an_error(house: House, body: bytes) -> None:
    house.manifest("b-1", ["a.jpg"])
    house.ended("b-1")
    key, artifacts = names.manifest_key("b-1"), house.world.artifacts
    length = len(house.world.objects.get(artifacts, key).body)  # type: ignore[union-attr]
    house.world.objects.put(artifacts, key, body.rjust(length), "text/plain")
    with pytest.raises(DataError, match="cannot be read"):
        house.curator.update(Due("b-1"), forever)


def test_a_manifest_whose_index_is_short_is_an_error(house: House) -> None:
    house.manifest("b-1", ["a.jpg"])
    house.ended("b-1", sources=3)
    with pytest.raises(DataError, match="cannot be read"):
        house.curator.update(Due("b-1"), forever)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail-type": "Run Finished", "detail": {}},
        {"detail-type": "Other", "detail": {"run": "u-1"}},
        {"detail-type": "Gallery Due", "detail": {"run": "u-1", "first": 5, "stop": 5}},
        {"detail-type": "Gallery Due", "detail": {"run": "u-1", "first": 0, "stop": 5000}},
        {"detail-type": "Gallery Due", "detail": {"run": "u-1", "first": "0", "stop": 9}},
    ],
)
def test_any_other_event_is_nobodys_business(event: dict[str, Any]) -> None:
    assert due.parse(event) is None
