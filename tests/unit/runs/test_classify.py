"""Tests of batchkit.runs.classify: what of a source is up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.jobs import recipe
from support.moto_world import TIME, World, bulk, moto_clients

from batchkit.aws.objects import Objects
from batchkit.errors import PermissionDenied
from batchkit.planning.manifest import Source
from batchkit.planning.records import Item
from batchkit.planning.states import Outcome
from batchkit.runs.classify import AHEAD, Classifier, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.objects import Head
    from batchkit.recipe import Recipe

ONE, TWO = recipe(["a"]), recipe(["a", "b"])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with moto_clients() as clients:
        yield World(clients)


def made(world: World, key: str, body: bytes, by: Recipe = TWO) -> Source:
    """A source whose outputs a worker has made."""
    source = world.put(key, body)
    world.submit(by, [source])
    assert world.run(by, bulk(by, 1, len(by.tasks))).code == 0
    return source


def look(world: World, source: Source, by: Recipe = TWO) -> tuple[State, tuple[str, ...]]:
    """What the outputs say; the ledger, asked first, says the same."""
    verdict, recorded = (
        Classifier(world.objects, by, world.place, records=records).look(source)
        for records in (None, world.ledger)
    )
    assert replace_tasks(verdict.source) == replace_tasks(source)
    assert recorded == verdict
    return verdict.state, verdict.source.tasks


def replace_tasks(source: Source) -> Source:
    return Source(source.bucket, source.key, source.etag, source.size)


def replace_with(source: Source, tasks: tuple[str, ...]) -> Source:
    return Source(source.bucket, source.key, source.etag, source.size, tasks)


def test_a_source_without_outputs_is_new(world: World) -> None:
    assert look(world, world.put("new.txt", b"1")) == (State.NEW, ())


def test_a_source_whose_outputs_a_worker_has_made_is_fresh(world: World) -> None:
    assert look(world, made(world, "fresh.txt", b"1"))[0] is State.FRESH


def test_a_source_that_was_overwritten_is_stale_by_source(world: World) -> None:
    made(world, "changed.txt", b"1")
    assert look(world, world.put("changed.txt", b"2")) == (State.STALE_SOURCE, ())


def test_other_parameters_make_all_tasks_stale_by_recipe(world: World) -> None:
    source = made(world, "parameters.txt", b"1")
    assert look(world, source, recipe(["a", "b"], quality=1)) == (State.STALE_RECIPE, ())


def test_only_the_task_that_was_added_is_to_be_made(world: World) -> None:
    source = made(world, "added.txt", b"1", ONE)
    assert look(world, source) == (State.STALE_RECIPE, ("b",))


def test_a_task_that_was_taken_away_makes_nothing_stale(world: World) -> None:
    assert look(world, made(world, "less.txt", b"1"), ONE)[0] is State.FRESH


def test_a_changed_source_counts_as_such_even_where_an_output_is_missing(world: World) -> None:
    made(world, "both.txt", b"1", ONE)
    assert look(world, world.put("both.txt", b"2")) == (State.STALE_SOURCE, ())


def test_a_source_of_unknown_etag_is_looked_at(world: World) -> None:
    source = made(world, "keys/only.txt", b"1")
    assert look(world, Source(source.bucket, source.key))[0] is State.FRESH
    world.put("keys/only.txt", b"2")
    assert look(world, Source(source.bucket, source.key))[0] is State.STALE_SOURCE


def test_a_source_that_is_gone_stays_in_the_run_which_records_it(world: World) -> None:
    source = made(world, "gone.txt", b"1")
    world.clients.s3.delete_object(Bucket=source.bucket, Key=source.key)
    assert look(world, Source(source.bucket, source.key))[0] is State.STALE_SOURCE
    assert look(world, Source(source.bucket, "never-was.txt"))[0] is State.NEW


def test_an_output_of_somebody_else_is_to_be_made(world: World) -> None:
    world.clients.s3.put_object(Bucket=world.outputs, Key="foreign/a.txt", Body=b"older pipeline")
    assert look(world, world.put("foreign.txt", b"1"), ONE) == (State.NEW, ())


def test_another_sources_output_in_the_place_stays_in_the_run_which_rejects_it(world: World) -> None:
    made(world, "same.txt", b"1")
    assert look(world, world.put("same.md", b"1")) == (State.NEW, ())


def test_a_source_with_an_impossible_output_key_stays_in_the_run(world: World) -> None:
    assert look(world, Source(world.uploads, "x" * 1020 + ".txt", "e", 1)) == (State.NEW, ())


def test_a_source_that_asks_for_some_tasks_is_asked_for_no_others(world: World) -> None:
    source = world.put("some.txt", b"1")
    wanted = Source(source.bucket, source.key, source.etag, source.size, tasks=("b",))
    assert look(world, wanted) == (State.NEW, ("b",))


class Counted(Objects):
    """Objects that remember which were looked at."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clients.s3)
        self.looked: list[str] = []

    def head(self, bucket: str, key: str) -> Head | None:
        self.looked.append(key)
        return super().head(bucket, key)


def test_what_the_ledger_has_as_made_is_not_looked_at(world: World) -> None:
    objects = Counted(world)
    one, other = made(world, "recorded.txt", b"1"), made(world, "in-part.txt", b"1", ONE)
    classifier = Classifier(objects, TWO, world.place, records=world.ledger)
    assert classifier.look(one).state is State.FRESH
    assert objects.looked == []
    assert classifier.look(other).source.tasks == ("b",)
    assert objects.looked == ["in-part/b.txt"]
    assert classifier.look(Source(one.bucket, one.key)).state is State.FRESH
    assert objects.looked[1:] == [one.key]


def test_an_output_that_was_deleted_is_missed_by_who_does_not_believe_the_ledger(world: World) -> None:
    source = made(world, "deleted.txt", b"1")
    world.clients.s3.delete_object(Bucket=world.outputs, Key="deleted/a.txt")
    believing = Classifier(world.objects, TWO, world.place, records=world.ledger)
    assert believing.look(source).state is State.FRESH
    doubting = Classifier(world.objects, TWO, world.place)
    assert doubting.look(source) == Verdict(replace_with(source, ("a",)), State.STALE_RECIPE)


def test_an_item_that_went_wrong_is_no_word_for_its_output(world: World) -> None:
    source = made(world, "redone.txt", b"1", ONE)
    item = Item(source.bucket, source.key, "a", Outcome.FAILED, "b-later", "~", TIME * 2, source.etag)
    assert world.ledger.record_item(item)
    assert look(world, source, ONE)[0] is State.FRESH


class Remembered:
    """Objects that hold nothing, and remember how far ahead they were asked."""

    def __init__(self, refuse: str = "") -> None:
        self.asked = 0
        self.refuse = refuse

    def head(self, bucket: str, key: str) -> Head | None:
        self.asked += 1
        if self.refuse and self.refuse in key:
            raise PermissionDenied("AWS refused", found=key)
        return None


def test_verdicts_come_in_order_without_looking_far_ahead(world: World) -> None:
    objects, taken = Remembered(), []

    def sources() -> Iterator[Source]:
        for number in range(5000):
            taken.append(number)
            yield Source("b", f"{number}.txt", "e", 1)

    verdicts = Classifier(objects, ONE, world.place).classify(sources())  # type: ignore[arg-type]
    for number, verdict in enumerate(verdicts):
        assert verdict.source.key == f"{number}.txt"
        assert len(taken) <= number + 1 + AHEAD
    assert objects.asked == 5000


def test_trouble_with_one_source_ends_the_planning(world: World) -> None:
    sources = (Source("b", f"{number}.txt", "e", 1) for number in range(2000))
    objects = Remembered(refuse="700")
    place = replace(world.place, template="{dir}/{name}/{task}.{ext}")
    with pytest.raises(PermissionDenied):
        list(Classifier(objects, ONE, place).classify(sources))  # type: ignore[arg-type]
    assert objects.asked < 2000
