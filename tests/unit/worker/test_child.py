"""Tests of batchkit.worker.child: from sources to outputs, items and a report."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.answers import Answers, error
from support.jobs import recipe
from support.moto_world import RUN, World, bulk, moto_clients, upload

from batchkit.aws.objects import Head, Object, Objects
from batchkit.errors import EX_NOPERM, EX_OK, EX_TEMPFAIL, InternalError, PermissionDenied
from batchkit.job import Original, Task

if TYPE_CHECKING:
    from collections.abc import Iterator


def names_of(ran_keys: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    return [key for key, _ in ran_keys]


def test_an_upload_becomes_its_outputs_items_and_reports(world: World) -> None:
    copies, source = recipe(["a", "b"]), world.put("in/photo.jpg", b"12345")
    ran = [world.run(copies, upload(copies, source, index)) for index in (0, 1)]
    assert [one.code for one in ran] == [EX_OK, EX_OK]
    assert world.output("in/photo/a.txt") == b"a:12345"
    assert world.output("in/photo/b.txt") == b"b:12345"
    item = world.items("in/photo.jpg")["b"]
    assert (item["outcome"], item["etag"], item["bytes"]) == ("done", source.etag, 7)
    assert item["facts"] == {"length": 5, "ratio": 0.5, "word": "1234"}
    run = upload(copies, source).run
    reports = world.reports(run, 2)
    assert [report["counts"]["done"] for report in reports] == [1, 1]


def test_a_source_is_read_and_made_once_for_all_tasks_of_a_child(world: World) -> None:
    copies = recipe(["a", "b", "c"])
    sources = [world.put(f"{n}.jpg", b"%d" % n) for n in range(4)]
    world.submit(copies, sources)
    ran = world.run(copies, bulk(copies, 4, 6, index=1))
    assert ran.code == EX_OK
    assert ran.made == [("2.jpg", ("a", "b", "c")), ("3.jpg", ("a", "b", "c"))]
    assert world.report(children=2)["counts"]["done"] == 6


def test_children_whose_shards_cut_a_source_make_their_tasks_only(world: World) -> None:
    copies = recipe(["a", "b", "c"])
    world.submit(copies, [world.put(f"{n}.jpg", b"x") for n in range(2)])
    ran = world.run(copies, bulk(copies, 2, 2, index=1))
    assert ran.made == [("0.jpg", ("c",)), ("1.jpg", ("a",))]


def test_a_child_beyond_the_last_item_does_nothing(world: World) -> None:
    copies = recipe(["a"])
    world.submit(copies, [world.put("0.jpg", b"x")])
    assert world.run(copies, bulk(copies, 1, 1, index=7)).made == []


def test_a_second_run_of_the_same_event_finds_everything_done_and_puts_nothing(world: World) -> None:
    copies, source = recipe(["a"]), world.put("photo.jpg", b"12345")
    world.run(copies, upload(copies, source))
    before, record = world.objects.head(world.outputs, "photo/a.txt"), world.items("photo.jpg")["a"]
    again = recipe(["a"])
    watched = Watched(world)
    assert world.run(again, upload(again, source, attempt=2), watched).code == EX_OK
    assert (watched.puts, watched.gets, again.job.made) == ([], [], [])  # type: ignore[attr-defined]
    assert world.objects.head(world.outputs, "photo/a.txt") == before
    assert world.items("photo.jpg")["a"] == record


def test_another_run_finds_it_fresh_with_all_the_facts_of_the_first(world: World) -> None:
    copies, source = recipe(["a"]), world.put("photo.jpg", b"12345")
    world.run(copies, upload(copies, source))
    first = world.items("photo.jpg")["a"]
    world.run(copies, upload(copies, source, sequencer="0B"))
    second = world.items("photo.jpg")["a"]
    assert second["outcome"] == "fresh"
    same = ("facts", "bytes", "output", "etag", "digest", "modified")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}


def test_a_changed_task_is_made_again_and_its_siblings_are_not(world: World) -> None:
    source = world.put("photo.jpg", b"1")
    before = recipe(["a", "b"])
    world.run(before, upload(before, source, index=0))
    world.run(before, upload(before, source, index=1))
    after = recipe(["a", "b"])
    after = replace(after, tasks=(after.tasks[0], replace(after.tasks[1], parameters={"quality": 90})))
    world.submit(after, [source])
    assert world.run(after, bulk(after, 1, 2)).made == [("photo.jpg", ("b",))]
    assert world.outcomes("photo.jpg") == {"a": "fresh", "b": "done"}


def test_a_lost_output_is_made_again(world: World) -> None:
    copies, source = recipe(["a", "b"]), world.put("photo.jpg", b"1")
    world.submit(copies, [source])
    world.run(copies, bulk(copies, 1, 2))
    world.clients.s3.delete_object(Bucket=world.outputs, Key="photo/b.txt")
    again = recipe(["a", "b"])
    assert world.run(again, bulk(again, 1, 2, attempt=2)).made == [("photo.jpg", ("b",))]


def test_a_new_upload_replaces_the_outputs_of_the_old_one(world: World) -> None:
    copies, old = recipe(["a"]), world.put("photo.jpg", b"old")
    world.run(copies, upload(copies, old))
    new = world.put("photo.jpg", b"new")
    world.run(copies, upload(copies, new, sequencer="0B"))
    assert world.output("photo/a.txt") == b"a:new"
    assert world.items("photo.jpg")["a"]["etag"] == new.etag


def test_the_late_event_of_an_overwritten_upload_changes_nothing(world: World) -> None:
    copies, old = recipe(["a"]), world.put("photo.jpg", b"old")
    new = world.put("photo.jpg", b"new")
    world.run(copies, upload(copies, new, sequencer="0B"))
    record = world.items("photo.jpg")["a"]
    world.run(copies, upload(copies, old, sequencer="0A"))
    assert world.output("photo/a.txt") == b"a:new"
    assert world.items("photo.jpg")["a"] == record


def test_a_retry_makes_the_tasks_that_its_manifest_names(world: World) -> None:
    copies, source = recipe(["a", "b", "c"]), world.put("photo.jpg", b"x")
    world.submit(copies, [msgspec.structs.replace(source, tasks=("b",))])
    ran = world.run(copies, bulk(copies, 1, 3))
    assert (ran.code, ran.made) == (EX_OK, [("photo.jpg", ("b",))])


def test_an_overwrite_while_the_source_is_made_ends_with_the_second_bytes(world: World) -> None:
    def overwrite(original: Original, task: Task) -> None:
        if original.body == b"first":
            world.put("photo.jpg", b"second")

    copies, source = recipe(["a", "b"], overwrite), world.put("photo.jpg", b"first")
    world.submit(copies, [source])
    ran = world.run(copies, bulk(copies, 1, 2))
    assert ran.code == EX_OK
    assert world.output("photo/a.txt") == b"a:second"
    assert world.output("photo/b.txt") == b"b:second"
    etags = {item["etag"] for item in world.items("photo.jpg").values()}
    assert etags == {world.put("photo.jpg", b"second").etag}
    assert world.report()["counts"]["done"] == 2


def test_a_source_that_never_stands_still_fails_and_leaves_no_stale_record(world: World) -> None:
    changes = iter(range(100))

    def overwrite(original: Original, task: Task) -> None:
        world.put("photo.jpg", b"version %d" % next(changes))

    copies, source = recipe(["a"], overwrite), world.put("photo.jpg", b"first")
    ran = world.run(copies, upload(copies, source))
    item = world.items("photo.jpg")["a"]
    assert (ran.code, item["outcome"], item["error_class"]) == (EX_OK, "failed", "SourceChanging")
    assert len(ran.made) == 5


def test_a_rejection_of_outdated_bytes_is_not_recorded(world: World) -> None:
    def overwrite(original: Original, task: Task) -> None:
        if original.body == b"reject this":
            world.put("photo.jpg", b"good")

    copies, source = recipe(["a"], overwrite), world.put("photo.jpg", b"reject this")
    world.run(copies, upload(copies, source))
    assert world.outcomes("photo.jpg") == {"a": "done"}


def test_a_source_that_vanished_is_rejected_at_the_time_of_its_event(world: World) -> None:
    copies, source = recipe(["a"]), world.put("photo.jpg", b"x")
    world.clients.s3.delete_object(Bucket=world.uploads, Key="photo.jpg")
    ran = world.run(copies, upload(copies, source))
    item = world.items("photo.jpg")["a"]
    assert (ran.code, item["outcome"], item["error_class"]) == (EX_OK, "rejected", "SourceGone")
    assert item["modified"] == upload(copies, source).time


def test_a_source_that_vanishes_while_it_is_made_is_rejected(world: World) -> None:
    def delete(original: Original, task: Task) -> None:
        world.clients.s3.delete_object(Bucket=world.uploads, Key="photo.jpg")

    copies, source = recipe(["a"], delete), world.put("photo.jpg", b"x")
    world.run(copies, upload(copies, source))
    assert world.items("photo.jpg")["a"]["error_class"] == "SourceGone"


@pytest.mark.parametrize(
    ("body", "outcomes", "error_class"),
    [
        (b"reject", {"a": "rejected", "b": "rejected"}, "NotWanted"),
        (b"crash", {"a": "done", "b": "failed"}, "ValueError"),
        (b"exit", {"a": "failed", "b": "failed"}, "SystemExit"),
        (b"silent", {"a": "failed", "b": "failed"}, "JobError"),
        (b"foreign", {"a": "failed", "b": "failed"}, "JobError"),
        (b"one bad", {"a": "rejected", "b": "done"}, "TooSmall"),
    ],
)
def test_whatever_a_job_does_each_task_gets_an_outcome_and_the_next_source_its_turn(
    world: World, body: bytes, outcomes: dict[str, str], error_class: str
) -> None:
    copies = recipe(["a", "b"])
    world.submit(copies, [world.put("bad.jpg", body), world.put("good.jpg", b"fine")])
    ran = world.run(copies, bulk(copies, 2, 4))
    assert ran.code == EX_OK
    assert world.outcomes("bad.jpg") == outcomes
    assert world.outcomes("good.jpg") == {"a": "done", "b": "done"}
    (group,) = world.report()["errors"]
    bad = sum(outcome != "done" for outcome in outcomes.values())
    assert (group["error_class"], group["count"], group["key"]) == (error_class, bad, "bad.jpg")
    assert len(list(world.ledger.bad_items(RUN))) == bad


def test_what_a_job_raises_is_logged_once_a_kind_with_its_traceback_and_no_secrets(world: World) -> None:
    copies = recipe(["a", "b"])
    world.submit(copies, [world.put(f"{n}.jpg", b"crash") for n in range(3)])
    (told,) = world.run(copies, bulk(copies, 3, 6)).said("the job raised")
    assert (told["level"], told["key"]) == ("error", "0.jpg")
    assert "in make" in told["traceback"]
    assert "AKIA" not in str(told)


def test_an_item_that_failed_is_made_by_a_later_attempt(world: World) -> None:
    copies, source = recipe(["a", "b"]), world.put("photo.jpg", b"crash")
    world.submit(copies, [source])
    world.run(copies, bulk(copies, 1, 2))
    mended = recipe(["a", "b"])
    mended.job._result = lambda original, task, is_first: type(mended.job)._result(  # type: ignore[attr-defined]
        mended.job, Original(original.key, b"fine"), task, is_first
    )
    world.run(mended, bulk(mended, 1, 2, attempt=2))
    assert world.outcomes("photo.jpg") == {"a": "done", "b": "done"}
    assert (world.report()["counts"]["done"], world.report()["attempt"]) == (2, 2)
    assert list(world.ledger.bad_items(RUN)) == []


def test_the_output_of_another_source_is_never_overwritten(world: World) -> None:
    copies = recipe(["a"])
    sources = [world.put("photo.jpg", b"jpeg"), world.put("photo.png", b"png")]
    world.submit(copies, sources)
    assert world.run(copies, bulk(copies, 2, 2)).code == EX_OK
    # Both are written in the background; whoever comes first keeps the place.
    items = {key: world.items(key)["a"] for key in ("photo.jpg", "photo.png")}
    first, second = sorted(items, key=lambda key: str(items[key]["outcome"]))
    assert (items[first]["outcome"], items[second]["outcome"]) == ("done", "rejected")
    assert items[second]["error_class"] == "OutputCollision"
    assert world.output("photo/a.txt") == {"photo.jpg": b"a:jpeg", "photo.png": b"a:png"}[first]


def test_two_tasks_with_one_output_key_collide_whoever_comes_first(world: World) -> None:
    world.place = type(world.place)(**{**vars(world.place), "template": "{stem}.{ext}"})
    copies, source = recipe(["a", "b"]), world.put("photo.jpg", b"x")
    world.run(copies, upload(copies, source, index=1))
    world.run(copies, upload(copies, source, index=0))
    assert world.outcomes("photo.jpg") == {"a": "done", "b": "rejected"}
    assert world.output("photo.txt") == b"a:x"


@pytest.mark.parametrize(
    "key",
    [
        "with space and+plus.jpg",
        "percent%25 & ampersand?.jpg",
        "//double//slash.jpg",
        "/leading.jpg",
        "a/../b/./c.jpg",
        "ünïcödé/日本語/🐟.jpg",
        "quote\"and'apostrophe\\back.jpg",
        "new\nline\ttab.jpg",
        "--option=1",
        "{task}/{dir}.jpg",
        ".hidden",
    ],
)
def test_hostile_keys_are_keys_like_any_other(world: World, key: str) -> None:
    copies, source = recipe(["a"]), world.put(key, b"fine")
    world.submit(copies, [source])
    assert world.run(copies, bulk(copies, 1, 1)).code == EX_OK
    item = world.items(key)["a"]
    assert item["outcome"] == "done"
    assert world.output(item["output"]) == b"a:fine"


def test_a_key_too_long_for_its_output_is_rejected(world: World) -> None:
    copies, source = recipe(["a"]), world.put("x" * 1020 + ".jpg", b"fine")
    world.run(copies, upload(copies, source))
    assert world.items(source.key)["a"]["error_class"] == "OutputKeyTooLong"


def test_a_source_over_the_limit_is_rejected_without_a_download(world: World) -> None:
    world.place = type(world.place)(**{**vars(world.place), "max_bytes": 3})
    copies, source = recipe(["a"]), world.put("photo.jpg", b"1234")
    watched = Watched(world)
    world.run(copies, upload(copies, source), watched)
    assert world.items("photo.jpg")["a"]["error_class"] == "SourceTooBig"
    assert watched.gets == []


def test_a_stopped_child_reports_the_items_it_did_not_reach(world: World) -> None:
    def stop(original: Original, task: Task) -> None:
        if (original.key, task.name) == ("1.jpg", "a"):
            world.stop.request()

    copies = recipe(["a", "b"], stop)
    world.submit(copies, [world.put(f"{n}.jpg", b"x") for n in range(4)])
    ran = world.run(copies, bulk(copies, 4, 8))
    assert ran.code == EX_TEMPFAIL
    assert world.outcomes("0.jpg") == {"a": "done", "b": "done"}
    assert world.outcomes("1.jpg") == {"a": "done"}
    assert world.report()["counts"]["done"] == 3
    (line,) = ran.said("the child did not reach all of its items")
    assert line["found"] == "3 of 8 items have an outcome, 5 were not reached"
    assert names_of(ran.made) == ["0.jpg", "1.jpg"]


def test_the_attempt_after_a_stop_makes_what_is_missing_and_reports_all(world: World) -> None:
    test_a_stopped_child_reports_the_items_it_did_not_reach(world)
    world.stop.requested = False
    copies = recipe(["a", "b"])
    ran = world.run(copies, bulk(copies, 4, 8, attempt=2))
    assert ran.code == EX_OK
    assert ran.made == [("1.jpg", ("b",)), ("2.jpg", ("a", "b")), ("3.jpg", ("a", "b"))]
    assert world.report()["counts"] == {"done": 8, "fresh": 0, "rejected": 0, "failed": 0, "bytes": 24}


def test_a_stop_in_the_last_item_is_no_interruption(world: World) -> None:
    copies, source = recipe(["a"], lambda original, task: world.stop.request()), world.put("p.jpg", b"x")
    assert world.run(copies, upload(copies, source)).code == EX_OK


class Watched(Objects):
    """Objects that tell what they were asked for, and can be held up in `get`."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clients.s3)
        self.gets: list[str] = []
        self.puts: list[str] = []
        self.got = threading.Semaphore(0)

    def get(self, bucket: str, key: str, etag: str | None = None) -> Object | None:
        self.gets.append(key)
        found = super().get(bucket, key, etag)
        self.got.release()
        return found

    def put(self, bucket: str, key: str, *args: object, **options: object) -> bool:
        self.puts.append(key)
        return super().put(bucket, key, *args, **options)  # type: ignore[arg-type]


def test_the_next_source_is_downloaded_while_this_one_is_made_and_no_more(world: World) -> None:
    watched = Watched(world)
    seen: list[list[str]] = []

    def wait_for_the_next(original: Original, task: Task) -> None:
        # Without prefetch nobody would ever release it: the child would hang here and the test fail.
        wanted = 2 if original.key == "0.jpg" else 1
        if original.key != "3.jpg":
            assert all(watched.got.acquire(timeout=60) for _ in range(wanted))
        seen.append(list(watched.gets))

    copies = recipe(["a"], wait_for_the_next)
    sources = [world.put(f"{n}.jpg", b"x") for n in range(4)]
    world.submit(copies, sources)
    assert world.run(copies, bulk(copies, 4, 4), watched).code == EX_OK
    keys = [source.key for source in sources]
    assert seen == [keys[:2], keys[:3], keys[:4], keys[:4]]


class Failing(Objects):
    """Objects whose nth head of an output raises."""

    def __init__(self, world: World, key: str, error: Exception) -> None:
        super().__init__(world.clients.s3)
        self.key = key
        self.error = error

    def head(self, bucket: str, key: str) -> Head | None:
        if key == self.key:
            raise self.error
        return super().head(bucket, key)


def test_refused_access_stops_the_child_after_it_recorded_what_it_could(world: World) -> None:
    copies = recipe(["a"])
    world.submit(copies, [world.put(f"{n}.jpg", b"x") for n in range(4)])
    ran = world.run(copies, bulk(copies, 4, 4), Failing(world, "2.jpg", PermissionDenied("no")))
    assert ran.code == EX_NOPERM
    assert [world.outcomes(f"{n}.jpg") for n in range(4)] == [{"a": "done"}, {"a": "done"}, {}, {}]
    assert world.report()["counts"]["done"] == 2


def test_one_unreadable_source_does_not_stop_the_others(world: World) -> None:
    copies = recipe(["a"])
    world.submit(copies, [world.put(f"{n}.jpg", b"x") for n in range(2)])
    ran = world.run(copies, bulk(copies, 2, 2), Failing(world, "0.jpg", InternalError("no", found="SSE-C")))
    assert ran.code == EX_OK
    assert world.items("0.jpg")["a"]["message"] == "no: SSE-C"
    assert world.outcomes("1.jpg") == {"a": "done"}


def test_the_child_says_what_it_did_in_metrics_of_the_embedded_format(world: World) -> None:
    copies, source = recipe(["a"]), world.put("photo.jpg", b"12345")
    (line,) = world.run(copies, upload(copies, source)).said("metrics")
    assert (line["Items"], line["BytesIn"], line["BytesOut"]) == (1, 5, 7)
    assert (line["Project"], line["Lane"], line["child"]) == ("photos", "upload", 0)


@pytest.fixture
def own_world() -> Iterator[World]:
    """A world with clients of its own, because a test hooks into them."""
    with moto_clients() as clients:
        yield World(clients)


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "PutObject"])
@pytest.mark.parametrize("status", [500, 503])
def test_s3_that_keeps_failing_ends_the_child_with_75_and_a_report(
    own_world: World, operation: str, status: int
) -> None:
    copies = recipe(["a"])
    own_world.submit(copies, [own_world.put("0.jpg", b"x")])
    answers = Answers(own_world.clients.s3, operation, *[(status, error("SlowDown"), {})] * 2)
    # The recipe and the manifest are read without trouble.
    answers.only = "/0"
    assert own_world.run(copies, bulk(copies, 1, 1)).code == EX_TEMPFAIL
    assert own_world.outcomes("0.jpg") == {}
    assert own_world.report()["counts"]["done"] == 0
    answers.left = []
    assert own_world.run(copies, bulk(copies, 1, 1, attempt=2)).code == EX_OK
    assert own_world.outcomes("0.jpg") == {"a": "done"}


def test_a_ledger_that_is_throttled_ends_the_child_with_75_and_nothing_counts(own_world: World) -> None:
    throttled = b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'
    copies = recipe(["a"])
    own_world.submit(copies, [own_world.put("0.jpg", b"x")])
    Answers(own_world.clients.dynamodb, "PutItem", (400, throttled, {}))
    assert own_world.run(copies, bulk(copies, 1, 1)).code == EX_TEMPFAIL
    assert own_world.report()["counts"]["done"] == 0
    again = recipe(["a"])
    ran = own_world.run(again, bulk(again, 1, 1, attempt=2))
    assert (ran.code, ran.made, own_world.outcomes("0.jpg")) == (EX_OK, [], {"a": "done"})
    assert own_world.report()["counts"]["done"] == 1
