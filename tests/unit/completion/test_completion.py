from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.projects import photos

from batchkit.aws.bus import Announcement, Bus
from batchkit.aws.ledger import Ledger
from batchkit.aws.run_ledger import RunLedger
from batchkit.completion import changes
from batchkit.completion.completion import Completion
from batchkit.completion.reading import epoch_seconds
from batchkit.errors import DataError, Throttled
from batchkit.planning import names
from batchkit.planning.arrays import Array
from batchkit.planning.records import ArrayEnd, ChildFailure, Item, RunEnd
from batchkit.planning.shards import Shape
from batchkit.planning.states import Outcome, RunState, upload_order

from .conftest import ARTIFACTS, TABLE, TASKS, UPLOADS, House
from .jobs import CREATED, Job, bulk, report, run_of, upload

SHAPE = Shape(sources=1, tasks=TASKS, per_child=1)
numbers = count()


def tell(house: House, *events: dict[str, Any]) -> None:
    for event in events:
        change = changes.parse(event)
        assert change is not None
        house.completion.record(change)


def put(house: House, key: str, body: bytes = b"jpeg") -> str:
    house.objects.put(UPLOADS, key, body, "image/jpeg")
    head = house.objects.head(UPLOADS, key)
    assert head is not None
    return head.etag


def uploaded(house: House, key: str = "uploads/a.jpg") -> Job:
    return upload(house.recipe.digest, key, put(house, key))


def states(house: House) -> list[tuple[str, str]]:
    return [(detail["run"], detail["state"]) for detail in house.events.details]


def outcomes(house: House, key: str) -> dict[str, str]:
    return {item["task"]: item["outcome"] for item in house.ledger.items(UPLOADS, key)}


def test_an_upload_whose_children_all_reported_has_succeeded(house: House) -> None:
    job = uploaded(house, "uploads/good.jpg")
    for child in range(TASKS):
        house.ledger.record_report(report(run_of(job), child, SHAPE, done=1, bytes=10))
    tell(house, job.ended())
    (detail,) = house.events.details
    assert detail["state"] == "SUCCEEDED"
    assert detail["counts"] == {"done": 3, "fresh": 0, "rejected": 0, "failed": 0, "bytes": 30}
    assert (detail["source"], detail["sources"]) == (f"s3://{UPLOADS}/uploads/good.jpg", 1)
    assert (detail["started"], detail["stopped"]) == (CREATED, CREATED + 60)
    record = record_of(house, run_of(job))
    assert (record["state"], record["lane"], record["job"]) == ("SUCCEEDED", "upload", "upload-job")


def test_a_dead_child_leaves_its_task_failed_and_the_run_partial(house: House) -> None:
    job = uploaded(house, "uploads/dead-child.jpg")
    for child in (0, 2):
        house.ledger.record_report(report(run_of(job), child, SHAPE))
    tell(house, job.child_failed(1), job.ended(failed=[1]))
    assert states(house) == [(run_of(job), "PARTIAL")]
    assert outcomes(house, "uploads/dead-child.jpg") == {"copy-1": "failed"}
    (bad,) = house.ledger.bad_items(run_of(job))
    assert (bad["error_class"], bad["attempt"]) == ("HostLost", 0)
    assert house.events.details[0]["errors"][0]["error_class"] == "HostLost"


def test_a_plain_job_that_dies_is_child_and_run_at_once(house: House) -> None:
    house.recipe = single(house)
    job = upload(house.recipe.digest, "uploads/plain.jpg", put(house, "uploads/plain.jpg"), size=1)
    tell(house, job.child_failed(0))
    assert states(house) == [(run_of(job), "FAILED")]
    assert outcomes(house, "uploads/plain.jpg") == {"copy-0": "failed"}


def single(house: House) -> Any:

    recipe = photos(tasks=1).recipe
    house.objects.put(ARTIFACTS, names.recipe_key(recipe.digest), recipe.document, "application/json")
    return recipe


def test_what_a_dead_child_had_done_stays_done(house: House) -> None:
    job = uploaded(house, "uploads/late-death.jpg")
    head = house.objects.head(UPLOADS, "uploads/late-death.jpg")
    assert head is not None
    order = upload_order(epoch_seconds(job.parameters["time"]), "0065A1")
    done = Item(
        UPLOADS, head.key, "copy-1", Outcome.DONE, run_of(job), order, modified=head.modified, etag=head.etag
    )
    house.ledger.record_item(done)
    tell(house, job.child_failed(1))
    assert outcomes(house, "uploads/late-death.jpg") == {"copy-1": "done"}


def test_the_death_of_a_child_says_nothing_of_a_newer_upload(house: House) -> None:
    job = uploaded(house, "uploads/overwritten.jpg")
    put(house, "uploads/overwritten.jpg", b"newer")
    tell(house, job.child_failed(1), job.ended(failed=[1]))
    assert outcomes(house, "uploads/overwritten.jpg") == {}
    assert states(house) == [(run_of(job), "FAILED")]


def test_the_death_of_a_child_whose_source_is_gone_is_still_recorded(house: House) -> None:
    job = upload(house.recipe.digest, "uploads/gone.jpg", "0011")
    tell(house, job.child_failed(2))
    assert outcomes(house, "uploads/gone.jpg") == {"copy-2": "failed"}


def test_a_bulk_run_ends_when_its_last_array_has(house: House) -> None:
    shape = Shape(sources=4, tasks=TASKS, per_child=3)
    jobs = bulk("b-two-arrays", house.recipe.digest, shape, [Array(0, 2), Array(2, 2)])
    for child in range(4):
        house.ledger.record_report(report("b-two-arrays", child, shape))
    tell(house, jobs[1].ended())
    assert house.events.details == []
    tell(house, jobs[0].ended())
    assert states(house) == [("b-two-arrays", "SUCCEEDED")]
    assert house.events.details[0]["job"] == jobs[0].id
    assert house.events.details[0]["stopped"] == jobs[1].stopped


def test_a_child_of_the_second_array_is_counted_through_the_run(house: House) -> None:
    shape = Shape(sources=4, tasks=TASKS, per_child=3)
    jobs = bulk("b-through", house.recipe.digest, shape, [Array(0, 2), Array(2, 2)])
    tell(house, jobs[1].child_failed(1))
    (child,) = house.ledger.children("b-through", shape.children)
    assert child["failure"]["child"] == 3


def test_a_job_of_somebody_else_is_left_alone(house: House) -> None:
    event = uploaded(house).ended()
    event["detail"]["parameters"] = {"input": "s3://elsewhere/data"}
    tell(house, event)
    assert house.events.details == []


def test_a_recipe_that_is_gone_is_an_error_with_a_way_out(house: House) -> None:
    job = upload("f" * 64, "uploads/a.jpg", "0011")
    with pytest.raises(DataError, match="cannot be used") as error:
        tell(house, job.ended())
    assert error.value.fix is not None


def test_an_end_that_was_cut_off_before_it_was_announced_is_announced_by_the_next_event(house: House) -> None:
    job = uploaded(house, "uploads/cut-off.jpg")
    change = changes.parse(job.ended())
    assert change is not None
    deaf = Completion("photos", ARTIFACTS, house.ledger, house.objects, Deaf())
    with pytest.raises(Throttled):
        deaf.record(change)
    house.clock += 60
    tell(house, job.ended())
    tell(house, job.ended())
    assert states(house) == [(run_of(job), "FAILED")]


class Deaf(Bus):
    """A bus that takes nothing."""

    def __init__(self) -> None:
        pass

    def put(self, announcements: Any) -> None:
        assert all(isinstance(one, Announcement) for one in announcements)
        raise Throttled("EventBridge did not take all events")


def test_a_duplicate_array_that_did_better_mends_the_run(house: House) -> None:
    job = uploaded(house, "uploads/mended.jpg")
    tell(house, job.ended(failed=[0]))
    for child in range(TASKS):
        house.ledger.record_report(report(run_of(job), child, SHAPE))
    tell(house, job.ended(), job.ended(failed=[0]))
    assert [state for _, state in states(house)] == ["FAILED", "SUCCEEDED"]


def record_of(house: House, run: str) -> dict[str, Any]:
    """What the ledger says of a run that it knows."""
    record = house.ledger.run(run)
    assert record is not None
    return record


def reported(house: House, run: str) -> list[dict[str, Any]]:
    """The rows of the report beside the manifest."""
    stored = house.objects.get(ARTIFACTS, names.report_key(run, "jsonl"))
    assert stored is not None
    return [json.loads(line) for line in stored.body.splitlines()]


def test_a_childs_death_that_is_told_after_its_runs_end_explains_it_in_record_and_report(
    house: House,
) -> None:
    shape = Shape(sources=2, tasks=TASKS, per_child=3)
    (job,) = bulk("b-late-death", house.recipe.digest, shape, [Array(0, 2)])
    house.ledger.record_report(report("b-late-death", 0, shape))
    tell(house, job.ended(failed=[1]))
    assert [row["error_class"] for row in reported(house, "b-late-death")[3:]] == ["NoReport"]
    tell(house, job.child_failed(1))
    assert [row["error_class"] for row in reported(house, "b-late-death")[3:]] == ["HostLost"]
    record = record_of(house, "b-late-death")
    assert [group["error_class"] for group in record["errors"]] == ["HostLost"]
    assert states(house) == [("b-late-death", "PARTIAL")]


def test_what_a_killed_child_had_reported_counts_and_only_the_rest_has_failed_with_its_host(
    house: House,
) -> None:
    shape = Shape(sources=4, tasks=TASKS, per_child=6)
    (job,) = bulk("b-killed", house.recipe.digest, shape, [Array(0, 2)])
    house.ledger.record_report(report("b-killed", 0, shape))
    house.ledger.record_report(report("b-killed", 1, shape, done=3, rejected=1))
    tell(house, job.child_failed(1), job.ended(failed=[1]))
    record = record_of(house, "b-killed")
    counts = {name: record["counts"][name] for name in ("done", "rejected", "failed")}
    assert counts == {"done": 9, "rejected": 1, "failed": 2}
    assert [(group["error_class"], group["count"]) for group in record["errors"]] == [("HostLost", 2)]
    _, items, _, error = reported(house, "b-killed")
    assert (items["done"], items["failed"]) == (9, 2)
    assert (error["count"], error["failure_class"], error["child"]) == (2, "spot", "")


def test_a_late_death_mends_the_errors_of_an_upload_too(house: House) -> None:
    job = uploaded(house, "uploads/late-word.jpg")
    for child in (0, 2):
        house.ledger.record_report(report(run_of(job), child, SHAPE))
    tell(house, job.ended(failed=[1]), job.child_failed(1))
    record = record_of(house, run_of(job))
    assert [group["error_class"] for group in record["errors"]] == ["HostLost"]
    assert (record["job"], record["stopped"]) == ("upload-job", CREATED + 60)
    assert states(house) == [(run_of(job), "PARTIAL")]


def test_a_report_that_comes_after_the_end_counts_when_the_end_is_told_again(house: House) -> None:
    shape = Shape(sources=3, tasks=TASKS, per_child=3)
    (job,) = bulk("b-late-report", house.recipe.digest, shape, [Array(0, 3)])
    house.ledger.record_report(report("b-late-report", 0, shape))
    tell(house, job.ended(failed=[1, 2]))
    house.ledger.record_report(report("b-late-report", 1, shape))
    tell(house, job.ended(failed=[1, 2]))
    record = record_of(house, "b-late-report")
    assert (record["counts"]["done"], record["counts"]["failed"]) == (6, 3)
    assert reported(house, "b-late-report")[1]["done"] == 6
    assert states(house) == [("b-late-report", "PARTIAL")]


class Hasty(Ledger):
    """A ledger in which a child's death arrives between the look at the children and the end's record."""

    late: ChildFailure | None = None

    def finish(self, end: RunEnd) -> bool:
        late, self.late = self.late, None
        if late:
            self.record_failure(late)
        return super().finish(end)


def test_a_death_that_arrives_while_the_end_is_being_recorded_is_not_lost(house: House) -> None:
    shape = Shape(sources=2, tasks=TASKS, per_child=3)
    (job,) = bulk("b-hasty", house.recipe.digest, shape, [Array(0, 2)])
    hasty = Hasty(house.clients.dynamodb, TABLE)
    hasty.late = ChildFailure("b-hasty", 1, 2, "j:1", None, "Host EC2 (i-1) terminated.", "", 1, "", CREATED)
    hasty.record_report(report("b-hasty", 0, shape))
    house.ledger = hasty
    tell(house, job.ended(failed=[1]))
    assert [row["error_class"] for row in reported(house, "b-hasty")[3:]] == ["HostLost"]
    assert states(house) == [("b-hasty", "PARTIAL")]


class CancelledMeanwhile(Ledger):
    """A ledger in which the run is cancelled just before one of its arrays is recorded."""

    seen: tuple[ArrayEnd, ...] | None = None

    def record_array(self, end: ArrayEnd) -> bool:
        RunLedger(self._client, self._table).awaits(end.run, end.size)
        self.seen = self.arrays(end.run)
        return super().record_array(end)


def test_an_array_that_ends_while_its_run_is_cancelled_ends_the_run(house: House) -> None:
    shape = Shape(sources=4, tasks=TASKS, per_child=3)
    first, _ = bulk("b-cancelled", house.recipe.digest, shape, [Array(0, 2), Array(2, 2)])
    house.ledger = cancelled = CancelledMeanwhile(house.clients.dynamodb, TABLE)
    tell(house, first.ended())
    assert cancelled.seen == ()
    assert states(house) == [("b-cancelled", "FAILED")]


@st.composite
def shuffled(draw: st.DrawFn, events: int) -> list[int]:
    """Every event at least once, some of them again, in any order."""
    again = draw(st.lists(st.integers(0, events - 1), max_size=4))
    return draw(st.permutations([*range(events), *again]))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_events_in_any_order_and_number_end_in_the_same_state_announced_once(
    house: House, data: st.DataObject
) -> None:
    house.events.details.clear()
    shape = Shape(sources=5, tasks=TASKS, per_child=3)
    run = f"b-{next(numbers)}"
    jobs = bulk(run, house.recipe.digest, shape, [Array(0, 3), Array(3, 2)])
    dead = data.draw(st.sets(st.integers(0, 4)))
    for child in set(range(5)) - dead:
        house.ledger.record_report(report(run, child, shape))
    events = [jobs[0].ended([c for c in dead if c < 3]), jobs[1].ended([c - 3 for c in dead if c >= 3])]
    events += [jobs[0].child_failed(c) if c < 3 else jobs[1].child_failed(c - 3) for c in dead]
    tell(house, *(events[number] for number in data.draw(shuffled(len(events)))))
    expected = RunState.FAILED if len(dead) == 5 else RunState.PARTIAL if dead else RunState.SUCCEEDED
    assert states(house) == [(run, expected.value)]
    record = record_of(house, run)
    assert (record["state"], record["started"], record["stopped"]) == (expected, CREATED, CREATED + 63)
    assert (record["counts"]["done"], record["counts"]["failed"]) == (15 - 3 * len(dead), 3 * len(dead))
    errors = [(group["error_class"], group["count"]) for group in record["errors"]]
    assert errors == ([("HostLost", 3 * len(dead))] if dead else [])
    assert [group["kind"] for group in reported(house, run)][3:] == ["error"] * bool(dead)
    failures = {c["failure"]["child"] for c in house.ledger.children(run, 5) if "failure" in c}
    assert failures == dead


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_uploads_items_end_the_same_in_any_order(house: House, data: st.DataObject) -> None:
    house.events.details.clear()
    key = f"uploads/{next(numbers)}.jpg"
    job = uploaded(house, key)
    dead = data.draw(st.sets(st.integers(0, TASKS - 1)))
    events = [job.ended(sorted(dead)), *map(job.child_failed, dead)]
    for child in set(range(TASKS)) - dead:
        house.ledger.record_report(report(run_of(job), child, SHAPE))
    tell(house, *(events[number] for number in data.draw(shuffled(len(events)))))
    assert outcomes(house, key) == {f"copy-{child}": "failed" for child in dead}
    assert len(house.events.details) == 1
