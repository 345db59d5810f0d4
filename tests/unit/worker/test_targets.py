"""Tests of batchkit.worker.targets: keys of outputs, and outputs that have none."""

from __future__ import annotations

import pytest
from support.jobs import recipe

from batchkit.planning.manifest import Source
from batchkit.worker.assignment import Place
from batchkit.worker.shard import Work
from batchkit.worker.targets import targets

COPIES = recipe(["a", "b"])


def place(template: str, bucket: str = "outputs") -> Place:
    return Place("photos", "ledger", "artifacts", bucket, template)


def work(key: str, *tasks: int) -> Work:
    return Work(Source("uploads", key), tuple(COPIES.tasks[n] for n in tasks or (0, 1)))


def test_each_task_has_its_key_and_its_digest() -> None:
    found, refused = targets(COPIES, place("{dir}/{stem}/{task}.{ext}"), work("in/photo.jpg"))
    assert [target.key for target in found] == ["in/photo/a.txt", "in/photo/b.txt"]
    assert [target.digest for target in found] == [COPIES.task_digest(task) for task in COPIES.tasks]
    assert refused == {}


def test_of_two_tasks_with_one_key_the_first_has_it_whichever_child_asks() -> None:
    found, refused = targets(COPIES, place("{stem}.{ext}"), work("photo.jpg", 1))
    assert (found, refused["b"].error_class) == ([], "OutputCollision")
    found, refused = targets(COPIES, place("{stem}.{ext}"), work("photo.jpg", 0))
    assert (len(found), refused) == (1, {})


def test_an_output_never_overwrites_its_own_source() -> None:
    _, refused = targets(COPIES, place("{name}", bucket="uploads"), work("photo.jpg", 0))
    assert refused["a"].error_class == "OutputCollision"


@pytest.mark.parametrize("names", [["a", "b" * 60], ["b" * 60, "a"]], ids=["last", "first"])
def test_a_key_that_is_too_long_is_refused_for_its_task_only(names: list[str]) -> None:
    copies, key = recipe(names), "x" * 1000 + ".jpg"
    found, refused = targets(copies, place("{stem}/{task}.{ext}"), Work(Source("uploads", key), copies.tasks))
    assert [target.task.name for target in found] == ["a"]
    assert {name: error.error_class for name, error in refused.items()} == {"b" * 60: "OutputKeyTooLong"}
