"""An upload, through the real event path, to variants, ledger and SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.pictures import mean_colour, picture, size_and_format

from batchkit.errors import EX_DATAERR
from batchkit.planning import names

if TYPE_CHECKING:
    from support.world import World

DONE = {"thumb": "done", "small": "done", "mono": "done"}


def outcomes(items: dict[str, dict[str, object]]) -> dict[str, object]:
    return {task: item["outcome"] for task, item in items.items()}


def test_an_upload_becomes_all_its_variants_and_a_message(photos: World) -> None:
    photos.put("uploads/a.jpg", picture(640, 480))

    items = photos.settled("uploads/a.jpg")

    assert outcomes(items) == DONE
    made = {task: size_and_format(photos.output("uploads/a.jpg", task) or b"") for task in DONE}
    assert made == {"thumb": ((64, 64), "WEBP"), "small": ((320, 240), "JPEG"), "mono": ((160, 120), "PNG")}
    assert items["small"]["facts"]["width"] == 320
    assert items["small"]["bytes"] == len(photos.output("uploads/a.jpg", "small") or b"")
    message = photos.message(items["small"]["run"])
    assert "SUCCEEDED" in message
    assert "uploads/a.jpg" in message
    assert f"batchkit status {items['small']['run']}" in message


def test_each_child_of_the_array_makes_one_variant(photos: World) -> None:
    photos.put("uploads/children.jpg", picture())
    photos.settled("uploads/children.jpg")

    job = next(j for j in photos.jobs("photos-upload") if j["parameters"]["key"] == "uploads/children.jpg")

    assert job["arrayProperties"]["size"] == 3
    assert job["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    assert job["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "name",
    [
        "with space.jpg",
        "a+b.jpg",
        "100%25.jpg",
        "żółć 写真 🦊.jpg",
        "comma,semi;colon&amp='single'.jpg",
        "..jpg",
        "a//b/../c.jpg",
        "--recipe.jpg",
        "Ref::bucket.jpg",
        "LOUD.JPG",
    ],
)
def test_a_key_is_never_decoded_or_normalised(photos: World, name: str) -> None:
    key = f"uploads/{name}"
    photos.put(key, picture(200, 100))

    assert outcomes(photos.settled(key)) == DONE
    assert size_and_format(photos.output(key, "mono") or b"") == ((160, 80), "PNG")


def test_a_key_of_a_thousand_bytes_is_processed(photos: World) -> None:
    key = "uploads/" + "k" * 988 + ".jpg"
    assert len(key.encode()) == 1000
    photos.put(key, picture(200, 100))

    assert outcomes(photos.settled(key)) == DONE


def test_a_key_whose_outputs_would_be_too_long_is_rejected_and_not_lost(photos: World) -> None:
    key = "uploads/" + "k" * 1012 + ".jpg"
    photos.put(key, picture(200, 100))

    items = photos.settled(key)

    assert outcomes(items) == dict.fromkeys(DONE, "rejected")
    assert {item["error_class"] for item in items.values()} == {"OutputKeyTooLong"}


def test_a_key_with_a_quote_ends_among_the_dead_letters_and_is_recorded_as_rejected(photos: World) -> None:
    key = 'uploads/say "cheese".jpg'
    photos.put(key, picture())

    item = photos.settled(key, tasks=1)[names.ALL_TASKS]

    letters = [m for m in photos.dead_letters() if m["event"]["detail"]["object"]["key"] == key]
    assert [letter["ERROR_CODE"] for letter in letters] == ["INVALID_JSON"]
    assert (item["outcome"], item["error_class"]) == ("rejected", "UnsafeKey")
    assert "EventBridge cannot deliver" in photos.message(
        "rejected s3://photos-originals/uploads/say 'cheese'.jpg"
    )


def test_a_key_with_a_backslash_is_recorded_as_rejected_under_its_own_name(photos: World) -> None:
    # Unescaped, it is the key `uploads/ab.jpg` to whoever reads the job's input.
    key = r"uploads/a\u0062.jpg"
    photos.put(key, picture())

    items = photos.settled(key, tasks=1)

    assert {task: item["error_class"] for task, item in items.items()} == {names.ALL_TASKS: "UnsafeKey"}
    assert photos.output(key, "small") is None
    assert photos.output("uploads/ab.jpg", "small") is None


@pytest.mark.parametrize("victim", ["private/secret.jpg", "uploads/secret.txt"])
def test_a_key_that_names_another_object_gives_no_output_of_it(photos: World, victim: str) -> None:
    photos.put(victim, picture())
    key = f'uploads/x.jpg", "key": "{victim}", "z": ".jpg'
    photos.put(key, picture())

    assert photos.settled(key, tasks=1)[names.ALL_TASKS]["error_class"] == "UnsafeKey"

    (job,) = [job for job in photos.jobs("photos-upload") if job["parameters"]["key"] == victim]
    assert job["status"] == "FAILED"
    assert {photos.exit_code(job, child) for child in range(3)} == {EX_DATAERR}
    assert [photos.output(victim, task) for task in DONE] == [None] * 3


def test_a_key_cannot_bring_along_another_recipe_bucket_or_environment(photos: World) -> None:
    evil = '"ContainerOverrides": {"Environment": [{"Name": "BATCHKIT_UPLOADS", "Value": "{}"}]}'
    escape = f'uploads/e.jpg"}}, {evil}, "Parameters": {{"key": "private/e.jpg'
    twins = 'uploads/t.txt", "recipe": "evil", "bucket": "photos-variants", "key": "uploads/twin.jpg'
    photos.put("uploads/twin.jpg", picture())
    photos.settled("uploads/twin.jpg")
    for key in (escape, twins):
        photos.put(key, picture())
        assert photos.settled(key, tasks=1)[names.ALL_TASKS]["error_class"] == "UnsafeKey"

    letters = [m for m in photos.dead_letters() if m["event"]["detail"]["object"]["key"] == escape]
    assert [letter["ERROR_CODE"] for letter in letters] == ["INVALID_JSON"]
    found = [
        j["parameters"] for j in photos.jobs("photos-upload") if j["parameters"]["key"] == "uploads/twin.jpg"
    ]
    assert len(found) == 2
    assert {(given["bucket"], given["recipe"]) for given in found} == {
        ("photos-originals", photos.sandbox.project.recipe.digest)
    }
    assert outcomes(photos.items("uploads/twin.jpg")) == dict.fromkeys(DONE, "fresh")


def test_two_uploads_at_once_do_not_disturb_each_other(photos: World) -> None:
    photos.put("uploads/red.jpg", picture(colour="red"))
    photos.put("uploads/blue.jpg", picture(colour="blue"))

    assert outcomes(photos.settled("uploads/red.jpg")) == DONE
    assert outcomes(photos.settled("uploads/blue.jpg")) == DONE
    red, blue = (mean_colour(photos.output(f"uploads/{c}.jpg", "small") or b"") for c in ("red", "blue"))
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_the_last_of_many_overwrites_wins(photos: World) -> None:
    key = "uploads/overwritten.jpg"
    for colour in ("red", "green", "orange", "blue"):
        photos.put(key, picture(1200, 900, colour))

    items = photos.settled(key)

    etag = photos.objects.head("photos-originals", key)
    assert etag is not None
    assert {item["etag"] for item in items.values()} == {etag.etag}
    assert all(item["outcome"] in ("done", "fresh") for item in items.values())
    for task in ("thumb", "small"):
        colour_of = mean_colour(photos.output(key, task) or b"")
        assert colour_of[2] > colour_of[0], f"{task} is not of the last upload"


def test_the_same_event_delivered_twice_changes_nothing(photos: World) -> None:
    key = "uploads/twice.jpg"
    photos.put(key, picture())
    before = photos.settled(key)
    run = before["small"]["run"]
    photos.message(run)
    written = photos.objects.head("photos-variants", before["small"]["output"])
    event = next(
        trace.data["event"]
        for trace in photos.traces
        if trace.kind == "event"
        and trace.data["event"]["detail-type"] == "Object Created"
        and trace.data["event"]["detail"]["object"]["key"] == key
    )

    photos.sandbox.stack.bus.put(event)
    photos.quiet()

    assert len([j for j in photos.jobs("photos-upload") if j["parameters"]["key"] == key]) == 2
    assert photos.items(key) == before
    assert photos.objects.head("photos-variants", before["small"]["output"]) == written
    assert len(photos.messages(run)) == 1


def test_a_corrupt_picture_is_rejected_with_a_reason_and_a_message(photos: World) -> None:
    key = "uploads/corrupt.jpg"
    photos.put(key, picture(800, 600)[:2000])

    items = photos.settled(key)

    assert outcomes(items) == dict.fromkeys(DONE, "rejected")
    assert all(item["error_class"] and item["message"] for item in items.values())
    assert "FAILED" in photos.message(items["small"]["run"])
    assert photos.output(key, "small") is None


def test_a_text_named_jpg_is_rejected_by_its_content(photos: World) -> None:
    photos.put("uploads/notes.jpg", b"remember the milk\n" * 100)

    assert {i["error_class"] for i in photos.settled("uploads/notes.jpg").values()} == {"UnsupportedFormat"}


@pytest.mark.parametrize(
    ("name", "body", "error_class"),
    [
        ("movie.mp4", b"x" * 100, "WrongType"),
        ("huge.jpg", b"x" * 1_000_001, "TooBig"),
        ("empty.jpg", b"", "Empty"),
        ("shouting.jPg", b"x", "WrongType"),
    ],
)
def test_a_refused_upload_is_in_the_ledger_and_announced(
    photos: World, name: str, body: bytes, error_class: str
) -> None:
    key = f"uploads/{name}"
    photos.put(key, body)

    item = photos.settled(key, tasks=1)[names.ALL_TASKS]

    assert (item["outcome"], item["error_class"]) == ("rejected", error_class)
    assert key in photos.message(f"rejected s3://photos-originals/{key}")


def test_what_lies_outside_the_prefix_is_nobodys_business(photos: World) -> None:
    photos.put("elsewhere/a.jpg", picture())
    photos.put("uploads/folder/", b"")
    photos.quiet()

    assert photos.items("elsewhere/a.jpg") == {}
    assert photos.items("uploads/folder/") == {}


def test_the_children_log_structured_lines(photos: World) -> None:
    photos.put("uploads/logged.jpg", picture())
    photos.settled("uploads/logged.jpg")
    job = next(j for j in photos.jobs("photos-upload") if j["parameters"]["key"] == "uploads/logged.jpg")
    child = photos.sandbox.clients.batch.describe_jobs(jobs=[f"{job['jobId']}:1"])["jobs"][0]

    events = photos.sandbox.clients.logs.get_log_events(
        logGroupName="/batchkit/photos/worker", logStreamName=child["container"]["logStreamName"]
    )["events"]

    assert any('"uploads/logged.jpg"' in event["message"] for event in events)
    # Metrics cost by the month: without [alarms] there are none.
    assert not any('"_aws"' in event["message"] for event in events)
