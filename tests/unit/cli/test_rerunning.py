"""Tests of batchkit.cli.rerunning and batchkit.runs.retry: a retry that broke off is continued."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from support.commands import SOURCES, Command

from batchkit.cli.rerunning import Begun, Rerun
from batchkit.errors import DataError
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
        run = command.type().plan.run
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

    def broken_off(self, *only: str, recipe: str = "") -> tuple[Plan, ...]:
        return retry.broken_off(self.outcomes, recipe or self.retry.recipe, only)

    def again(self, folder: Path, *, dry_run: bool = False) -> int:
        left = [Begun(self.command.bulk, plan, retry.name(self.run, ())) for plan in self.broken_off()]
        rerun = Rerun(max_cost=0.0, dry_run=dry_run, wait=False, yes=False, output="json")
        return rerun.run(left, folder, retries=self.run)


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
    assert chain.broken_off() == ()
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
    assert chain.broken_off("oom") == ()
    assert chain.broken_off(recipe="another") == ()


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
