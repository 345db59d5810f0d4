"""Tests of batchkit.runs.job_logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.operating import Past
from support.submitting import sources

from batchkit.aws.logs import Line
from batchkit.errors import DataError
from batchkit.runs.job_logs import JobLogs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def logs(past: Past, batch: Batch | None = None) -> JobLogs:
    past.ledger.add_job(past.run, 0, "job-0")
    return JobLogs(past.ledger, batch or Batch(), Stream, "photos", past.run)


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
    followed = logs(Past(world, sources(3)), Batch("RUNNING", "RUNNING", "SUCCEEDED"))
    assert [said.message for said in followed.follow(0, 1, waits.append)][-2:] == ["first 3", "second 3"]
    assert len(waits) == 2


@pytest.mark.parametrize(("array", "index"), [(0, 2), (0, 0), (1, 0)])
def test_a_child_that_is_not_there_is_an_error(world: World, array: int, index: int) -> None:
    with pytest.raises(DataError, match=r"no (child|array)"):
        list(logs(Past(world, sources(3))).of_child(array, index))
