"""Tests of batchkit.runs.watch: what a look says, how many calls it takes, and when watching ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support import jobs
from support.moto_world import TIME, World
from support.submitting import plan, run_ledger

from batchkit.errors import ConfigError, DataError
from batchkit.planning import backfill
from batchkit.planning.backfill import Found, Options
from batchkit.planning.cost import START_SECONDS, VCPU_HOUR, Cost, Line, Machine, billed_seconds
from batchkit.planning.records import Report, RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs.watch import PATIENCE, WINDOW, Progress, Rate, Reports, interval, look, spent, watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batchkit.planning.backfill import Plan

RECIPE = jobs.recipe(["a"])
COST = Cost(
    (
        Line("compute", "vCPU", 2.0, VCPU_HOUR, 0.5, "a table", "2026-11"),
        Line("requests", "PUT", 10.0, "request", 0.1, "a table", "2026-11"),
    )
)


class Parents:
    """Parents as Batch describes them; counts who is asked for."""

    def __init__(self, *described: dict[str, Any]) -> None:
        self.described = described
        self.asked: list[str] = []

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        self.asked += ids
        return iter(self.described)


def parent(**statuses: int) -> dict[str, Any]:
    size = sum(statuses.values())
    return {
        "status": "PENDING",
        "arrayProperties": {"size": size, "statusSummary": {"FAILED": 0, **statuses}},
    }


def begun(world: World, children: int = 20, **changes: Any) -> Plan:
    planned = plan(RECIPE, children, cost=COST, billed=children * 365.0, **changes)
    ledger = run_ledger(world)
    ledger.begin(planned, "x")
    for number in range(len(planned.arrays)):
        ledger.add_job(planned.run, number, f"job-{number}")
    return planned


def report(planned: Plan, child: int, seconds: int = 360, **counts: int) -> Report:
    times = {"started": TIME, "stopped": TIME + seconds}
    return Report(planned.run, child, planned.children, 1, Counts(**counts), **times)


def end(planned: Plan, state: RunState, counts: Counts) -> RunEnd:
    return RunEnd(planned.run, "bulk", state, counts, planned.sources, planned.recipe, "job-0")


def test_a_look_sums_up_parents_and_reports(world: World) -> None:
    planned, ledger = begun(world), run_ledger(world)
    ledger.record_report(report(planned, 0, done=4))
    ledger.record_report(report(planned, 1, done=4, rejected=2))
    parents = Parents(parent(RUNNING=5, SUCCEEDED=13, FAILED=2))
    found = look(planned, ledger, parents)
    assert parents.asked == ["job-0"]
    assert found.statuses == {"FAILED": 2, "RUNNING": 5, "SUCCEEDED": 13}
    assert (found.ended_children, found.failed_children) == (15, 2)
    assert found.counts == Counts(done=8, rejected=2)
    # Two children of the twenty, each with its start, and half of the requests.
    assert found.usd == pytest.approx(2 / 20 + 0.5 * 1.0)


MACHINES = [Machine("ec2-spot", 1, 16_384), Machine("fargate", 2, 4096), Machine("fargate-spot", 0.25, 512)]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("seconds_per_child", [10, 240])
def test_a_run_that_goes_as_planned_costs_what_was_planned(
    world: World, machine: Machine, seconds_per_child: float
) -> None:
    options = Options(machine, 256, seconds_per_child=seconds_per_child)
    planned = backfill.plan(
        "b-1", 0, recipe=RECIPE.digest, tasks=("a",), found=Found(3000, 10**9, 3000), options=options
    )
    each = planned.billed / planned.children - START_SECONDS[machine.compute]
    half = planned.children // 2
    for children, share in ((half, half / planned.children), (planned.children, 1.0)):
        worked = children * billed_seconds(machine.compute, each)
        counts = Counts(done=round(planned.items * share))
        so_far = spent(planned, Reports(counts, round(children * each), worked, children))
        assert so_far == pytest.approx(planned.cost.total * share, rel=0.02)


def test_before_the_first_report_nobody_can_tell_when_it_ends(world: World) -> None:
    found = look(begun(world), run_ledger(world), Parents(parent(SUBMITTED=20)))
    assert (Rate().of(found, TIME).eta, found.usd) == (None, 0.0)


def moved(*looks: tuple[float, int]) -> tuple[float, float | None]:
    """Rate and ETA at the last of some looks at a run of 2,000 items: seconds, and items so far."""
    rate, last = Rate(), Progress("b-1", RunState.RUNNING, 20, 2000)
    for now, done in looks:
        last = rate.of(replace(last, counts=Counts(done=done)), TIME + now)
    return last.rate, last.eta


def test_a_rate_takes_two_looks() -> None:
    assert moved((0, 500)) == (0.0, None)
    assert moved((0, 500), (10, 600)) == (10.0, 140.0)


def test_what_was_done_before_somebody_watched_is_no_part_of_the_rate() -> None:
    assert moved((86_400, 1000), (86_410, 1020)) == (2.0, 490.0)


def test_a_rate_is_that_of_the_latest_minutes() -> None:
    assert moved((0, 0), (100, 1000), (100 + WINDOW, 1090)) == (0.1, 9100.0)


def test_a_run_that_stands_still_has_no_eta() -> None:
    assert moved((0, 700), (10, 700)) == (0.0, None)


def test_a_plain_job_is_its_only_child(world: World) -> None:
    found = look(begun(world, 1), run_ledger(world), Parents({"status": "RUNNING"}))
    assert found.statuses == {"RUNNING": 1}


def test_a_parent_whose_summary_is_empty_speaks_for_its_children(world: World) -> None:
    described = {"status": "PENDING", "arrayProperties": {"size": 20, "statusSummary": {}}}
    assert look(begun(world), run_ledger(world), Parents(described)).statuses == {"PENDING": 20}


def test_jobs_that_batch_has_forgotten_are_left_out(world: World) -> None:
    assert look(begun(world), run_ledger(world), Parents()).statuses == {}


def test_children_are_never_asked_for_one_by_one(world: World) -> None:
    planned, ledger = begun(world, 25_000), run_ledger(world)
    calls: Counter[str] = Counter()
    world.clients.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )
    parents = Parents()
    look(planned, ledger, parents)
    assert parents.asked == ["job-0", "job-1", "job-2"]
    # The run's record, its jobs, and sixteen partitions of reports.
    assert calls == {"GetItem": 1, "Query": 17}


def test_a_run_that_was_never_begun_is_an_error(world: World) -> None:
    with pytest.raises(DataError, match="knows no run"):
        look(plan(RECIPE, 1), run_ledger(world), Parents())


def test_watching_ends_with_the_run(world: World) -> None:
    planned, ledger = begun(world), run_ledger(world)
    counts = Counts(done=15, failed=5)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            ledger.finish(end(planned, RunState.PARTIAL, counts))

    looks = list(watch(planned, ledger, Parents(parent(RUNNING=20)), lambda: TIME, sleep))
    assert [one.state for one in looks] == [RunState.RUNNING] * 3 + [RunState.PARTIAL]
    assert looks[-1].counts == counts
    assert looks[-1].as_json()["state"] == "PARTIAL"


def test_watching_gives_up_when_nobody_records_the_end(world: World) -> None:
    now = [float(TIME)]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    planned = begun(world)
    with pytest.raises(ConfigError, match="nobody recorded"):
        list(watch(planned, run_ledger(world), Parents(parent(SUCCEEDED=20)), lambda: now[0], sleep))
    assert now[0] - TIME > PATIENCE


@pytest.mark.parametrize(("children", "seconds"), [(1, 2), (5_000, 10), (1_000_000, 30)])
def test_large_runs_are_looked_at_less_often(children: int, seconds: float) -> None:
    assert interval(children) == seconds
