"""Tests of batchkit.runs.retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.operating import Past
from support.projects import photos
from support.submitting import sources

from batchkit.errors import DataError
from batchkit.planning.states import Outcome
from batchkit.runs import key_lines, retry

if TYPE_CHECKING:
    from pathlib import Path

    from support.moto_world import World

    from batchkit.runs.retry import Selected

TASKS = ["a", "b"]
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


def select(past: Past, folder: Path, *only: str) -> Selected:
    past.ended()
    return retry.select(past.outcomes, past.world.objects, TASKS, only, folder)


def chosen(selected: Selected) -> list[tuple[str, tuple[str, ...]]]:
    with selected.keys.open("rb") as file:
        return [(one.source.key[-6:-4], one.source.tasks) for one in key_lines.read(file, "retry")]


def test_only_failed_items_are_chosen_and_sources_are_dense(past: Past, tmp_path: Path) -> None:
    found = select(past, tmp_path)
    assert chosen(found) == [("00", ("b",)), ("02", ())]
    assert (found.sources, found.items, found.classes) == (2, 3, {"recipe": 1, "oom": 2})


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


def test_a_run_that_goes_on_is_not_retried(past: Past, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has not ended"):
        retry.select(past.outcomes, past.world.objects, TASKS, (), tmp_path)


def test_tasks_that_the_recipe_has_no_more_are_left_out(past: Past, tmp_path: Path) -> None:
    past.ended()
    found = retry.select(past.outcomes, past.world.objects, ["a", "c"], (), tmp_path)
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
    with found.keys.open("rb") as file:
        listed = {one.source.key: (one.size, one.source.etag) for one in key_lines.read(file, "retry")}
    assert listed == {"a ü.txt": (4, there.etag), "in/00000.txt": (None, "")}


def test_a_lack_of_memory_is_met_with_twice_as_much_and_half_the_shard(past: Past, tmp_path: Path) -> None:
    project, found = photos(2), select(past, tmp_path)
    larger = retry.provided(project, past.plan, found)
    assert (int(project.compute.memory), int(larger.compute.memory)) == (2048, 4096)
    asked = retry.request(found, past.plan, ())
    assert asked.seconds_per_child < retry.request(found, None, ()).seconds_per_child


def test_any_other_failure_leaves_the_children_as_they_are(past: Past, tmp_path: Path) -> None:
    project, found = photos(2), select(past, tmp_path, "recipe")
    assert retry.provided(project, past.plan, found) is project
    asked = retry.request(found, past.plan, ("recipe",))
    assert asked.seconds_per_child == retry.request(found, None, ()).seconds_per_child
    assert past.run in asked.source


def test_a_retry_is_judged_as_the_run_that_it_retries(world: World, tmp_path: Path) -> None:
    past = Past(world, sources(1), changes={"max_bad": 0.1})
    past.item(past.sources[0], "a", Outcome.FAILED)
    past.reported(0, done=1, failed=1)
    assert retry.request(select(past, tmp_path), past.plan, ()).max_bad == 0.1
