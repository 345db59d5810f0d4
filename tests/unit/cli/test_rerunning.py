"""Tests of batchkit.cli.rerunning and batchkit.runs.retry: a retry that broke off is continued."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from support.commands import SOURCES, Command

from batchkit.cli.rerunning import Begun, Part, Rerun
from batchkit.errors import DataError, Interrupted
from batchkit.planning.backfill import Plan
from batchkit.planning.records import RunEnd
from batchkit.planning.states import Counts, RunState
from batchkit.runs import retry
from batchkit.runs.outcomes import Outcomes
from batchkit.runs.steps import Finish, Submit

if TYPE_CHECKING:
    from pathlib import Path

    from support.moto_world import World

    from batchkit.runs.steps import Step


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Chain:
    """A run, and a retry of it that ended without a word before the step `at`."""

    command: Command
    run: str
    retry: Plan

    @classmethod
    def of(cls, command: Command, at: type[Step]) -> Chain:
        first = command.type().plan
        run = first.run
        end(command, first)
        command.request = replace(command.request, part="retry", source=retry.name(run, ()))
        prepared = command.prepare()

        def killed(step: Step) -> None:
            if isinstance(step, at):
                raise Killed

        command.bulk.ledger.retried(run, prepared.plan.run)
        with pytest.raises(Killed):
            command.bulk.submit(prepared, command.request.source, killed, lambda: False)
        return cls(command, run, prepared.plan)

    @property
    def outcomes(self) -> Outcomes:
        bulk = self.command.bulk
        return Outcomes(bulk.ledger, bulk.objects, bulk.artifacts, self.run)

    def broken_off(self, *only: str) -> tuple[Plan, ...]:
        return retry.take(self.command.bulk, self.run, only, dry_run=True).begun

    def again(self, folder: Path, *, dry_run: bool = False) -> int:
        folder.mkdir(exist_ok=True)
        left = [Begun(self.command.bulk, plan, retry.name(self.run, ())) for plan in self.broken_off()]
        rerun = Rerun(max_cost=0.0, dry_run=dry_run, wait=False, yes=False, output="json")
        return rerun.run(left, folder, retries=self.run)


def end(command: Command, plan: Plan) -> None:
    began = command.bulk.ledger.begun(plan.run)
    counts = Counts(failed=plan.items)
    state = RunState.PARTIAL
    command.bulk.ledger.finish(
        RunEnd(plan.run, "bulk", state, counts, plan.sources, plan.recipe, "job", started=began)
    )


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    return Command(world, tmp_path)


def facts(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("at", [Submit, Finish])
def test_a_retry_that_was_killed_is_continued_and_no_job_is_made_twice(
    command: Command, at: type[Step], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain.of(command, at)
    assert chain.again(tmp_path) == 0
    told = facts(capsys)
    assert (told["run"], told["retries"], told["continued"]) == (chain.retry.run, chain.run, True)
    assert len(command.batch.taken) == 2
    assert told["plan"]["sources"] == SOURCES
    assert "submitted" in (command.bulk.ledger.run(chain.retry.run) or {})
    with pytest.raises(DataError, match=r"has not ended[^…]*wait"):
        chain.broken_off()
    assert [one.run for one in chain.outcomes.retries] == [chain.retry.run]


def test_a_dry_run_shows_what_would_be_continued_and_changes_nothing(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain.of(command, Finish)
    assert chain.again(tmp_path, dry_run=True) == 0
    assert facts(capsys)["plan"]["run"] == chain.retry.run
    assert chain.broken_off() == (chain.retry,)


def test_only_the_same_command_continues_a_retry(command: Command) -> None:
    chain = Chain.of(command, Finish)
    assert chain.broken_off() == (chain.retry,)
    with pytest.raises(DataError, match=f"'{chain.retry.run}' has not ended"):
        chain.broken_off("oom")
    bulk = command.bulk
    project = replace(bulk.project, parameters={"names": ["a", "c"]})
    with pytest.raises(DataError, match=f"'{chain.retry.run}' has not ended"):
        retry.take(replace(bulk, project=project), chain.run, ())


def test_of_two_retries_that_looked_at_once_only_one_makes_jobs(command: Command) -> None:
    """The other one stops before its next step, also where its plan is stored already."""
    first = command.type().plan
    end(command, first)
    command.request = replace(command.request, part="retry", source=retry.name(first.run, ()))
    turns = [retry.take(command.bulk, first.run, ()) for _ in range(2)]
    prepared = command.prepare()
    before = len(command.batch.taken)
    for turn in turns:
        vars(turn.bulk)["queue"] = command.batch
    with pytest.raises(Interrupted, match="another retry of the same items"):
        turns[0].bulk.submit(prepared, "x", lambda step: None, lambda: False)
    assert command.bulk.ledger.run(prepared.plan.run) is None
    turns[1].bulk.submit(prepared, "x", lambda step: None, lambda: False)
    assert len(command.batch.taken) == before + 1


def test_a_retry_that_was_continued_and_has_ended_is_followed_by_a_new_one_at_once(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where all of it is bad once more, so that the file of what is to do is the same."""
    chain = Chain.of(command, Submit)
    assert chain.again(tmp_path / "1") == 0
    end(command, chain.retry)
    capsys.readouterr()
    part = Part(command.bulk, command.request, retry.is_over)
    Rerun(max_cost=None, dry_run=False, wait=False, yes=True, output="json").run([part], tmp_path)
    told = facts(capsys)
    assert told["run"] != chain.retry.run
    assert not told["continued"]


def test_a_retry_is_not_continued_beside_another_one(command: Command) -> None:
    chain = Chain.of(command, Finish)
    other = "b-other-retry"
    plan = replace(chain.retry, run=other)
    bulk = command.bulk
    bulk.ledger.begin(plan, retry.name(chain.run, ("oom",)))
    bulk.ledger.submitted(other)
    bulk.ledger.retried(chain.run, other)
    with pytest.raises(DataError, match=f"'{other}' has not ended"):
        chain.broken_off()
    bulk.ledger.finish(RunEnd(other, "bulk", RunState.PARTIAL, Counts(), 1, plan.recipe, "job"))
    assert chain.broken_off() == (chain.retry,)
