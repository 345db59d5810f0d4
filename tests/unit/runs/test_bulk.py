"""Tests of batchkit.runs.bulk: one command, from what it asks for to its jobs, while calls go wrong."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.commands import SOURCES, Command
from support.failing_calls import FailingCalls, Way
from support.moto_world import TIME, Clock, World

from batchkit.errors import BatchkitError, DataError, Interrupted
from batchkit.planning.source_spec import KeyFile, Prefix
from batchkit.runs.drafting import Drafting
from batchkit.runs.manifests import Manifest
from batchkit.runs.requests import Prepared, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.listing import Requests
    from batchkit.planning.manifest import Source


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    return Command(world, tmp_path)


def calls_of(command: Command) -> list[str]:
    """The calls of a submission that meets no trouble."""
    counted = FailingCalls(command.world.clients)
    command.type()
    counted.close()
    return counted.calls


CALLS = 29

key_of = attrgetter("key")


def test_every_call_of_a_submission_has_its_turn_in_the_test_below(command: Command) -> None:
    assert len(calls_of(command)) == CALLS


@pytest.mark.parametrize("way", ["unsent", "unanswered"])
@pytest.mark.parametrize("number", range(CALLS))
def test_a_submission_of_which_any_call_fails_is_completed_by_repeating_it(
    command: Command, number: int, way: Way
) -> None:
    spoiled = FailingCalls(command.world.clients, way, lambda n, _attempt: n == number)
    with pytest.raises(BatchkitError) as caught:
        command.type()
    spoiled.close()
    assert caught.value.exit_code in (75, 78)
    command.check(command.type())


def test_the_same_command_continues_its_run_and_another_begins_one(command: Command) -> None:
    first, second = command.type(), command.type()
    assert second.continued
    assert second.plan == first.plan
    command.check(second)
    command.request = replace(command.request, fan_out="task")
    assert command.type().plan.run != first.plan.run


def test_again_begins_a_new_run(command: Command) -> None:
    first, second = command.type(), command.type(again=True)
    assert not second.continued
    assert first.plan.run != second.plan.run
    assert len(command.batch.taken) == 2


def test_who_was_overtaken_stops(command: Command) -> None:
    slow, fast = command.prepare(), command.prepare()
    assert slow.plan.run != fast.plan.run
    command.bulk.submit(fast, "", lambda step: None, lambda: False)
    with pytest.raises(Interrupted, match="another process"):
        command.bulk.submit(slow, "", lambda step: None, lambda: False)
    command.check(fast)


@pytest.mark.parametrize("file", ["manifest.jsonl", "manifest.idx", "plan.json"])
def test_who_is_suspended_while_writing_changes_nothing_of_the_run_of_who_repeated_the_command(
    command: Command, file: str
) -> None:
    others: list[Prepared] = []

    def sleep(params: dict[str, Any], **_: Any) -> None:
        """Until the command was repeated, and found one source more."""
        if params["url_path"].endswith(f"/{file}") and not asleep:
            asleep.append(file)
            command.sources.append(command.world.put("in/another.txt", b"x"))
            others.append(command.type())

    asleep: list[str] = []
    events = command.world.clients.s3.meta.events
    events.register("before-call.s3.PutObject", sleep)
    with pytest.raises(Interrupted, match="another process"):
        command.type()
    events.unregister("before-call.s3.PutObject", sleep)
    command.sources.sort(key=key_of)
    command.check(others[0])
    world, run = command.world, others[0].plan.run
    assert sorted(Manifest(world.objects, world.artifacts, run, SOURCES + 1), key=key_of) == command.sources
    assert command.bulk.stored_plan(others[0].plan.run) == others[0].plan
    again = command.type()
    assert (again.continued, again.plan) == (True, others[0].plan)


def test_two_commands_make_one_job_when_the_second_begins_while_the_first_waits(command: Command) -> None:
    command.batch.faults = ["throttled"]
    others: list[Prepared] = []

    def meanwhile(seconds: float) -> None:
        if not others:
            others.append(command.type())

    slow, first = command.prepare(), replace(command.bulk, sleep=meanwhile)
    vars(first)["queue"] = command.batch
    with pytest.raises(Interrupted, match="another process"):
        first.submit(slow, command.request.source, lambda step: None, lambda: False)
    command.check(others[0])


def test_a_run_of_nothing_is_let_go(command: Command) -> None:
    command.request = replace(command.request, spec=Prefix(command.world.uploads, "empty/"))
    nothing = command.prepare()
    assert nothing.plan.arrays == ()
    command.bulk.release(nothing)
    command.world.put("empty/no-more.txt", b"x")
    later = command.prepare()
    assert not later.continued
    assert later.plan.sources == 1


def test_a_rehearsal_leaves_nothing_behind(command: Command, tmp_path: Path) -> None:
    rehearsed = command.bulk.rehearse(command.request, tmp_path, lambda: False)
    assert rehearsed.plan.sources == SOURCES
    assert command.bulk.stored_plan(rehearsed.plan.run) is None
    assert list(command.bulk.ledger.runs("bulk", 10)) == []


def test_a_plan_that_was_kept_is_submitted_once_however_often(command: Command, tmp_path: Path) -> None:
    rehearsed = command.bulk.rehearse(command.request, tmp_path, lambda: False)
    command.bulk.keep(rehearsed, tmp_path / "plan.json")
    for _ in range(2):
        kept = command.bulk.kept(tmp_path / "plan.json")
        adopted = command.bulk.adopt(kept.plan, kept.spool)
        command.bulk.submit(adopted, "plan.json", lambda step: None, lambda: False)
        command.check(adopted)


def test_a_plan_that_was_kept_begins_when_it_is_submitted(command: Command, tmp_path: Path) -> None:
    """Else what another command made meanwhile would count as newer than what this one makes."""
    command.bulk.keep(command.bulk.rehearse(command.request, tmp_path, lambda: False), tmp_path / "p.json")
    meanwhile = command.type().plan
    kept = command.bulk.kept(tmp_path / "p.json")
    later = command.bulk.adopt(kept.plan, kept.spool)
    command.bulk.submit(later, "p.json", lambda step: None, lambda: False)
    began = [(command.bulk.ledger.run(run) or {})["started"] for run in (meanwhile.run, kept.plan.run)]
    assert kept.plan.started < began[0] < began[1]
    assert [job.parameters["time"] for job in command.batch.taken] == [str(each) for each in began]


def test_a_run_that_is_continued_keeps_its_moment(command: Command) -> None:
    command.type()
    before = command.bulk.ledger.begun(command.type().plan.run)
    assert {job.parameters["time"] for job in command.batch.taken} == {str(before)}


def test_a_file_of_keys_is_known_by_what_is_in_it(command: Command, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    spec = KeyFile(str(keys), command.world.uploads)
    runs = []
    for text in ("in/0.txt\n", "in/0.txt\n", "in/1.txt\n"):
        keys.write_text(text)
        command.request = Request(source=str(keys), spec=spec, keys=keys)
        runs.append(command.type().plan.run)
    assert runs[0] == runs[1] != runs[2]


def test_a_key_that_a_file_names_again_is_planned_once_and_told(command: Command, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("in/0.txt\n" * 998 + "in/1.txt\nin/0.txt\n")
    command.request = Request(source="k", spec=KeyFile(str(keys), command.world.uploads), keys=keys)
    plan = command.prepare().plan
    assert (plan.sources, plan.tally.repeated, plan.tally.found) == (2, 998, 2)


def test_prices_and_speed_are_no_part_of_what_a_command_means(command: Command) -> None:
    project, request = command.bulk.project, command.request
    faster = replace(request, model=replace(request.model, source=9.0), prices={})
    assert faster.meaning(project) == request.meaning(project)
    assert replace(request, seconds_per_child=60).meaning(project) != request.meaning(project)


def test_changed_only_leaves_out_what_the_outputs_show_as_made(command: Command) -> None:
    command.request = replace(command.request, changed_only=True)
    assert command.prepare().plan.tally.new == SOURCES


def test_every_list_request_is_counted_whatever_the_filters_leave_of_it(command: Command) -> None:
    selection = replace(command.request.selection, include=("*.none",))
    command.request = replace(command.request, selection=selection)
    found = command.prepare().found
    assert found is not None
    assert (found.sources, found.lists) == (0, 1)


def test_trouble_in_the_middle_of_a_listing_claims_no_plan(command: Command) -> None:
    class Broken(Drafting):
        def _sources(self, request: Request, requests: Requests) -> Iterator[Source]:
            yield command.sources[0]
            raise DataError("the listing broke off")

    bulk = command.bulk
    vars(bulk)["drafting"] = Broken(**vars(bulk.drafting))
    (command.folder / "broken").mkdir()
    with pytest.raises(DataError):
        bulk.prepare(command.request, command.folder / "broken", lambda: False)
    command.check(command.type())


def test_a_command_that_is_repeated_within_a_second_goes_on_with_what_is_stored(command: Command) -> None:
    command.clock = Clock(TIME)
    first = command.type()
    # The second command begins when the first one began.
    command.clock = Clock(TIME)
    second = command.prepare()
    assert second.continued
    assert second.plan == first.plan
