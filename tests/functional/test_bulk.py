"""A manifest of many sources, done by an array job submitted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.bulk import submit
from support.pictures import picture, size_and_format

if TYPE_CHECKING:
    from support.world import World


def test_a_manifest_of_sources_is_done_by_an_array_of_children(photos: World) -> None:
    keys = [f"backfill/{n:02d} ü+.jpg" for n in range(7)]
    for key in keys:
        photos.put(key, picture(200, 100))
    photos.put(keys[3], b"not a picture")

    submit(photos, "bulk-test", keys, per_child=6)
    photos.quiet()

    for key in keys:
        wanted = "rejected" if key == keys[3] else "done"
        assert {i["outcome"] for i in photos.items(key).values()} == {wanted}
        if wanted == "done":
            assert size_and_format(photos.output(key, "mono") or b"") == ((160, 80), "PNG")
    message = photos.message("bulk-test")
    assert "PARTIAL" in message
    record = photos.sandbox.ledger.run("bulk-test")
    assert record is not None
    assert (record["counts"]["done"], record["counts"]["rejected"]) == (18, 3)
