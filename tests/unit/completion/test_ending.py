"""Tests of batchkit.completion.ending: the report beside the manifest."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
from support.projects import photos

from batchkit.aws.run_ledger import RunLedger
from batchkit.completion import changes, ending
from batchkit.completion.tally import Tally, tally
from batchkit.planning import backfill, manifest, names
from batchkit.planning.backfill import Found, Options, Plan
from batchkit.planning.cost import ComputeType, Machine
from batchkit.planning.manifest import Source
from batchkit.planning.records import ChildFailure, ErrorGroup, RunEnd
from batchkit.planning.shards import Shape
from batchkit.planning.sizing import amount
from batchkit.planning.states import Counts, RunState

from .conftest import ARTIFACTS, TABLE, UPLOADS, House
from .jobs import CREATED, bulk, report

if TYPE_CHECKING:
    from collections.abc import Iterator

END = RunEnd(
    "b-1", "bulk", RunState.PARTIAL, Counts(done=5, failed=1), 2, "d" * 64, "j", started=10, stopped=70
)
OPTIONS = Options(machine=Machine("fargate-spot", 2, 4096), max_vcpus=8, most_per_child=6)


def plan(house: House, run: str, sources: int, items: int, **options: Any) -> Plan:
    recipe = house.recipe
    found = Found(sources, 1000, items)
    tasks = [task.name for task in recipe.tasks]
    return backfill.plan(
        run, CREATED, recipe=recipe.digest, tasks=tasks, found=found, options=replace(OPTIONS, **options)
    )


def summed() -> Tally:
    errors = [asdict(ErrorGroup("ValueError", 1, '=cmd|"x"', "cannot read 5"))]
    children = [{"counts": {"done": 5, "failed": 1}, "errors": errors, "started": 10, "stopped": 1810}]
    return tally(children, Shape(2, 3, 6))


@pytest.mark.parametrize("kind", ["ec2-spot", "fargate", "fargate-spot"])
def test_a_run_that_went_as_planned_cost_what_was_planned(house: House, kind: ComputeType) -> None:
    made = plan(house, "b-1", 60, 180, machine=Machine(kind, 2, 16384), most_per_child=60)
    each = round(made.model.seconds(amount(60, 1000, 180), 2, made.lanes) / made.children)
    children = [
        {**asdict(report(made.run, child, made.shape)), "started": 10, "stopped": 10 + each}
        for child in range(made.children)
    ]
    cost = ending.cost(END, tally(children, made.shape), json.loads(made.to_json()))
    assert cost["measured_usd"] == pytest.approx(cost["planned_usd"], rel=0.05)
    assert cost["measured_compute_usd"] == pytest.approx(cost["planned_compute_usd"], rel=0.05)


def test_dead_children_cost_something_too_each_attempt_at_least_a_minute_on_fargate(house: House) -> None:
    made = plan(house, "b-1", 4, 12, most_per_child=6)
    dead = {"failure": asdict(ChildFailure("b-1", 0, 2, "j:0", 1, "", "", 3, worked=(1, 2, 100)))}
    cost = ending.cost(END, tally([dead], made.shape), json.loads(made.to_json()))
    assert cost["measured_billed_seconds"] == 60 + 60 + 130
    assert cost["measured_usd"] == cost["measured_compute_usd"] > 0


def test_a_run_without_a_plan_has_a_report_too() -> None:
    _, _, cost, _ = ending.report(END, summed(), {})
    assert (cost["planned_usd"], cost["child_seconds"]) == (0.0, 1800)


def test_the_sheet_holds_the_same_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(ending.sheet(ending.report(END, summed(), {})))))
    (error,) = [row for row in rows if row["kind"] == "error"]
    assert (error["name"], error["value"], error["key"]) == ("ValueError", "1", '\'=cmd|"x"')
    assert {row["name"]: row["value"] for row in rows if row["kind"] == "items"}["done"] == "5"


@pytest.fixture
def ended(house: House) -> Iterator[tuple[House, Plan, list[dict[str, Any]]]]:
    """A run of a manifest that names 4 of 6 items, submitted; and the event of its end."""
    house.recipe = photos(3).recipe
    made = plan(house, "b-subset", 2, 4)
    house.objects.put(ARTIFACTS, names.plan_key(made.run), made.to_json(), "application/json")
    RunLedger(house.clients.dynamodb, TABLE, lambda: CREATED).begin(made, "retry of b-0")
    house.ledger.record_report(report(made.run, 0, made.shape, done=4))
    (job,) = bulk(made.run, house.recipe.digest, made.shape, made.arrays)
    yield house, made, [job.ended()]


def test_a_run_of_a_subset_succeeds_when_the_subset_is_done(
    ended: tuple[House, Plan, list[dict[str, Any]]],
) -> None:
    house, made, events = ended
    for event in events * 2:
        change = changes.parse(event)
        assert change is not None
        house.completion.record(change)
    record = house.ledger.run(made.run)
    assert record is not None
    assert (record["state"], record["counts"]["done"], record["counts"]["failed"]) == ("SUCCEEDED", 4, 0)
    assert (record["source"], record["started"]) == ("retry of b-0", made.started)
    stored = house.objects.get(ARTIFACTS, names.report_key(made.run, "jsonl"))
    assert stored is not None
    run, items, cost = [json.loads(line) for line in stored.body.splitlines()]
    assert (run["retry"], items["done"], cost["planned_usd"] > 0) == ("", 4, True)
    assert house.objects.get(ARTIFACTS, names.report_key(made.run, "csv"))


def test_a_run_that_was_cancelled_between_two_jobs_ends_with_those_it_has(house: House) -> None:
    house.recipe = photos(3).recipe
    made = plan(house, "b-cut-off", 40_000, 120_000)
    ledger = RunLedger(house.clients.dynamodb, TABLE)
    ledger.begin(made, "s3://uploads/")
    first, *_ = bulk(made.run, house.recipe.digest, made.shape, made.arrays)
    ledger.cancelled(made.run)
    ledger.awaits(made.run, made.arrays[0].size)
    change = changes.parse(first.ended(failed=[0]))
    assert change is not None
    end = house.completion.record(change)
    assert end is not None
    assert (end.state, end.counts.failed) == (RunState.FAILED, 120_000)


@pytest.mark.parametrize(
    ("bad", "state"), [(2, RunState.PARTIAL), (3, RunState.PARTIAL), (4, RunState.FAILED)]
)
def test_a_run_with_a_larger_share_of_bad_items_than_its_plan_allows_has_failed(
    house: House, bad: int, state: RunState
) -> None:
    made = plan(house, f"b-{bad}-bad", 4, 12, max_bad=0.25, most_per_child=12)
    RunLedger(house.clients.dynamodb, TABLE, lambda: CREATED).begin(made, "s3://uploads/")
    house.ledger.record_report(report(made.run, 0, made.shape, done=12 - bad, rejected=bad))
    (job,) = bulk(made.run, house.recipe.digest, made.shape, made.arrays)
    change = changes.parse(job.ended())
    assert change is not None
    end = house.completion.record(change)
    assert end is not None
    assert end.state is state


def test_the_report_of_a_cancelled_run_says_so_and_names_what_its_dead_children_were_to_do(
    house: House,
) -> None:
    made = plan(house, "b-stopped", 4, 12, most_per_child=6)
    ledger = RunLedger(house.clients.dynamodb, TABLE, lambda: CREATED)
    ledger.begin(made, "s3://uploads/")
    store(house, made)
    ledger.cancelled(made.run, "wrong folder")
    (job,) = bulk(made.run, house.recipe.digest, made.shape, made.arrays)
    for event in (job.child_failed(1, "Cancelled by batchkit: wrong folder"), job.ended(failed=[0, 1])):
        change = changes.parse(event)
        assert change is not None
        house.completion.record(change)
    run, _, _, *errors = rows(house, made.run)
    assert (run["cancelled"], run["cancel_reason"]) == (CREATED, "wrong folder")
    assert {(one["error_class"], one["child"], one["key"]) for one in errors} == {
        ("Cancelled", "0:1", "uploads/2.jpg"),
        ("NoReport", "0:0", "uploads/0.jpg"),
    }
    (detail,) = [one for one in house.events.details if one["run"] == made.run]
    assert (detail["cancelled"], detail["cancel_reason"]) == (CREATED, "wrong folder")
    assert "(cancelled: wrong folder)" in detail["notice"]["headline"]


@pytest.mark.parametrize(
    ("counts", "command"),
    [
        (Counts(done=1), ""),
        (Counts(done=1, rejected=1), "batchkit retry b-1 --only rejected"),
        (Counts(failed=1, rejected=1), "batchkit retry b-1"),
    ],
)
def test_the_retry_command_of_a_report_is_one_that_does_something(counts: Counts, command: str) -> None:
    assert ending.retry(END.run, counts) == command


def store(house: House, made: Plan) -> None:
    """Plan and manifest, as submitting leaves them."""
    chunks = list(manifest.write(Source(UPLOADS, f"uploads/{n}.jpg") for n in range(made.sources)))
    stored = {
        names.plan_key(made.run): made.to_json(),
        names.manifest_key(made.run): b"".join(lines for lines, _ in chunks),
        names.index_key(made.run): b"".join(index for _, index in chunks),
    }
    for key, body in stored.items():
        house.objects.put(ARTIFACTS, key, body, "application/json")


def rows(house: House, run: str) -> list[dict[str, Any]]:
    stored = house.objects.get(ARTIFACTS, names.report_key(run, "jsonl"))
    assert stored is not None
    return [json.loads(line) for line in stored.body.splitlines()]
