"""Runs of several arrays, as Batch tells of them: however many children they have, they end once.

Batch's events are generated, and so are the children's reports, which are read from the ledger only; all else
is written and read as it always is.
"""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from batchkit.aws.ledger import Ledger
from batchkit.completion import changes
from batchkit.planning.arrays import MAX_ARRAY_SIZE, arrays
from batchkit.planning.shards import Shape

from .conftest import TABLE, TASKS, House
from .jobs import Job, bulk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZES = [1, 2, 9_999, MAX_ARRAY_SIZE, 10_001, 25_000]

numbers = count()


class Reported(Ledger):
    """A ledger with the reports of all children but the `dead`."""

    dead: frozenset[int] = frozenset()

    def summed(self, run: str, children: int) -> Iterator[dict[str, Any]]:
        yield from super().summed(run, children)
        counts = {"done": TASKS - 1, "fresh": 1, "rejected": 0, "failed": 0, "bytes": 10}
        for child in range(children):
            if child not in self.dead:
                yield {"child": child, "counts": counts, "started": 10, "stopped": 20}


class Run:
    """A run of so many children of one source each, some of which die."""

    def __init__(self, house: House, children: int, dead: Sequence[int]) -> None:
        ledger = Reported(house.clients.dynamodb, TABLE, clock=lambda: house.clock)
        ledger.dead = frozenset(dead)
        house.ledger = ledger
        self.house, self.dead, self.children = house, sorted(ledger.dead), children
        self.id = f"b-large-{next(numbers)}"
        shape = Shape(children, TASKS, TASKS)
        self.jobs = bulk(self.id, house.recipe.digest, shape, arrays(children))

    def ends(self) -> list[dict[str, Any]]:
        """The ends of all jobs; a plain job that died has said so as a child."""
        return [job.ended(self._dead_of(job)) for job in self.jobs]

    def deaths(self) -> list[dict[str, Any]]:
        return [job.child_failed(index) for job in self.jobs for index in self._dead_of(job)]

    def tell(self, *events: dict[str, Any]) -> None:
        for event in events:
            change = changes.parse(event)
            assert change is not None
            self.house.completion.record(change)

    def announced(self) -> list[str]:
        return [detail["state"] for detail in self.house.events.details if detail["run"] == self.id]

    def check(self, state: str) -> None:
        """It was announced once, and every item is accounted for."""
        assert self.announced() == [state]
        record = self.house.ledger.run(self.id)
        assert record is not None
        living, lost = self.children - len(self.dead), TASKS * len(self.dead)
        expected = {"done": (TASKS - 1) * living, "fresh": living, "rejected": 0, "failed": lost}
        assert {name: record["counts"][name] for name in expected} == expected
        assert sum(expected.values()) == TASKS * self.children
        assert {end.first: end.size for end in self.house.ledger.arrays(self.id)} == {
            job.array.first: job.array.size for job in self.jobs
        }

    def _dead_of(self, job: Job) -> list[int]:
        array = job.array
        return [child - array.first for child in self.dead if 0 <= child - array.first < array.size]


@pytest.mark.parametrize("children", SIZES)
def test_a_run_ends_with_the_last_of_its_arrays_and_not_before(house: House, children: int) -> None:
    run = Run(house, children, dead=())
    *first, last = run.ends()
    run.tell(*first)
    assert run.announced() == []
    run.tell(last)
    run.check("SUCCEEDED")


@pytest.mark.parametrize("children", SIZES[2:])
def test_the_dead_of_every_array_are_counted_once_however_often_and_late_they_are_told(
    house: House, children: int
) -> None:
    """The outermost children of each array, whose numbers within the run are the easiest to get wrong."""
    edges = [edge for one in arrays(children) for edge in (one.first, one.first + one.size - 1)]
    run = Run(house, children, dead=edges)
    events = [*run.ends(), *run.deaths()]
    told = [*events, *events[::2]]
    Random(children).shuffle(told)
    run.tell(*told)
    run.check("PARTIAL")
    failures = [child["failure"] for child in house.ledger.children(run.id, children) if "failure" in child]
    assert sorted(failure["child"] for failure in failures) == edges
