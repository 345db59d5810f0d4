"""Tests of batchkit.worker.publish: metadata there and back, and outputs that belong to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.aws.objects import Head
from batchkit.errors import JobError, Rejected
from batchkit.job import Output, Task
from batchkit.planning import names
from batchkit.worker.publish import Publisher, check_owner, facts_of, metadata_of
from batchkit.worker.targets import Target

if TYPE_CHECKING:
    from support.moto_world import World

TARGET = Target(Task("a", "txt"), "d" * 64, "out/ä.txt")
SOURCE = Head("uploads", "ä.jpg", "e1", 5, 1_700_000_000)

facts = st.dictionaries(
    st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    max_size=6,
)


@given(facts)
def test_facts_come_back_from_metadata_as_they_were(given_facts: dict[str, str | int | float]) -> None:
    metadata = metadata_of(TARGET, SOURCE, "run", given_facts)
    assert all(text.isascii() and text == text.strip() for text in metadata.values())
    found = facts_of(Head("b", "k", "e", 1, 1, metadata))
    assert found == given_facts
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in given_facts.items()
    }


def test_facts_survive_s3(world: World) -> None:
    written = {"width": 200, "ratio": 1.5, "format": "a  b ", "empty": ""}
    output = Output("a", b"x", "text/plain", written)
    Publisher(world.objects, world.outputs, "run").put(TARGET, SOURCE, output, exists=False)
    head = world.objects.head(world.outputs, TARGET.key)
    assert head is not None
    assert facts_of(head) == written
    assert head.metadata["batchkit-source"] == names.source_id("uploads", "ä.jpg")
    assert (head.metadata["batchkit-etag"], head.metadata["batchkit-modified"]) == ("e1", "1700000000")


@pytest.mark.parametrize("text", ["{}", "[1]", "null", "not json", '"'])
def test_metadata_that_somebody_else_wrote_is_taken_as_text(text: str) -> None:
    assert facts_of(Head("b", "k", "e", 1, 1, {"batchkit-fact-x": text, "x": "y"})) == {"x": text}


@pytest.mark.parametrize(
    "impossible",
    [
        {"Width": 1},
        {"": 1},
        {"x" * 33: 1},
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": "ä"},
        {"x": "line\nbreak"},
        {"x": "x" * 257},
        {"x": None},
        {f"x{n}": "x" * 256 for n in range(8)},
    ],
)
def test_facts_that_the_job_face_does_not_allow_are_the_jobs_fault(impossible: dict[str, object]) -> None:
    with pytest.raises(JobError):
        metadata_of(TARGET, SOURCE, "run", impossible)  # type: ignore[arg-type]


@pytest.mark.parametrize("content_type", ["", "text/plain\r\nx-evil: 1", "tëxt"])
def test_a_content_type_that_is_no_header_is_the_jobs_fault(world: World, content_type: str) -> None:
    with pytest.raises(JobError, match="content type"):
        Publisher(world.objects, world.outputs, "run").put(
            TARGET, SOURCE, Output("a", b"", content_type), exists=False
        )
    assert world.output(TARGET.key) is None


def test_of_two_sources_that_write_the_same_output_at_once_the_first_wins(world: World) -> None:
    publisher, other = Publisher(world.objects, world.outputs, "run"), Head("uploads", "ä.png", "e2", 5, 1)
    publisher.put(TARGET, SOURCE, Output("a", b"first", "text/plain"), exists=False)
    with pytest.raises(Rejected, match="OutputCollision"):
        publisher.put(TARGET, other, Output("a", b"second", "text/plain"), exists=False)
    assert world.output(TARGET.key) == b"first"


def test_an_output_that_another_attempt_wrote_meanwhile_is_replaced(world: World) -> None:
    publisher = Publisher(world.objects, world.outputs, "run")
    for body in (b"first", b"second"):
        publisher.put(TARGET, SOURCE, Output("a", body, "text/plain"), exists=False)
    assert world.output(TARGET.key) == b"second"


def test_an_object_that_batchkit_did_not_make_is_replaced(world: World) -> None:
    world.objects.put(world.outputs, TARGET.key, b"of an older pipeline", "text/plain")
    Publisher(world.objects, world.outputs, "run").put(
        TARGET, SOURCE, Output("a", b"new", "text/plain"), exists=False
    )
    assert world.output(TARGET.key) == b"new"


def test_an_output_belongs_to_the_source_in_its_metadata() -> None:
    mine = Head("b", "k", "e", 1, 1, metadata_of(TARGET, SOURCE, "run", {}))
    check_owner(mine, "uploads", "ä.jpg")
    check_owner(None, "uploads", "ä.jpg")
    with pytest.raises(Rejected, match="another source"):
        check_owner(mine, "uploads", "a.jpg")
