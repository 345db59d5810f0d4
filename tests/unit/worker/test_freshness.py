"""Tests of batchkit.worker.freshness: when an output need not be made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchkit.aws.objects import Head
from batchkit.errors import Rejected
from batchkit.job import Task
from batchkit.planning.states import Outcome
from batchkit.worker.freshness import judge
from batchkit.worker.publish import metadata_of
from batchkit.worker.targets import Target

TARGET = Target(Task("a", "txt"), "d" * 64, "out/a.txt")
SOURCE = Head("uploads", "photo.jpg", "etag", 5, 1_700_000_000)
OUTPUT = Head("outputs", "out/a.txt", "other", 7, 1, metadata_of(TARGET, SOURCE, "run-1", {}))


@pytest.mark.parametrize(
    ("output", "target", "source", "run", "outcome"),
    [
        (OUTPUT, TARGET, SOURCE, "run-1", Outcome.DONE),
        (OUTPUT, TARGET, SOURCE, "run-2", Outcome.FRESH),
        (OUTPUT, replace(TARGET, digest="e" * 64), SOURCE, "run-1", None),
        (OUTPUT, TARGET, replace(SOURCE, etag="newer"), "run-1", None),
        (replace(OUTPUT, metadata={}), TARGET, SOURCE, "run-1", None),
        (None, TARGET, SOURCE, "run-1", None),
    ],
)
def test_an_output_is_up_to_date_when_task_and_source_are_those_it_was_made_of(
    output: Head | None, target: Target, source: Head, run: str, outcome: Outcome | None
) -> None:
    assert judge(output, target, source, run) is outcome


def test_the_output_of_another_source_is_a_collision_even_with_equal_bytes() -> None:
    with pytest.raises(Rejected, match="OutputCollision"):
        judge(OUTPUT, TARGET, replace(SOURCE, key="photo.png"), "run-1")
