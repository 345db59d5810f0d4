"""Tests of batchkit.runs.reading: the sum is always whole, and what is known is not read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.operating import Past
from support.submitting import sources

from batchkit.planning import names
from batchkit.planning.states import Counts
from batchkit.runs.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.moto_world import World

CHILDREN = 200


class Read:
    """The numbers of the children whose records were read at the latest look."""

    def __init__(self, past: Past) -> None:
        self.children: list[int] = []
        self.queries = 0
        self.reading = Reading(past.ledger, past.plan, self._note)
        events = past.world.clients.dynamodb.meta.events
        events.register("before-call.dynamodb.Query", self._count)

    def _note(self, record: Mapping[str, Any]) -> None:
        self.children.append(record["child"] if "child" in record else record["failure"]["child"])

    def _count(self, **_: Any) -> None:
        self.queries += 1

    def look(self) -> Counts:
        self.children, self.queries = [], 0
        return self.reading.look().counts


def test_what_a_child_accounted_for_is_not_read_a_second_time(world: World) -> None:
    past = Past(world, sources(CHILDREN))
    read = Read(past)
    for child in range(150):
        past.reported(child, done=2)
    past.reported(150, done=1)
    past.died(151, "Host EC2 (instance i-1) terminated.")
    assert read.look() == Counts(done=301)
    past.reported(160, done=1, rejected=1)
    assert read.look() == Counts(done=302, rejected=1)
    assert sorted(read.children) == [150, 160]
    past.reported(150, done=2)
    assert read.look() == Counts(done=303, rejected=1)
    assert read.children == [150]


def test_a_run_whose_children_are_all_known_takes_no_query(world: World) -> None:
    past = Past(world, sources(CHILDREN))
    read = Read(past)
    for child in range(CHILDREN):
        past.reported(child, done=2)
    assert read.look() == Counts(done=400)
    assert read.queries == names.report_shards(CHILDREN)
    assert read.look() == Counts(done=400)
    assert read.queries == 0


def test_a_straggler_costs_one_query_and_not_all_that_came_after_it(world: World) -> None:
    past = Past(world, sources(3 * CHILDREN), per_child=2)
    read = Read(past)
    for child in range(1, 3 * CHILDREN):
        past.reported(child, done=2)
    read.look()
    assert read.look() == Counts(done=2 * (3 * CHILDREN - 1))
    assert (read.queries, read.children) == (1, [])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks=st.lists(st.lists(st.tuples(st.integers(0, 69), st.integers(1, 2)), max_size=30), max_size=4))
def test_the_sum_is_what_all_reports_say_whenever_it_is_looked_at(
    world: World, looks: list[list[tuple[int, int]]]
) -> None:
    past = Past(world, sources(70))
    reading, done = Reading(past.ledger, past.plan), dict[int, int]()
    for reports in looks:
        for child, items in reports:
            past.reported(child, done=items)
            done[child] = max(items, done.get(child, 0))
        found = reading.look()
        assert (found.counts.done, found.children) == (sum(done.values()), len(done))
