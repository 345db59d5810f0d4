"""The operations job: an order of a schedule, delivered once, twice, or while another one is at work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.commands import PROJECT
from support.moto_world import Clock, World
from support.submitting import FakeBatch

from batchkit import canonical
from batchkit.errors import ConfigError, DataError, Interrupted
from batchkit.planning import names
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.project import document
from batchkit.project.load import parse
from batchkit.runs import operations, orders
from batchkit.runs.bulk import Bulk
from batchkit.runs.operations import Outcome
from batchkit.runs.sweep import Sweep, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.runs.steps import Step

TONIGHT, TOMORROW = "2026-11-24T03:00:00Z", "2026-11-25T03:00:00Z"


@dataclass
class Night:
    """A project with three sources, its document stored, and operations jobs that start as one likes."""

    world: World
    folder: Path
    batch: FakeBatch = field(default_factory=FakeBatch)
    clock: Clock = field(default_factory=Clock)
    steps: list[str] = field(default_factory=list)
    jobs: int = 0

    def __post_init__(self) -> None:
        text = PROJECT.format(uploads=self.world.uploads, outputs=self.world.outputs)
        self.project = parse(text, Path("batchkit.toml"))
        stored = document.encode(self.project)
        self.digest = canonical.digest(stored)
        self.world.objects.put(self.world.artifacts, names.project_key(self.digest), stored, "text/plain")
        for number in range(3):
            self.world.put(f"in/{number}.txt", b"x")

    def bulk(self, order: str, time: str) -> Bulk:
        bulk = operations.compose(self.errand(order, time), self.world.clients)
        vars(bulk)["queue"] = self.batch
        vars(bulk)["clock"] = self.clock
        vars(bulk)["sleep"] = lambda seconds: None
        return bulk

    def errand(self, order: str, time: str) -> operations.Errand:
        environ = {**self.world.environment, operations.DOCUMENT: self.digest}
        return operations.read(["operate", order, time], environ)

    def operate(
        self,
        time: str = TONIGHT,
        order: str = '{"do": "sweep"}',
        report: Callable[[Step], None] = lambda step: None,
    ) -> Outcome:
        """One operations job, in this thread."""
        self.jobs += 1
        folder = self.folder / str(self.jobs)
        folder.mkdir()
        bulk = self.bulk(order, time)
        return operations.carry_out(self.errand(order, time), bulk, folder, report, lambda: False)

    def end(self, run: str | None) -> None:
        """The run ends, without an output: what it should have made is still missing."""
        assert run
        end = RunEnd(run, "bulk", RunState.FAILED, Counts(failed=6), 3, self.project.recipe.digest, "job")
        assert self.bulk('{"do": "sweep"}', TONIGHT).ledger.finish(end)


@pytest.fixture
def night(world: World, tmp_path: Path) -> Night:
    return Night(world, tmp_path)


def test_a_sweep_submits_what_is_missing(night: Night) -> None:
    outcome = night.operate()
    assert (outcome.continued, outcome.sources, outcome.items) == (False, 3, 6)
    assert [job.name for job in night.batch.taken] == [f"{outcome.run}-0"]


def test_two_deliveries_of_one_time_make_one_run(night: Night) -> None:
    first, second = night.operate(), night.operate()
    assert second == Outcome(first.run, True, first.sources, first.items, first.cost)
    assert len(night.batch.taken) == 1


def test_a_delivery_that_comes_when_the_run_is_over_makes_no_other(night: Night) -> None:
    first = night.operate()
    night.end(first.run)
    assert night.operate().run == first.run
    assert len(night.batch.taken) == 1


def test_the_next_night_begins_a_run_when_the_last_one_is_over_and_continues_it_when_not(
    night: Night,
) -> None:
    first = night.operate(TONIGHT)
    assert night.operate(TOMORROW).run == first.run
    night.end(first.run)
    second = night.operate(TOMORROW)
    assert second.run != first.run
    assert not second.continued
    assert [job.name for job in night.batch.taken] == [f"{first.run}-0", f"{second.run}-0"]


def test_a_person_and_the_clock_work_on_the_same_run(night: Night) -> None:
    run = night.operate().run
    bulk = night.bulk('{"do": "sweep"}', TONIGHT)
    assert isinstance(bulk, Sweep)
    folder = night.folder / "typed"
    folder.mkdir()
    typed = bulk.prepare(request(bulk.project), folder, lambda: False)
    assert (typed.plan.run, typed.continued) == (run, True)


def test_a_second_delivery_during_the_first_takes_over_and_the_first_stops(night: Night) -> None:
    taken: list[str | None] = []

    def deliver_again(step: Step) -> None:
        if not taken and str(step).startswith("submit"):
            taken.append(None)
            taken[0] = night.operate().run

    with pytest.raises(Interrupted, match="another process"):
        night.operate(report=deliver_again)
    assert [job.name for job in night.batch.taken] == [f"{taken[0]}-0"]


def test_nothing_to_do_leaves_no_trace(night: Night) -> None:
    order = orders.Submit(source=f"s3://{night.world.uploads}/nothing/").text
    assert night.operate(order=order) == Outcome(None, continued=False)
    assert night.batch.taken == []


def test_a_submission_takes_its_prefix_and_options(night: Night) -> None:
    order = orders.Submit(source=f"s3://{night.world.uploads}/in/", limit=2).text
    assert night.operate(order=order).sources == 2


def test_a_run_that_costs_too_much_is_refused_and_not_begun(night: Night) -> None:
    with pytest.raises(DataError, match="cost too much"):
        night.operate(order='{"do": "sweep", "max_cost": 0}')
    assert night.batch.taken == []
    assert not night.operate(TOMORROW).continued


def test_without_the_projects_document_it_says_to_deploy(night: Night) -> None:
    night.digest = "0" * 64
    with pytest.raises(DataError, match=f"projects/{'0' * 64}"):
        night.operate()


@pytest.mark.parametrize(
    ("argv", "error", "why"),
    [
        (["operate"], ConfigError, "ORDER TIME"),
        (["sweep", "{}", TONIGHT], ConfigError, "operate ORDER TIME"),
        (["operate", '{"do": "sweep"}', "<aws.scheduler.scheduled-time>"], DataError, "scheduled time"),
        (["operate", "Ref::order", TONIGHT], ConfigError, "not JSON"),
        (["operate", '{"do": "sweep"}', TONIGHT], ConfigError, "BATCHKIT_DOCUMENT"),
    ],
)
def test_a_command_that_is_none_is_refused_by_what_is_wrong(
    argv: list[str], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        operations.read(argv, {"BATCHKIT_ARTIFACTS": "x", "BATCHKIT_LEDGER": "y"})
