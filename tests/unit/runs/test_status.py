"""Tests of batchkit.runs.status: what is said of runs of both lanes, while they run and afterwards."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from support.finished import Finished
from support.operating import Past
from support.submitting import sources

from batchkit.errors import DataError
from batchkit.planning import names
from batchkit.planning.records import Item, RunEnd
from batchkit.planning.states import Counts, Outcome, RunState
from batchkit.runs.status import Inquiry, Status, status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.moto_world import World


def bad(key: str, run: str = "r1") -> Item:
    return Item("b", key, "thumb", Outcome.REJECTED, run, "0", 1, error_class="Corrupt", message="no picture")


def test_a_finished_run_is_told_with_its_bad_items(world: World) -> None:
    world.ledger.record_items([bad("one"), bad("two"), bad("three")])
    end = RunEnd(
        "r1", "upload", RunState.PARTIAL, Counts(done=7, rejected=3, bytes=99), 10, "d" * 64, "job-1"
    )
    world.ledger.finish(end)

    found = status(world.ledger, "r1", limit=2)

    assert (found.state, found.counts, found.sources) == (RunState.PARTIAL, end.counts, 10)
    assert len(found.bad) == 2
    assert found.as_json()["counts"]["rejected"] == 3


def test_a_run_that_has_only_items_yet_is_running(world: World) -> None:
    world.ledger.record_item(Item("b", "k", "t", Outcome.FAILED, "r2", "0", 1))

    assert status(world.ledger, "r2", limit=9).state is RunState.RUNNING


def test_an_unknown_run_is_an_error_that_says_what_to_do(world: World) -> None:
    with pytest.raises(DataError, match="knows no run 'r9'") as raised:
        status(world.ledger, "r9", limit=1)

    assert "region" in str(raised.value)


class Parents:
    """A parent as Batch describes it."""

    def __init__(self, **statuses: int) -> None:
        self.statuses = statuses

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        size = sum(self.statuses.values())
        for job in ids:
            yield {
                "jobId": job,
                "status": "PENDING",
                "arrayProperties": {"size": size, "statusSummary": self.statuses},
            }


def asked(past: Past, **statuses: int) -> Status:
    inquiry = Inquiry(
        ledger=past.ledger,
        objects=past.world.objects,
        artifacts=past.world.artifacts,
        parents=Parents(**statuses),
        clock=lambda: past.ledger.begun(past.run) + 90,
    )
    return inquiry.complete(status(past.ledger, past.run, limit=5))


def test_a_bulk_run_that_goes_on_is_told_as_far_as_it_has_come(world: World) -> None:
    past = Past(world, sources(3))
    past.ledger.add_job(past.run, 0, "job-0")
    past.reported(0, done=1, failed=1)
    past.died(1, "Job attempt duration exceeded timeout")
    found = asked(past, RUNNING=1, SUCCEEDED=1, FAILED=1)
    assert (found.counts, found.items) == (Counts(done=1, failed=1), 6)
    assert (found.ended_children, found.children, found.dead, found.seconds) == (2, 3, 1, 90)
    assert found.usd is not None
    (trouble,) = found.troubles
    assert (trouble.error_class, trouble.failure_class, trouble.count) == ("Timeout", "timeout", 2)
    assert (trouble.child, trouble.log_stream) == ("0:1", "stream-1")
    assert f"batchkit retry {past.run} --only timeout" in trouble.fix
    assert (found.report, found.retry) == ("", "")


def test_what_children_that_still_work_or_were_killed_have_reported_is_told(world: World) -> None:
    past = Past(world, sources(6), per_child=4)
    past.ledger.add_job(past.run, 0, "job-0")
    past.reported(0, done=1)
    past.reported(1, done=1, rejected=1)
    past.died(1, "Host EC2 (instance i-1) terminated.")
    found = asked(past, RUNNING=2, FAILED=1)
    assert found.counts == Counts(done=2, rejected=1)
    (trouble,) = found.troubles
    assert (trouble.error_class, trouble.failure_class, trouble.count) == ("HostLost", "spot", 2)
    past.reported(0, done=3)
    assert asked(past, RUNNING=2, FAILED=1).counts == Counts(done=4, rejected=1)


def test_of_a_bulk_run_that_has_ended_the_report_beside_its_manifest_tells(world: World) -> None:
    run = Finished(Past(world, sources(10), per_child=4))
    run.end()
    past = run.past
    found = asked(past)
    (trouble,) = found.troubles
    assert (trouble.count, trouble.error_class, trouble.failure_class) == (1, "ValueError", "recipe")
    assert f"batchkit logs {past.run} --failed" in trouble.fix
    assert found.report == f"s3://{world.artifacts}/{names.report_key(past.run, 'jsonl')}"
    assert (found.page, found.retry) == ("", f"batchkit retry {past.run}")
    assert (found.seconds, found.usd) == (64, 0.0)

    world.objects.put(world.artifacts, names.report_key(past.run, "html"), b"<p>", "text/html")
    past.ledger.retried(past.run, "b-again")
    again = asked(past)
    assert again.page.endswith("report.html")
    assert again.retried_by == ("b-again",)


def test_a_run_whose_manifest_is_on_its_way_has_begun_and_no_more(world: World) -> None:
    past = Past(world, sources(1))
    world.objects.delete(world.artifacts, names.plan_key(past.run))
    found = asked(past)
    assert (found.state, found.seconds, found.statuses) == (RunState.RUNNING, 90, {})


def test_a_cancelled_run_says_why(world: World) -> None:
    past = Past(world, sources(1))
    past.ledger.cancelled(past.run, "wrong folder")
    assert asked(past).cancel_reason == "wrong folder"


def test_asking_for_a_large_run_takes_one_request_for_each_partition(world: World) -> None:
    past = Past(world, sources(4000))
    calls: Counter[str] = Counter()
    world.clients.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )
    asked(past, RUNNING=4000)
    # Twice the record; bad items, the run's jobs, and sixteen partitions of reports.
    assert calls == {"GetItem": 3, "Query": 2 + names.REPORT_SHARDS}
