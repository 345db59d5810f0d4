"""Tests of batchkit.runs.job_logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.operating import Past
from support.submitting import sources

from batchkit.aws.logs import Line
from batchkit.errors import DataError
from batchkit.runs.job_logs import SILENCE_SECONDS, JobLogs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from support.moto_world import World


class Batch:
    """Knows job-0 with the child 1, whose statuses come one a look."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)

    def describe(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        container = {"logStreamName": "second"}
        attempts = [{"container": {"logStreamName": "first"}}, {"container": container}]
        for one in ids:
            if one == "job-0":
                yield {"jobId": one, "status": "PENDING", "arrayProperties": {"size": 3}}
            elif one == "job-0:2":
                yield {"jobId": one, "status": "SUCCEEDED", "container": {"logStreamName": "unlucky"}}
            elif one == "job-0:1":
                status = self.statuses.pop(0) if self.statuses else "FAILED"
                yield {"jobId": one, "status": status, "container": container, "attempts": attempts}


class Stream:
    """One more line at every look."""

    def __init__(self, group: str, name: str) -> None:
        self.name, self.looks = name, 0
        assert group == "/batchkit/photos/worker"

    def lines(self) -> Iterator[Line]:
        self.looks += 1
        yield Line(self.looks, f"{self.name} {self.looks}")


class Ending(Stream):
    """At the third look it says that it has ended."""

    def lines(self) -> Iterator[Line]:
        self.looks += 1
        yield Line(self.looks, '{"message": "metrics"}' if self.looks == 3 else "at work")


class Late(Stream):
    """Its only line is there at the third look."""

    def lines(self) -> Iterator[Line]:
        self.looks += 1
        if self.looks == 3:
            yield Line(self.looks, "late")


class Telling(Stream):
    """An error among other lines."""

    def lines(self) -> Iterator[Line]:
        yield Line(1, '{"level": "info", "message": "source processed"}')
        yield Line(2, '{"level": "error", "message": "the job raised"}')
        yield Line(3, "17")


def logs(
    past: Past, batch: Batch | None = None, open_stream: Callable[[str, str], Stream] = Stream
) -> JobLogs:
    past.ledger.add_job(past.run, 0, "job-0")
    return JobLogs(past.ledger, batch or Batch(), open_stream, "photos", past.run)


def test_failed_children_are_read_from_what_the_ledger_knows_of_them(world: World) -> None:
    past = Past(world, sources(3))
    past.died(2, "x")
    past.reported(0, done=2)
    assert [(said.job, said.message) for said in logs(past).of_failed()] == [("job-0:2", "stream-2 1")]


def test_a_child_is_read_attempt_by_attempt(world: World) -> None:
    found = logs(Past(world, sources(3))).of_child(0, 1)
    assert [said.message for said in found] == ["first 1", "second 1"]


def test_a_child_is_followed_until_it_has_ended(world: World) -> None:
    waits: list[float] = []
    followed = logs(Past(world, sources(3)), Batch("RUNNING", "RUNNING", "SUCCEEDED"), Ending)
    assert [said.message for said in followed.follow(0, 1, waits.append)][-1] == '{"message": "metrics"}'
    assert len(waits) == 2


def test_the_last_words_of_a_dead_child_are_waited_for(world: World) -> None:
    waits: list[float] = []
    followed = logs(Past(world, sources(3)), Batch("FAILED"), Late)
    assert [said.message for said in followed.follow(0, 1, waits.append)] == ["late", "late"]
    assert sum(waits) > SILENCE_SECONDS


def test_children_with_failed_items_are_heard_of_what_went_wrong_in_them(world: World) -> None:
    past = Past(world, sources(3))
    past.reported(0, done=2)
    past.reported(2, done=1, failed=1)
    found = list(logs(past, open_stream=Telling).of_failed())
    assert [(said.job, said.facts["message"]) for said in found] == [("job-0:2", "the job raised")]


def test_no_more_children_are_read_than_asked_for(world: World) -> None:
    past = Past(world, sources(3))
    for child in range(3):
        past.died(child, "x")
    assert len({said.job for said in logs(past).of_failed(limit=2)}) == 2


@pytest.mark.parametrize(("array", "index"), [(0, 3), (0, 0), (1, 0)])
def test_a_child_that_is_not_there_is_an_error(world: World, array: int, index: int) -> None:
    with pytest.raises(DataError, match=r"no (child|array)"):
        list(logs(Past(world, sources(3))).of_child(array, index))
