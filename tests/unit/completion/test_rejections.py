from __future__ import annotations

import json
from typing import Any

from support.cloud import ROOT

from batchkit.completion import rejections
from batchkit.planning import names

from .conftest import UPLOADS, House

SAMPLES = ROOT / "eventbridge" / "events"


def sample(name: str, key: str | None = None) -> dict[str, Any]:
    event = dict(json.loads((SAMPLES / f"{name}.json").read_text()))
    if key is not None:
        event["detail"]["object"]["key"] = key
    return event


def tell(house: House, event: dict[str, Any]) -> Any:
    uploaded = rejections.parse(event)
    assert uploaded is not None
    return house.rejections.record(uploaded)


def test_a_refused_upload_is_recorded_and_announced(house: House) -> None:
    tell(house, sample("upload-rejected/match/wrong-type", "uploads/one.txt"))
    (item,) = house.ledger.items(UPLOADS, "uploads/one.txt")
    assert (item["task"], item["outcome"], item["error_class"]) == (names.ALL_TASKS, "rejected", "WrongType")
    assert item["facts"] == {"source-bytes": 1200}
    (detail,) = house.events.details
    assert (detail["key"], detail["error_class"], detail["run"]) == (
        "uploads/one.txt",
        "WrongType",
        item["run"],
    )
    run = house.ledger.run(item["run"])
    assert run is not None
    assert (run["state"], run["counts"]["rejected"], run["announced"]) == ("FAILED", 1, run["rank"])
    assert [bad["key"] for bad in house.ledger.bad_items(item["run"])] == ["uploads/one.txt"]


def test_the_same_event_again_announces_nothing(house: House) -> None:
    event = sample("upload-rejected/match/too-big", "uploads/twice.tiff")
    assert tell(house, event) is not None
    assert tell(house, event) is None
    assert len(house.events.details) == 1


def test_a_second_refused_upload_of_the_same_key_is_a_run_of_its_own(house: House) -> None:
    event = sample("upload-rejected/match/empty", "uploads/again.jpg")
    tell(house, event)
    event["detail"]["object"]["sequencer"] += "FF"
    event["time"] = "2026-11-20T08:16:30Z"
    tell(house, event)
    runs = {detail["run"] for detail in house.events.details}
    assert len(runs) == 2
    (item,) = house.ledger.items(UPLOADS, "uploads/again.jpg")
    assert item["run"] == house.events.details[1]["run"]


def test_an_older_refusal_that_comes_late_does_not_replace_a_newer_one(house: House) -> None:
    newer = sample("upload-rejected/match/empty", "uploads/late.jpg")
    older = sample("upload-rejected/match/empty", "uploads/late.jpg")
    older["detail"]["object"]["sequencer"] = "0065A1B2C3D4E5F600"
    first, second = tell(house, newer), tell(house, older)
    (item,) = house.ledger.items(UPLOADS, "uploads/late.jpg")
    assert item["run"] == first.run != second.run


def test_what_the_rule_sends_without_need_is_left_alone(house: House) -> None:
    assert tell(house, sample("upload-rejected/match/other-prefix-and-type")) is None
    assert tell(house, sample("upload-rejected/miss/other-bucket")) is None
    assert tell(house, sample("upload-accepted/match/put")) is None
    assert house.events.details == []


def test_any_other_event_is_no_upload() -> None:
    assert rejections.parse(sample("upload-rejected/miss/deleted")) is None
    assert rejections.parse({}) is None
    assert (
        rejections.parse({"detail-type": "Object Created", "detail": {"bucket": "b", "object": []}}) is None
    )
