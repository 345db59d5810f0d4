"""Tests of batchkit.runs.retry, retry_items and retry_sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.operating import Past
from support.projects import photos
from support.submitting import sources

from batchkit.errors import DataError, Interrupted
from batchkit.planning import backfill, names
from batchkit.planning.backfill import Found, Options
from batchkit.planning.cost import Machine
from batchkit.planning.sizing import Model
from batchkit.planning.states import Outcome, bulk_order
from batchkit.runs import key_lines, retry, retry_items, retry_sizes
from batchkit.runs.bulk import Bulk
from batchkit.runs.retry import Family

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from support.moto_world import World

    from batchkit.runs.requests import Request
    from batchkit.runs.retry_items import Selected

TASKS = ["a", "b"]
GIVEN = int(photos(2).compute.memory)
OOM = "OutOfMemoryError: Container killed due to memory usage"


@pytest.fixture
def past(world: World) -> Past:
    """0: b failed · 1: a rejected · 2: lost in a lack of memory · 3: fine."""
    found = Past(world, sources(4))
    for number, task, outcome in (
        (0, "a", Outcome.DONE),
        (0, "b", Outcome.FAILED),
        (1, "a", Outcome.REJECTED),
        (1, "b", Outcome.DONE),
        (3, "a", Outcome.DONE),
        (3, "b", Outcome.FRESH),
    ):
        found.item(found.sources[number], task, outcome)
    found.reported(0, done=1, failed=1)
    found.reported(1, done=1, rejected=1)
    found.reported(3, done=1, fresh=1)
    found.died(2, "Essential container in task exited", OOM, 137)
    return found


def select(past: Past, folder: Path, *only: str, memory: int = GIVEN) -> tuple[Selected, ...]:
    past.ended()
    family = retry.take(lane(past.world), past.run, only).family
    return retry_items.select(family, past.world.objects, TASKS, only, folder, memory=memory)


def lane(world: World) -> Bulk:
    return Bulk(project=photos(2), clients=world.clients, artifacts=world.artifacts, table=world.table)


def only_one(past: Past, folder: Path, *only: str) -> Selected:
    (found,) = select(past, folder, *only)
    return found


def chosen(lots: Iterable[Selected]) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for lot in lots:
        with lot.keys.open("rb") as file:
            found += [(one.source.key[-6:-4], one.source.tasks) for one in key_lines.read(file, "retry")]
    return sorted(found)


def asked(past: Past, selected: Selected, tasks: int = 2) -> Request:
    return retry_sizes.request(selected, past.outcomes.plans, (), tasks)


def test_only_failed_items_are_chosen_and_sources_are_dense(past: Past, tmp_path: Path) -> None:
    found = select(past, tmp_path)
    assert chosen(found) == [("00", ("b",)), ("02", ())]
    assert [(lot.sources, lot.items, lot.classes) for lot in found] == [
        (1, 1, {"recipe": 1}),
        (1, 2, {"oom": 2}),
    ]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (("oom",), [("02", ())]),
        (("recipe",), [("00", ("b",))]),
        (("rejected",), [("01", ("a",))]),
        (("input",), [("01", ("a",))]),
        (("failed", "rejected"), [("00", ("b",)), ("01", ("a",)), ("02", ())]),
        (("spot",), []),
    ],
)
def test_a_kind_chooses_its_items(
    past: Past, tmp_path: Path, only: tuple[str, ...], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert chosen(select(past, tmp_path, *only)) == expected


def test_a_run_that_goes_on_is_not_retried(past: Past) -> None:
    with pytest.raises(DataError, match="has not ended"):
        retry.take(lane(past.world), past.run, ())


def test_tasks_that_the_recipe_has_no_more_are_left_out(past: Past, tmp_path: Path) -> None:
    past.ended()
    family = Family.of(lane(past.world), past.run)
    found = retry_items.select(family, past.world.objects, ["a", "c"], (), tmp_path, memory=GIVEN)
    assert chosen(found) == [("02", ("a",))]


def test_the_items_of_one_source_from_two_children_make_one_line(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(1), per_child=1)
    past.item(past.sources[0], "a", Outcome.FAILED)
    past.reported(0, failed=1)
    assert chosen(select(past, tmp_path)) == [("00", ())]


def test_sources_get_their_sizes_and_those_that_are_gone_stay(world: World, tmp_path: Path) -> None:
    there = world.put("a ü.txt", b"four")
    past = Past(world, [there, *sources(1)])
    found = select(past, tmp_path)
    with found[0].keys.open("rb") as file:
        listed = {one.source.key: (one.size, one.source.etag) for one in key_lines.read(file, "retry")}
    assert listed == {"a ü.txt": (4, there.etag), "in/00000.txt": (None, "")}


def test_only_what_ran_out_of_memory_gets_twice_as_much(past: Past, tmp_path: Path) -> None:
    project = photos(2)
    rest, oom = select(past, tmp_path)
    assert (rest.needs_memory, oom.needs_memory) == (False, True)
    sizes = [
        int(retry_sizes.provided(project, past.outcomes.plans, lot).compute.memory) for lot in (rest, oom)
    ]
    assert (int(project.compute.memory), sizes) == (2048, [2048, 4096])


def test_a_retry_of_a_run_with_more_memory_keeps_it(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(1), changes={"memory": 8192, "vcpus": 2.0})
    past.item(past.sources[0], "a", Outcome.FAILED)
    past.reported(0, done=1, failed=1)
    found = retry_sizes.provided(photos(2), past.outcomes.plans, only_one(past, tmp_path)).compute
    assert (found.vcpus, int(found.memory)) == (2.0, 8192)


@pytest.mark.parametrize(
    ("per_child", "reason", "expected"),
    [
        # Sources of a child, halved down to one, and then its tasks.
        (12, OOM, 4),
        (4, OOM, 2),
        (2, OOM, 1),
        (1, OOM, 1),
        (2000, OOM, 4),
        (4, "", 4),
        (1, "", 1),
    ],
)
def test_children_that_ran_out_of_memory_or_time_do_half_as_much_others_the_same(
    world: World, tmp_path: Path, per_child: int, reason: str, expected: int
) -> None:
    past = Past(world, sources(4), per_child=per_child, changes={"model": Model(item=7.0)})
    past.died(0, "Essential container in task exited", reason, 137)
    past.item(past.sources[3], "b", Outcome.DONE)
    lot = select(past, tmp_path, "oom" if reason else "failed")[0]
    found = asked(past, lot)
    assert (found.most_per_child, found.model) == (expected, Model(item=7.0))


def test_children_that_ran_out_of_time_do_half_as_much(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(3), per_child=6)
    past.died(0, "Job attempt duration exceeded timeout")
    found = asked(past, only_one(past, tmp_path))
    planned = backfill.plan(
        "b-retry",
        1,
        recipe=past.plan.recipe,
        tasks=TASKS,
        found=Found(3, 30, 6),
        options=Options(
            machine=Machine("fargate-spot", 1, 2048), max_vcpus=8, most_per_child=found.most_per_child
        ),
    )
    assert (past.plan.children, planned.per_child, planned.children) == (1, 2, 3)


def test_a_recipe_with_another_number_of_tasks_gets_as_many_sources_a_child(
    past: Past, tmp_path: Path
) -> None:
    rest, _ = select(past, tmp_path)
    assert asked(past, rest, tasks=5).most_per_child == 5


def retried(past: Past, memory: int, per_child: int, reason: str) -> Past:
    """All of a run's sources once more, in a retry all of whose children died."""
    later = past.plan.started + 1 + len(past.outcomes.retries)
    again = Past(past.world, past.sources, per_child, {"memory": memory, "started": later})
    past.ledger.retried(past.run, again.run)
    again.ledger.submitted(again.run)
    for child in range(again.plan.children):
        again.died(child, reason or "Host EC2 (instance i-1) terminated.", reason, 137)
    again.ended()
    return again


def provision(past: Past, folder: Path) -> tuple[int, int | None, dict[str, int]]:
    """Memory, size of the shards and classes of the only run that a retry would be."""
    folder.mkdir()
    lot = only_one(past, folder)
    project = retry_sizes.provided(photos(2), past.outcomes.plans, lot)
    return int(project.compute.memory), asked(past, lot).most_per_child, dict(lot.classes)


def test_memory_doubles_and_shards_halve_from_one_retry_to_the_next(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(8), per_child=16)
    past.died(0, "Essential container in task exited", OOM, 137)
    assert provision(past, tmp_path / "1") == (4096, 8, {"oom": 16})
    retried(past, 4096, 8, OOM)
    assert provision(past, tmp_path / "2") == (8192, 4, {"oom": 16})
    retried(past, 8192, 4, OOM)
    assert provision(past, tmp_path / "3") == (16384, 2, {"oom": 16})


def test_what_spot_took_of_a_retry_with_more_memory_keeps_its_memory_and_shards(
    world: World, tmp_path: Path
) -> None:
    past = Past(world, sources(8), per_child=16)
    past.died(0, "Essential container in task exited", OOM, 137)
    retried(past, 4096, 8, "")
    assert provision(past, tmp_path / "2") == (4096, 8, {"spot": 16})


def test_what_did_not_run_out_of_memory_that_was_raised_by_hand_gets_no_more_of_it(
    world: World, tmp_path: Path
) -> None:
    past = Past(world, sources(2), per_child=2)
    past.died(0, "Essential container in task exited", OOM, 137)
    again = Past(world, past.sources, 2, {"memory": 4096})
    past.ledger.retried(past.run, again.run)
    again.ledger.submitted(again.run)
    again.died(0, "Essential container in task exited", OOM, 137)
    again.died(1, "Host EC2 (instance i-1) terminated.")
    again.ended()
    rest, oom = select(past, tmp_path, memory=4096)
    assert (rest.classes, oom.classes) == ({"spot": 2}, {"oom": 2})


def test_shards_are_not_bounded_by_a_run_that_had_no_more_to_do(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(2), per_child=4)
    past.item(past.sources[0], "a", Outcome.FAILED)
    past.reported(0, done=3, failed=1)
    assert asked(past, only_one(past, tmp_path)).most_per_child is None


def test_a_second_retry_does_what_the_first_one_left_and_what_failed_in_it(
    past: Past, tmp_path: Path
) -> None:
    again = Past(past.world, past.sources[:1])
    again.ledger.retried(past.run, again.run)
    again.item(past.sources[0], "b", Outcome.FAILED, order=bulk_order(past.plan.started + 9), run=again.run)
    again.ledger.submitted(again.run)
    past.ended()
    with pytest.raises(DataError, match=f"'{again.run}' has not ended"):
        select(past, tmp_path)
    again.reported(0, done=1, failed=1)
    again.ended()
    found = past.outcomes.bad()
    assert sorted((one.key[-6:-4], one.task, one.run) for one in found if one.outcome == "failed") == [
        ("00", "b", again.run),
        ("02", "a", past.run),
        ("02", "b", past.run),
    ]
    assert chosen(select(past, tmp_path)) == [("00", ("b",)), ("02", ())]


@pytest.mark.parametrize("deep", [False, True])
def test_a_retry_that_could_still_be_continued_is_named_until_it_is_cancelled(
    past: Past, tmp_path: Path, *, deep: bool
) -> None:
    """It was broken off before it had a job. It would do its items beside any other retry that has them."""
    above = retried(past, 2048, 2, "") if deep else past
    begun = Past(past.world, past.sources[:1])
    past.ledger.retried(above.run, begun.run)
    with pytest.raises(DataError, match=f"'{begun.run}' has not ended") as caught:
        select(past, tmp_path, "oom")
    assert f"batchkit cancel {begun.run}" in str(caught.value.fix)
    begun.ended()
    assert select(past, tmp_path)


def test_a_name_says_what_is_retried_however_it_is_asked_for() -> None:
    assert retry.name("b-1", ()) == retry.name("b-1", ("failed",)) == "retry of b-1"
    assert retry.name("b-1", ("spot", "oom", "oom")) == "retry of b-1 (oom, spot)"


def test_a_retry_that_was_killed_after_its_last_job_counts_when_that_has_ended(
    past: Past, tmp_path: Path
) -> None:
    begun = Past(past.world, past.sources[:1])
    past.ledger.retried(past.run, begun.run)
    begun.ledger.take_turn(begun.run, 0, "mine", None)
    with pytest.raises(DataError, match=f"'{begun.run}' has not ended") as caught:
        select(past, tmp_path)
    assert "repeat the command that began to submit it" in str(caught.value.fix)
    begun.ledger.add_job(begun.run, 0, "job")
    begun.item(past.sources[0], "b", Outcome.FAILED, order=bulk_order(past.plan.started + 9), run=begun.run)
    begun.reported(0, done=1, failed=1)
    begun.ended()
    assert [one.run for one in past.outcomes.retries] == [begun.run]
    assert chosen(select(past, tmp_path)) == [("00", ("b",)), ("02", ())]


def test_a_retry_is_judged_as_the_run_that_it_retries(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(1), changes={"max_bad": 0.1})
    past.item(past.sources[0], "a", Outcome.FAILED)
    past.reported(0, done=1, failed=1)
    assert asked(past, only_one(past, tmp_path)).max_bad == 0.1


def test_retries_come_in_the_order_of_their_beginnings_whatever_they_retry(world: World) -> None:
    past = Past(world, sources(1))
    first, second, of_first = (Past(world, past.sources) for _ in range(3))
    for above, below, started in ((past, first, 1), (past, second, 2), (first, of_first, 3)):
        below.ledger._update(names.run_record(below.run), {"started": started}, "attribute_exists(pk)")
        above.ledger.retried(above.run, below.run)
        below.ended()
    assert [one.run for one in past.outcomes.retries] == [first.run, second.run, of_first.run]


def test_a_retry_is_not_retried_beside_a_sibling(past: Past, tmp_path: Path) -> None:
    """It would do again what the sibling is about to do."""
    past.ended()
    first = retried(past, 2048, 2, "")
    sibling = Past(past.world, past.sources[:1], changes={"started": first.plan.started + 1})
    past.ledger.retried(past.run, sibling.run)
    sibling.ledger.submitted(sibling.run)
    with pytest.raises(DataError, match=f"'{sibling.run}' has not ended"):
        select(first, tmp_path)


def test_a_retry_that_is_retried_does_what_is_still_bad_of_its_own_items(
    world: World, tmp_path: Path
) -> None:
    """A sibling mended the first one and failed with the second; the third was never the retry's."""
    past = Past(world, sources(3))
    for child in range(3):
        past.died(child)
    past.ended()
    first = Past(world, past.sources[:2], changes={"started": past.plan.started + 1})
    sibling = Past(world, past.sources[:2], changes={"started": past.plan.started + 2, "memory": 4096})
    for again in (first, sibling):
        past.ledger.retried(past.run, again.run)
        again.ledger.submitted(again.run)
    for child in range(2):
        first.died(child)
    for task in TASKS:
        order = bulk_order(past.plan.started + 99)
        sibling.item(past.sources[0], task, Outcome.DONE, order=order)
        sibling.item(past.sources[1], task, Outcome.FAILED, order=order)
    for child, outcome in enumerate(("done", "failed")):
        sibling.reported(child, **{outcome: 2})
    sibling.ended()
    (lot,) = select(first, tmp_path, memory=4096)
    assert chosen([lot]) == [("01", ())]
    assert {run for run, _ in lot.bad} == {sibling.run}
    family = Family.of(lane(world), first.run)
    project = retry_sizes.provided(photos(2), family.plans, lot)
    assert int(project.compute.memory) == 4096


def test_of_two_retries_typed_at_once_one_submits_and_the_other_names_it(past: Past) -> None:
    """Both look before either is recorded."""
    past.ended()
    one, other = (retry.take(lane(past.world), past.run, ()) for _ in range(2))
    with pytest.raises(Interrupted, match="b-mine is not submitted") as caught:
        one.bulk.permit("b-mine")
    assert "not begun a run of its own" in str(caught.value.found)
    again = Past(past.world, past.sources[:1])
    other.bulk.permit(again.run)
    past.ledger.retried(past.run, again.run)
    with pytest.raises(Interrupted) as caught:
        one.bulk.permit("b-mine")
    assert str(caught.value.found) == again.run
    assert f"batchkit status {again.run}" in str(caught.value.fix)


def test_a_retry_of_a_retry_takes_the_turn_from_one_of_the_run_itself(past: Past) -> None:
    first = retried(past, 2048, 2, "")
    past.ended()
    one = retry.take(lane(past.world), past.run, ())
    retry.take(lane(past.world), first.run, ("spot",))
    with pytest.raises(Interrupted):
        one.bulk.permit("b-mine")


def test_a_retry_that_only_looks_or_is_refused_takes_no_turn(past: Past) -> None:
    past.ended()
    one = retry.take(lane(past.world), past.run, ())
    retry.take(lane(past.world), past.run, (), dry_run=True)
    one.bulk.permit("b-mine")
    begun = Past(past.world, past.sources[:1])
    past.ledger.retried(past.run, begun.run)
    with pytest.raises(DataError, match="has not ended"):
        retry.take(lane(past.world), past.run, ("oom",))
    one.bulk.permit(begun.run)
