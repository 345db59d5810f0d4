"""Tests of batchkit.completion.settling: many late facts, few looks at the run, and the last fact counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchkit.aws.ledger import LEASE_SECONDS, Ledger
from batchkit.completion import changes
from batchkit.completion.completion import Completion
from batchkit.completion.settling import WAITS
from batchkit.errors import Throttled
from batchkit.planning import names
from batchkit.planning.arrays import Array
from batchkit.planning.shards import Shape

from .conftest import ARTIFACTS, TABLE, TASKS, House
from .jobs import bulk, report

CHILDREN = 12
SHAPE = Shape(sources=CHILDREN, tasks=TASKS, per_child=TASKS)
numbers = count()

Event = dict[str, Any]


class Busy(Ledger):
    """Counts whole-run reads; what others do meanwhile happens before each, or else after it."""

    reads = 0
    meanwhile: Callable[[], None] | None = None
    is_late = False

    def summed(self, run: str, children: int) -> Iterator[dict[str, Any]]:
        self.reads += 1
        if not self.is_late and self.meanwhile:
            self.meanwhile()
        found = list(super().summed(run, children))
        if self.is_late and self.meanwhile:
            self.meanwhile()
        return iter(found)


class Late:
    """A run of which half the children are dead, ended before anybody said why."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ledger = Busy(house.clients.dynamodb, TABLE, lambda: house.clock)
        self.run = f"b-late-{next(numbers)}"
        (self.job,) = bulk(self.run, house.recipe.digest, SHAPE, [Array(0, CHILDREN)])
        self.dead = range(CHILDREN // 2)
        self.waits: list[float] = []
        for child in range(CHILDREN // 2, CHILDREN):
            self.ledger.record_report(report(self.run, child, SHAPE))
        self.tell(self.job.ended(failed=[*self.dead]))
        self.ledger.reads = 0

    def tell(self, event: Event) -> None:
        change = changes.parse(event)
        assert change is not None
        parts = self.ledger, self.house.objects, self.house._bus
        Completion("photos", ARTIFACTS, *parts, sleep=self.waits.append).record(change)

    def failure(self, child: int) -> Event:
        return self.job.child_failed(child)

    def errors(self) -> list[tuple[str, int]]:
        """As the record has them; the report has the same."""
        record = self.ledger.run(self.run) or {}
        stored = self.house.objects.get(ARTIFACTS, names.report_key(self.run, "jsonl"))
        assert stored is not None
        rows = [json.loads(line) for line in stored.body.splitlines()]
        found = [(one["error_class"], one["count"]) for one in record["errors"]]
        assert [(row["error_class"], row["count"]) for row in rows if row["kind"] == "error"] == found
        return found

    def counted(self) -> list[tuple[str, int]]:
        return [("HostLost", TASKS * len(self.dead))]


@pytest.mark.parametrize("is_late", [False, True])
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_burst_of_late_failures_in_any_order_and_number_costs_a_few_looks(
    house: House, is_late: bool, data: st.DataObject
) -> None:
    late = Late(house)
    first, *others = data.draw(st.permutations(late.dead))
    again = data.draw(st.lists(st.sampled_from(others), max_size=6))
    rest = data.draw(st.permutations([*others, *again]))

    def burst() -> None:
        while rest:
            late.tell(late.failure(rest.pop()))

    late.ledger.is_late, late.ledger.meanwhile = is_late, burst
    late.tell(late.failure(first))
    assert rest == []
    assert late.errors() == late.counted()
    assert late.ledger.reads <= 5
    late.ledger.reads = 0
    for child in late.dead:
        late.tell(late.failure(child))
    assert late.ledger.reads == 0


def test_the_event_of_one_who_died_with_the_lease_is_settled_when_it_comes_again(house: House) -> None:
    late = Late(house)

    def die() -> None:
        late.ledger.meanwhile = None
        for child in late.dead[1:]:
            late.tell(late.failure(child))
        raise Throttled("gone")

    late.ledger.meanwhile = die
    with pytest.raises(Throttled):
        late.tell(late.failure(0))
    assert late.errors() == [("NoReport", TASKS * len(late.dead))]
    late.tell(late.failure(0))
    assert late.errors() == late.counted()


def test_a_lease_of_one_who_never_comes_again_ends(house: House) -> None:
    late = Late(house)
    late.ledger.take_lease(late.run, "nobody")
    for child in late.dead[:-1]:
        late.tell(late.failure(child))
    assert late.ledger.reads == 0
    house.clock += LEASE_SECONDS + 1
    late.tell(late.failure(late.dead[-1]))
    assert late.errors() == late.counted()


class Forgetful(Busy):
    """Dies between the fact and the note that it came."""

    def came_late(self, run: str) -> bool:
        raise Throttled("gone")


def test_a_fact_whose_event_died_before_it_was_noted_is_settled_when_it_comes_again(house: House) -> None:
    late = Late(house)
    whole, late.ledger = late.ledger, Forgetful(house.clients.dynamodb, TABLE, lambda: house.clock)
    for child in late.dead:
        with pytest.raises(Throttled):
            late.tell(late.failure(child))
    late.ledger = whole
    late.tell(late.failure(0))
    assert late.errors() == late.counted()


def test_facts_that_keep_coming_are_left_to_the_next_delivery(house: House) -> None:
    late = Late(house)
    late.ledger.meanwhile = lambda: late.ledger.came_late(late.run) and None
    with pytest.raises(Throttled, match="keep coming"):
        late.tell(late.failure(0))
    assert late.waits == list(WAITS)
    late.ledger.meanwhile = None
    late.tell(late.failure(0))
    assert late.errors() == [("NoReport", TASKS * (len(late.dead) - 1)), ("HostLost", TASKS)]
