"""Tests of batchkit.recipe."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.jobs import COPIES, THRIFTY

from batchkit import canonical, recipe
from batchkit.errors import ConfigError, DataError
from batchkit.job import Failure, Original, Output, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

USES = f"{__name__}:Copies"


class Copies:
    """Plans one task per name of the recipe; the extension may be given as name.extension."""

    version = "1"

    def plan(self, parameters: Mapping[str, Any]) -> Sequence[Task]:
        pairs = [name.partition("|") for name in parameters["names"]]
        return [
            Task(name, extension or "txt", {"times": parameters.get("times", 1), "name": name})
            for name, _, extension in pairs
        ]

    def make(self, original: Original, tasks: Sequence[Task]) -> Iterable[Output | Failure]:
        return [Output(task.name, original.body, "text/plain") for task in tasks]


ready_made = Copies()
not_a_job = "a string"


class Unready:
    version = "1"


def load(names: list[str], **parameters: Any) -> recipe.Recipe:
    return recipe.load(USES, {"names": names, **parameters})


def test_a_recipe_has_the_tasks_that_the_job_plans_in_their_order() -> None:
    assert [task.name for task in load(["b", "a", "c"]).tasks] == ["b", "a", "c"]


@pytest.mark.parametrize("attribute", ["Copies", "ready_made"])
def test_a_job_may_be_a_class_or_an_object(attribute: str) -> None:
    assert isinstance(recipe.find_job(f"{__name__}:{attribute}"), Copies)


def test_the_document_is_canonical_and_names_the_tasks() -> None:
    made = load(["a", "b|webp"])
    assert made.document == canonical.encode(json.loads(made.document))
    assert json.loads(made.document) == {
        "format": 1,
        "uses": USES,
        "parameters": {"names": ["a", "b|webp"]},
        "tasks": [{"name": "a", "extension": "txt"}, {"name": "b", "extension": "webp"}],
    }
    assert recipe.task_names(made.document) == ("a", "b")


def test_the_digest_is_of_the_document_and_does_not_depend_on_the_order_of_keys() -> None:
    one = recipe.load(USES, {"names": ["a"], "times": 2})
    other = recipe.load(USES, {"times": 2, "names": ["a"]})
    assert one.digest == other.digest == canonical.digest(one.document)


def test_a_stored_document_is_the_recipe_again() -> None:
    made = load(["a", "b"], times=3)
    read = recipe.parse(made.document, made.digest)
    assert (read.tasks, read.digest, read.parameters) == (made.tasks, made.digest, made.parameters)


def test_changing_one_task_leaves_the_digest_of_the_other_alone() -> None:
    before, after = load(["a", "b"]), load(["a", "c"])
    assert before.task_digest(before.tasks[0]) == after.task_digest(after.tasks[0])
    assert before.task_digest(before.tasks[1]) != after.task_digest(after.tasks[1])


def test_parameters_extension_and_version_all_decide_the_digest_of_a_task() -> None:
    base = load(["a"])
    newer = Copies()
    newer.version = "2"
    others = [load(["a"], times=2), load(["a|md"]), replace(base, job=newer)]
    digests = {made.task_digest(made.tasks[0]) for made in [base, *others]}
    assert len(digests) == 4


def test_a_document_that_is_not_what_its_digest_says_is_refused() -> None:
    made = load(["a"])
    with pytest.raises(DataError, match="not the one its name promises"):
        recipe.parse(made.document + b" ", made.digest)


def test_a_worker_whose_job_plans_other_tasks_refuses_the_recipe() -> None:
    document = load(["a"]).document.replace(
        b'{"extension":"txt","name":"a"}', b'{"extension":"txt","name":"z"}'
    )
    with pytest.raises(DataError, match="no longer plans the tasks") as raised:
        recipe.parse(document, canonical.digest(document))
    assert (raised.value.found, raised.value.expected) == (["a"], ["z"])


@pytest.mark.parametrize(
    ("uses", "found"),
    [
        ("no_such_module_anywhere:job", "No module named 'no_such_module_anywhere'"),
        (f"{__name__}:nothing", "no attribute 'nothing'"),
    ],
)
def test_a_job_that_cannot_be_imported_is_told_with_the_reason(uses: str, found: str) -> None:
    with pytest.raises(ConfigError, match="cannot be imported") as raised:
        recipe.find_job(uses)
    assert found in str(raised.value.found)


@pytest.mark.parametrize("attribute", ["not_a_job", "Unready"])
def test_something_else_than_a_job_is_refused(attribute: str) -> None:
    with pytest.raises(ConfigError, match="is not a job"):
        recipe.find_job(f"{__name__}:{attribute}")


def test_an_unknown_entry_point_comes_with_the_nearest_installed_one() -> None:
    with pytest.raises(ConfigError, match="no job called 'image-variant' is installed") as raised:
        recipe.find_job("image-variant")
    assert raised.value.fix == "did you mean 'image-variants'?"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "plans no task"),
        (["a", "b", "a"], "two tasks have the same name"),
        (["a/b"], "cannot be part of a key"),
        ([".hidden"], "cannot be part of a key"),
        (["a\n"], "cannot be part of a key"),
        (["a" * 65], "cannot be part of a key"),
        (["a|.txt"], "impossible file extension"),
        (["a|TXT"], "impossible file extension"),
    ],
)
def test_tasks_that_cannot_be_told_apart_or_named_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(names)


def test_a_job_that_can_keeps_to_a_memory_and_any_other_stays_as_it_is() -> None:
    thrifty, copies = (recipe.load(uses, {"names": ["a"]}) for uses in (THRIFTY, COPIES))

    assert thrifty.within(7).job.memory == 7  # type: ignore[attr-defined]
    assert thrifty.within(7).digest == thrifty.digest
    assert copies.within(7) is copies
