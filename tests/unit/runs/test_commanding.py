"""Tests of batchkit.runs.commanding, and of canaries carried out by it: what is said, paid and done again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.commands import SOURCES, Command
from support.submitting import FakeBatch, manifest_of

from batchkit.errors import DataError
from batchkit.planning.outputs import output_key
from batchkit.planning.records import Item, Report, RunEnd
from batchkit.planning.selection import is_sampled
from batchkit.planning.source_spec import Prefix
from batchkit.planning.states import Counts, Outcome, RunState
from batchkit.runs import canary, canary_parts
from batchkit.runs.commanding import Command as Carried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from support.moto_world import World

    from batchkit.planning.backfill import Plan
    from batchkit.runs.commanding import Done
    from batchkit.runs.requests import Prepared
    from batchkit.runs.watch import Progress


class Gone(KeyboardInterrupt):
    """The connection is lost, or the person's patience."""


@dataclass
class Person:
    """Whoever gave the command; `leaves` while a run is followed. `bad` is the share of items that fail,
    `fresh` of those that are up to date; a child takes `seconds`. `cancels` a run while it is followed."""

    typed: Command
    leaves: bool = False
    bad: float = 0.0
    fresh: float = 0.0
    seconds: int = 0
    cancels: bool = False
    plans: list[Plan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def plan(self, plan: Plan) -> None:
        self.plans.append(plan)

    def ask(self, run: str) -> None:
        self.asked.append(run)

    def step(self, step: object) -> None:
        """Steps are told in test_submit."""

    def note(self, text: str) -> None:
        self.notes.append(text)

    def follow(self, looks: Iterable[Progress]) -> Progress | None:
        if self.leaves:
            raise Gone
        if self.cancels:
            self.typed.bulk.ledger.cancelled(self.plans[-1].run, "a mistake")
        self.end(self.plans[-1])
        return list(looks)[-1]

    def end(self, plan: Plan) -> None:
        """The children end, behind the command's back."""
        failed, fresh = round(self.bad * plan.items), round(self.fresh * plan.items)
        counts = Counts(done=plan.items - failed - fresh, fresh=fresh, failed=failed)
        state = RunState.PARTIAL if failed else RunState.SUCCEEDED
        ledger = self.typed.bulk.ledger
        began = ledger.begun(plan.run)
        if self.seconds:
            times = {"started": began, "stopped": began + self.seconds}
            ledger.record_report(Report(plan.run, 0, plan.items, 1, counts, **times))
        ledger.finish(RunEnd(plan.run, "bulk", state, counts, plan.sources, plan.recipe, "j", started=began))

    @contextmanager
    def interruptible(self) -> Iterator[Any]:
        yield lambda: False


@dataclass
class Shell:
    """Where the command is typed."""

    typed: Command
    folder: Path
    person: Person
    times: int = 0

    def command(self, **options: Any) -> Carried:
        self.times += 1
        return Carried(bulk=self.typed.bulk, face=self.person, source="s3://in/", **options)

    def place(self) -> Path:
        (self.folder / str(self.times)).mkdir()
        return self.folder / str(self.times)

    def submit(self, **options: Any) -> Done:
        command = self.command(**options)
        return command.carry_out(command.prepare(self.typed.request, self.place() / "run"))

    def canary(self, share: float, most: float = 0.05, **options: Any) -> Any:
        return canary.carry_out(self.command(**options), self.typed.request, share, most, self.place())


class Watched(FakeBatch):
    """Parents of which nothing is known: runs are followed by their records."""

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        return iter(())


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Shell:
    typed = Command(world, tmp_path, batch=Watched())
    return Shell(typed, tmp_path, Person(typed))


def test_a_command_that_was_broken_off_while_it_waited_says_how_its_run_ended(shell: Shell) -> None:
    shell.person.leaves = True
    with pytest.raises(Gone):
        shell.submit(wait=True)
    (plan,) = shell.person.plans
    assert shell.person.notes[-1] == (
        f"{plan.run} goes on without this command; batchkit status {plan.run} --watch"
    )
    shell.person.end(plan)
    shell.person.leaves = False
    done = shell.submit()
    assert done.end is not None
    assert (done.end.run, done.end.state) == (plan.run, RunState.SUCCEEDED)
    assert any("given once more, the command begins a new run" in note for note in shell.person.notes)
    assert len(shell.typed.batch.taken) == 1
    # And so it does.
    assert not shell.submit().prepared.continued


def test_a_kept_plan_that_was_carried_out_promises_no_other_run(shell: Shell) -> None:
    shell.times += 1
    planned = shell.typed.bulk.rehearse(shell.typed.request, shell.place(), lambda: False)
    for _ in range(2):
        adopted = shell.typed.bulk.adopt(planned.plan, planned.spool)
        shell.command().carry_out(adopted)
        shell.person.end(planned.plan)
    assert f"{planned.plan.run}, which the same command had begun, has ended" in shell.person.notes
    assert len(shell.typed.batch.taken) == 1


@pytest.mark.parametrize("wait", [True, False])
def test_a_command_that_was_answered_begins_a_new_run_when_the_old_one_is_over(
    shell: Shell, wait: bool
) -> None:
    first = shell.submit(wait=wait)
    shell.person.end(first.prepared.plan)
    second = shell.submit(wait=wait)
    assert not second.prepared.continued
    assert second.prepared.plan.run != first.prepared.plan.run


def test_a_command_that_runs_still_is_continued_without_being_asked_again(shell: Shell) -> None:
    first, second = shell.submit(), shell.submit()
    assert second.prepared.plan.run == first.prepared.plan.run
    assert shell.person.asked == [first.prepared.plan.run]
    assert second.jobs == first.jobs == (FakeBatch.id_of(f"{first.prepared.plan.run}-0"),)


def test_nothing_to_do_is_let_go_without_a_question(shell: Shell) -> None:
    shell.typed.request = replace(shell.typed.request, spec=Prefix(shell.typed.world.uploads, "none/"))
    assert shell.submit().jobs == ()
    assert shell.person.asked == []


def cost_of(shell: Shell) -> float:
    """Of all sources in one run."""
    shell.times += 1
    return shell.typed.bulk.rehearse(shell.typed.request, shell.place(), lambda: False).plan.cost.total


def test_a_limit_bounds_canary_and_rest_together_before_either_runs(shell: Shell) -> None:
    """Each part alone is below it."""
    most = 1.2 * cost_of(shell)
    with pytest.raises(DataError, match="too much") as caught:
        shell.canary(0.5, max_cost=most)
    assert "of it the canary" in str(caught.value.found)
    assert f"{most:.2g}" in str(caught.value.expected)
    assert shell.typed.batch.taken == []


def test_a_canary_and_its_rest_make_every_source_once(shell: Shell) -> None:
    both = shell.canary(0.5, wait=True)
    plans = [both.canary.prepared.plan, both.rest.prepared.plan]
    assert plans == shell.person.plans
    assert sum(plan.sources for plan in plans) == SOURCES
    assert "both parts together cost about" in shell.person.notes[0]
    facts = both.as_json()
    assert (facts["run"], facts["canary"]["run"]) == (plans[1].run, plans[0].run)
    assert (facts["canary"]["error_rate"], facts["canary"]["seconds"]) == (0.0, 0)
    assert both.is_good


@pytest.mark.parametrize("fresh", [0.0, 1.0])
def test_the_rest_is_planned_by_a_canary_that_made_something_else_as_before(
    shell: Shell, fresh: float
) -> None:
    shell.person.seconds, shell.person.fresh = 1000, fresh
    plan = shell.canary(0.5).rest.prepared.plan
    assert (plan.model == shell.typed.request.model) is bool(fresh)
    assert any("too little to measure by" in note for note in shell.person.notes) is bool(fresh)


def test_nothing_follows_a_canary_that_somebody_cancelled(shell: Shell) -> None:
    """Even if all of it was made before its jobs could be ended."""
    shell.person.cancels = True
    with pytest.raises(DataError, match="the canary was cancelled: the rest was not submitted") as caught:
        shell.canary(0.5)
    (cancelled,) = shell.person.plans
    assert cancelled.run in str(caught.value.found)
    assert len(shell.typed.batch.taken) == 1
    shell.person.cancels = False
    both = shell.canary(0.5)
    assert not both.canary.prepared.continued
    assert both.canary.prepared.plan.run != cancelled.run


def test_a_command_whose_run_was_cancelled_waits_for_the_end_of_its_children(shell: Shell) -> None:
    before = shell.submit().prepared.plan
    shell.typed.bulk.ledger.cancelled(before.run, "a mistake")
    with pytest.raises(DataError, match="was cancelled and has not ended"):
        shell.submit()
    assert len(shell.typed.batch.taken) == 1
    shell.person.end(before)
    after = shell.submit().prepared
    assert not after.continued
    assert [job.parameters["run"] for job in shell.typed.batch.taken] == [before.run, after.plan.run]


def test_nothing_begins_beside_a_rest_that_was_cancelled_and_is_stopping(shell: Shell) -> None:
    rest = shell.canary(0.5).rest.prepared.plan
    shell.typed.bulk.ledger.cancelled(rest.run, "a mistake")
    with pytest.raises(DataError, match="was cancelled and has not ended"):
        shell.canary(0.5)
    assert len(shell.typed.batch.taken) == 2
    shell.person.end(rest)
    assert not shell.canary(0.5).canary.prepared.continued


def twins() -> dict[bool, str]:
    """Two keys whose outputs collide (suffixes count however they are spelt), by whether they are sampled."""
    stem = next(
        n for n in range(SOURCES, 99) if is_in_sample(f"in/{n}.txt") and not is_in_sample(f"in/{n}.TXT")
    )
    return {True: f"in/{stem}.txt", False: f"in/{stem}.TXT"}


def by_stem(command: Carried) -> Carried:
    """The same command, of a project that names its outputs by the stem of their source's key."""
    bulk = command.bulk
    output = msgspec.structs.replace(bulk.project.output, key="{dir}/{stem}.{task}.{ext}")
    return replace(command, bulk=replace(bulk, project=replace(bulk.project, output=output)))


def test_a_canary_whose_outputs_the_rest_would_overwrite_does_not_begin(shell: Shell) -> None:
    for key in twins().values():
        shell.typed.world.put(key, b"x")
    command = by_stem(shell.command())
    for carry_out in (partial(canary.carry_out, most=0.05), canary.rehearse):
        shell.times += 1
        with pytest.raises(DataError, match="overwrite each other"):
            carry_out(command, shell.typed.request, share=0.5, folder=shell.place())
    assert shell.typed.batch.taken == []


def test_a_rest_that_would_overwrite_a_canary_that_is_continued_does_not_begin(shell: Shell) -> None:
    """What came in between was not there when both were planned."""
    shell.typed.world.put(twins()[True], b"x")
    shell.person.leaves = True
    command = by_stem(shell.command())
    command.bulk.__dict__["queue"] = shell.typed.batch
    with pytest.raises(Gone):
        canary.carry_out(command, shell.typed.request, 0.5, 0.05, shell.place())
    shell.person.end(shell.person.plans[0])
    shell.typed.world.put(twins()[False], b"x")
    shell.person.leaves = False
    shell.times += 1
    with pytest.raises(DataError, match="overwrite each other"):
        canary.carry_out(command, shell.typed.request, 0.5, 0.05, shell.place())
    assert len(shell.typed.batch.taken) == 1


def is_in_sample(key: str) -> bool:
    return is_sampled(key, 0.5, canary_parts.PURPOSE)


def test_a_canary_that_was_broken_off_after_its_end_says_what_it_found_before_another_is_paid(
    shell: Shell,
) -> None:
    shell.person.leaves, shell.person.bad = True, 1.0
    with pytest.raises(Gone):
        shell.canary(0.5)
    shell.person.end(shell.person.plans[0])
    shell.person.leaves = False
    for _ in range(2):
        with pytest.raises(DataError, match="went wrong"):
            shell.canary(0.5)
    # Told of it, the person tries once more, with a new canary.
    assert len(shell.typed.batch.taken) == 2


def test_a_rest_that_was_broken_off_is_continued_without_another_canary(shell: Shell) -> None:
    both = shell.canary(0.5)
    again = shell.canary(0.5)
    assert again.canary.prepared.continued
    assert again.rest.prepared.continued
    assert again.rest.jobs == both.rest.jobs
    assert len(shell.typed.batch.taken) == 2


def test_a_canary_that_is_continued_after_its_end_leaves_the_rest_its_part_of_the_limit(shell: Shell) -> None:
    """What the canary made is up to date by then, and the limit is not there for others in its place: there
    are enough, none of them the canary's."""
    candidates = [f"in/more-{number:02}.txt" for number in range(99)]
    first = candidates[:5]
    others = [key for key in candidates[5:] if not is_in_sample(key)]
    for key in (*first, *others):
        shell.typed.world.put(key, b"x")
    limit = SOURCES + len(first)
    selection = replace(shell.typed.request.selection, limit=limit)
    shell.typed.request = replace(shell.typed.request, selection=selection, changed_only=True)
    shell.person.leaves = True
    with pytest.raises(Gone):
        shell.canary(0.5)
    (plan,) = shell.person.plans
    shell.person.end(plan)
    made_of(shell, plan)
    shell.person.leaves = False
    both = shell.canary(0.5)
    assert both.canary.prepared.continued
    made = [
        one.key
        for run in (plan.run, both.rest.prepared.plan.run)
        for one in manifest_of(shell.typed.world, run)
    ]
    assert sorted(made) == [*(one.key for one in shell.typed.sources), *first]


def made_of(shell: Shell, plan: Plan) -> None:
    """The ledger has the items of a run as made."""
    bulk = shell.typed.bulk
    for source in manifest_of(shell.typed.world, plan.run):
        for task in bulk.project.recipe.tasks:
            where = {"bucket": source.bucket, "key": source.key, "task": task.name, "etag": source.etag}
            made = output_key(bulk.project.output.key, source.key, task.name, task.extension)
            what = {"digest": bulk.project.recipe.task_digest(task), "output": made, "outcome": Outcome.DONE}
            bulk.ledger.record_item(Item(**where, **what, run=plan.run, order="9", modified=1))


def test_a_canary_without_a_source_is_widened_until_it_has_one(shell: Shell) -> None:
    both = shell.canary(0.0001)
    assert "nothing is to do in the sample of 0.01%" in shell.person.notes[0]
    assert [plan.sources for plan in shell.person.plans] == [SOURCES]
    assert both.rest is None


def test_a_canary_that_is_up_to_date_is_taken_from_what_is_to_do(shell: Shell) -> None:
    shell.typed.request = replace(shell.typed.request, changed_only=True)
    for number in range(100):
        shell.typed.world.put(f"in/more-{number}.txt", b"x")
    share = 0.1
    before = shell.canary(share).canary.prepared.plan
    made_of(shell, before)
    both = shell.canary(share, again=True)
    parts = [both.canary.prepared.plan, both.rest.prepared.plan]
    assert sum(plan.sources for plan in parts) == SOURCES + 100 - before.sources
    assert 4 <= parts[0].sources < parts[1].sources
    assert "nothing is to do in the sample of 10%: 20% are sampled instead" in shell.person.notes
    run = both.canary.prepared.plan.run
    assert not {one.key for one in manifest_of(shell.typed.world, run)} & {
        one.key for one in manifest_of(shell.typed.world, before.run)
    }


def test_a_widened_canary_that_was_broken_off_is_continued(shell: Shell) -> None:
    """What it made is up to date by then: by what is left, another share would be chosen."""
    shell.person.leaves = True
    with pytest.raises(Gone):
        shell.canary(0.0001)
    (plan,) = shell.person.plans
    shell.person.end(plan)
    shell.person.leaves = False
    for number in range(50):
        shell.typed.world.put(f"in/more-{number}.txt", b"x")
    both = shell.canary(0.0001)
    assert both.canary.prepared.continued
    assert both.canary.prepared.plan.run == plan.run
    assert len(shell.typed.batch.taken) == 1 + (both.rest is not None)


def test_a_rehearsal_widens_a_canary_too(shell: Shell) -> None:
    parts = canary.rehearse(shell.command(), shell.typed.request, 0.0001, shell.place())
    assert [part.plan.sources for part in parts] == [SOURCES, 0]


def test_a_canary_of_everything_leaves_nothing_and_prints_no_empty_plan(shell: Shell) -> None:
    both = shell.canary(1.0)
    assert both.rest is None
    assert [plan.sources for plan in shell.person.plans] == [SOURCES]
    assert "nothing is left to do" in shell.person.notes[-1]
    assert both.as_json()["run"] == both.canary.prepared.plan.run
    assert not shell.canary(1.0).canary.prepared.continued


def test_a_canary_of_no_sources_at_all_is_nothing_to_do(shell: Shell) -> None:
    shell.typed.request = replace(shell.typed.request, spec=Prefix(shell.typed.world.uploads, "none/"))
    assert shell.canary(0.5).jobs == ()


def test_a_rehearsal_of_a_canary_shows_both_parts(shell: Shell) -> None:
    command = shell.command()
    parts: list[Prepared] = canary.rehearse(command, shell.typed.request, 0.5, shell.place())
    assert sum(part.plan.sources for part in parts) == SOURCES
    assert shell.typed.batch.taken == []
