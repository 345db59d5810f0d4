"""Tests of batchkit.runs.planner: from sources to a plan and its manifest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support.jobs import recipe

from batchkit.errors import DataError
from batchkit.planning.backfill import Options, Plan, Tally
from batchkit.planning.cost import Machine
from batchkit.planning.manifest import Source
from batchkit.planning.uploads import UploadRules
from batchkit.runs.classify import State, Verdict
from batchkit.runs.planner import Target, check_parts, collect, make_plan
from batchkit.runs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from batchkit.runs.planner import Classify

RECIPE = recipe(["thumb", "large"])
RULES = UploadRules("b", "uploads/", (".jpg", ".png"), 1000)
OPTIONS = Options(Machine("fargate-spot", 1, 2048), 256)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.within(tmp_path)


def photo(key: str, size: int = 500) -> Source:
    return Source("b", key, "etag", size)


def planned(
    spool: Spool,
    sources: Iterable[Source],
    template: str = "{dir}/{name}/{task}.{ext}",
    classify: Classify | None = None,
    **options: Any,
) -> Plan:
    target = Target(RECIPE, template, RULES)
    found = collect(sources, spool, target=target, classify=classify, **options)
    return make_plan(found, run="b-1", started=7, target=target, options=OPTIONS)


def test_a_plan_counts_what_its_manifest_holds(spool: Spool) -> None:
    sources = [photo("uploads/a.jpg"), photo("elsewhere/b.PNG", 300)]
    plan = planned(spool, iter(sources))
    assert list(spool.sources()) == sources
    assert (plan.sources, plan.bytes, plan.items, plan.children) == (2, 800, 4, 1)
    assert (plan.run, plan.started, plan.recipe) == ("b-1", 7, RECIPE.digest)
    assert plan.tally == Tally(unchecked=2)


def test_wrong_types_and_sizes_are_counted_and_left_out(spool: Spool) -> None:
    sources = [
        photo("a.jpg"),
        photo("notes.txt"),
        photo("empty.jpg", 0),
        photo("large.jpg", 1001),
        photo("folder/", 0),
        photo('with "quotes".jpg'),
    ]
    plan = planned(spool, sources)
    assert [source.key for source in spool.sources()] == ["a.jpg", 'with "quotes".jpg']
    assert plan.tally == Tally(unchecked=2, rejected=3)


def test_a_source_of_unknown_size_is_neither_empty_nor_too_large(spool: Spool) -> None:
    plan = planned(spool, [Source("b", "a.jpg"), Source("b", "b.txt"), photo("c.jpg", 1000)])
    assert plan.tally == Tally(unchecked=2, rejected=1)
    assert plan.bytes == 1000


def test_fresh_sources_are_left_out_and_subsets_counted_as_such(spool: Spool) -> None:
    states = {"a.jpg": State.NEW, "b.jpg": State.FRESH, "c.jpg": State.STALE_RECIPE}

    def classify(sources: Iterable[Source]) -> Iterator[Verdict]:
        for source in sources:
            state = states[source.key]
            tasks = ("large",) if state is State.STALE_RECIPE else ()
            yield Verdict(Source("b", source.key, "etag", source.size, tasks=tasks), state)

    plan = planned(spool, map(photo, states), classify=classify)
    assert [(s.key, s.tasks) for s in spool.sources()] == [("a.jpg", ()), ("c.jpg", ("large",))]
    assert (plan.sources, plan.items) == (2, 3)
    assert plan.tally == Tally(new=1, stale_recipe=1, fresh=1)


def test_a_task_that_the_recipe_does_not_have_is_refused_by_key_before_a_child_meets_it(
    spool: Spool,
) -> None:
    sources = [photo("a.jpg"), Source("b", "c/d.jpg", tasks=("large", "huge"))]
    with pytest.raises(DataError, match=r"s3://b/c/d\.jpg") as caught:
        planned(spool, sources)
    assert caught.value.found == "'huge'"
    assert "thumb, large" in str(caught.value.expected)


def test_the_tasks_of_a_source_come_in_the_recipes_order_and_once(spool: Spool) -> None:
    asked = [("large", "large"), ("large", "thumb")]
    plan = planned(spool, [Source("b", f"{n}.jpg", tasks=tasks) for n, tasks in enumerate(asked)])
    assert [source.tasks for source in spool.sources()] == [("large",), ()]
    assert plan.items == 3


def some_fresh(sources: Iterable[Source]) -> Iterator[Verdict]:
    """The first five are up to date."""
    for number, source in enumerate(sources):
        yield Verdict(source, State.FRESH if number < 5 else State.NEW)


def test_a_limit_counts_what_is_left_to_do(spool: Spool) -> None:
    sources = [photo("notes.txt"), *(photo(f"{n}.jpg") for n in range(9)), photo("z.jpg")]
    plan = planned(spool, sources, classify=some_fresh, limit=3)
    assert [source.key for source in spool.sources()] == ["5.jpg", "6.jpg", "7.jpg"]
    assert plan.tally == Tally(new=3, fresh=5, rejected=1)


def test_nothing_is_looked_at_past_the_limit(spool: Spool) -> None:
    looked = iter(photo(f"{n}.jpg") for n in range(9))
    planned(spool, looked, limit=3)
    assert next(looked).key == "3.jpg"


def test_the_parts_of_a_limited_run_are_the_parts_of_what_the_limit_takes(spool: Spool) -> None:
    sources = [photo(f"{n}.jpg") for n in range(20)]
    parts = []
    for odd in (True, False):
        wanted = partial(lambda odd, source: int(source.key[:-4]) % 2 == odd, odd)
        plan = planned(spool, sources, classify=some_fresh, limit=6, wanted=wanted)
        parts.append(([int(s.key[:-4]) for s in spool.sources()], plan.tally.new, plan.tally.fresh))
    assert parts == [([5, 7, 9], 3, 2), ([6, 8, 10], 3, 3)]


@pytest.mark.parametrize(("limit", "left"), [(6, [6, 8, 10]), (3, []), (2, [])])
def test_a_part_that_is_planned_after_the_other_was_made_takes_what_it_left_of_the_limit(
    spool: Spool, limit: int, left: list[int]
) -> None:
    """Three sources, 5, 7 and 9, are up to date by now, and are passed over."""

    def some_made(sources: Iterable[Source]) -> Iterator[Verdict]:
        for source in sources:
            number = int(source.key[:-4])
            yield Verdict(source, State.FRESH if number < 5 or number in (5, 7, 9) else State.NEW)

    sources = [photo(f"{n}.jpg") for n in range(20)]

    def even(source: Source) -> bool:
        return int(source.key[:-4]) % 2 == 0

    planned(spool, sources, classify=some_made, limit=limit, wanted=even, taken=3)
    assert [int(source.key[:-4]) for source in spool.sources()] == left


def test_nothing_to_do_is_a_plan_without_jobs(spool: Spool) -> None:
    plan = planned(spool, [])
    assert (plan.sources, plan.children, plan.calls, plan.cost.total) == (0, 0, 0, 0)


def test_colliding_outputs_are_refused(spool: Spool) -> None:
    with pytest.raises(DataError, match=r"a\.jpg and s3://b/a\.png"):
        planned(spool, [photo("a.jpg"), photo("a.png")], "{dir}/{stem}/{task}.{ext}")


def test_equal_keys_of_two_buckets_are_refused(spool: Spool) -> None:
    with pytest.raises(DataError, match="overwrite"):
        planned(spool, [photo("a.jpg"), Source("c", "a.jpg", "etag", 1)])


@pytest.mark.parametrize(
    ("template", "other"),
    [
        ("{dir}/{stem}/{task}.{ext}", Source("b", "x/7.png")),
        ("{dir}/{name}/{task}.{ext}", Source("c", "x/7.jpg")),
    ],
    ids=["same stem", "same key in another bucket"],
)
def test_sources_that_collide_across_two_parts_are_refused_by_name(
    tmp_path: Path, template: str, other: Source
) -> None:
    target, parts = Target(RECIPE, template), []
    for name, sources in {
        "canary": [photo(f"x/{n}.jpg") for n in range(9)],
        "rest": [photo("y.jpg"), other],
    }.items():
        (tmp_path / name).mkdir()
        spool = Spool.within(tmp_path / name)
        parts.append((collect(sources, spool, target=target), spool))
    with pytest.raises(DataError, match="overwrite") as caught:
        check_parts(parts, target)
    assert caught.value.found == f"s3://b/x/7.jpg and s3://{other.bucket}/{other.key}"
    check_parts(parts[:1], target)
