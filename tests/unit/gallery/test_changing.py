from __future__ import annotations

import pytest
from support.gallery import House

from batchkit.errors import DataError, Throttled
from batchkit.gallery import changing
from batchkit.gallery.changing import Document

KEY = "_gallery/data/x.json"


def test_a_change_that_came_too_late_is_made_again_on_what_is_there(house: House) -> None:
    rivals = iter([{"who": ["rival"]}, None])
    seen: list[object] = []

    def add(before: Document | None) -> Document:
        rival = next(rivals, None)
        if rival:
            house.files.change(KEY, lambda _: rival)
        seen.append(before and before["who"])
        return {"who": [*(before["who"] if before else []), "me"]}

    house.files.change(KEY, add)

    assert seen == [None, ["rival"]]
    assert house.files.read(KEY) == {"format": 1, "who": ["rival", "me"]}


def test_whoever_is_always_too_late_says_so_and_leaves_the_rest_to_the_retry(house: House) -> None:
    count = iter(range(1000))

    waits: list[float] = []
    slow = changing.Files(house.world.objects, house.world.outputs, sleep=waits.append, chance=lambda: 1.0)

    def beaten(before: Document | None) -> Document:
        house.files.change(KEY, lambda _: {"rival": next(count)})
        return {"mine": True}

    with pytest.raises(Throttled, match="again and again"):
        slow.change(KEY, beaten)
    assert len(waits) == changing.ATTEMPTS
    assert max(waits) == changing.LONGEST_WAIT


def test_nothing_to_do_writes_nothing(house: House) -> None:
    house.files.change(KEY, lambda _: {"a": 1})
    before = house.world.objects.head(house.world.outputs, KEY)
    house.files.change(KEY, lambda _: None)
    assert house.world.objects.head(house.world.outputs, KEY) == before


@pytest.mark.parametrize("body", [b"", b"{}", changing.encoded({})[:-9], changing.encoded({"format": 2})])
def test_what_is_not_a_file_of_the_gallery_is_not_replaced(house: House, body: bytes) -> None:
    house.world.objects.put(house.world.outputs, KEY, body, "application/json")
    with pytest.raises(DataError, match="is not a file of the gallery"):
        house.files.change(KEY, lambda _: {"a": 1})
