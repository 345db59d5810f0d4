"""Tests of batchkit.planning.collisions: what a template proves about the outputs of two sources."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchkit.job import Task
from batchkit.planning.collisions import is_injective, marker
from batchkit.planning.outputs import output_key

THUMB, LARGE = Task("thumb", "webp"), Task("large", "jpg")
TASKS = (THUMB, LARGE)

# Few characters, so that collisions are common.
KEYS = st.text("ab./-", min_size=1, max_size=6)
PIECES = st.sampled_from(["{dir}", "{name}", "{stem}", "{suffix}", "{task}", "{ext}", "/", "a", "."])
TEMPLATES = st.lists(PIECES, min_size=1, max_size=7).map("".join)
SOME_TASKS = st.sampled_from(
    [TASKS, (THUMB,), (Task("a", "b"), Task("a.b", "a")), (Task("a", "b"), Task("b", "b"), Task("a-b", "b"))]
)


def collide(template: str, tasks: tuple[Task, ...], one: str, other: str) -> bool:
    """By definition."""
    of_one, of_other = ({output_key(template, k, t.name, t.extension) for t in tasks} for k in (one, other))
    return not of_one.isdisjoint(of_other)


@given(template=TEMPLATES, tasks=SOME_TASKS, one=KEYS, other=KEYS)
@example("{dir}/{stem}{suffix}-{task}.{ext}", TASKS, "/a", "a")
@example("{dir}/{name}-{task}.{ext}", (Task("b", "x"), Task("a-b", "x")), "a", "a-a")
@example("{name}/{dir}/{task}", TASKS, "a", "/a")
def test_sources_have_a_mark_in_common_exactly_if_they_share_an_output(
    template: str, tasks: tuple[Task, ...], one: str, other: str
) -> None:
    marks = marker(template, tasks)
    common = not set(marks(one)).isdisjoint(marks(other))
    assert common == collide(template, tasks, one, other)


@given(
    template=st.tuples(TEMPLATES, st.just("{dir}/{name}"), TEMPLATES).map("".join),
    tasks=SOME_TASKS,
    one=KEYS,
    other=KEYS,
)
@example("{dir}/{name}-{task}.{ext}", (Task("b", "x"), Task("a-b", "x")), "a-a", "a")
def test_a_template_that_proves_distinct_outputs_never_lies(
    template: str, tasks: tuple[Task, ...], one: str, other: str
) -> None:
    if one != other and is_injective(template, tasks):
        assert not collide(template, tasks, one, other)


@pytest.mark.parametrize(
    "template",
    [
        "{dir}/{name}/{task}.{ext}",
        "{dir}/{stem}{suffix}/{task}.{ext}",
        "variants/{task}/{dir}/{name}.{ext}",
        "variants/{dir}/{name}-{task}.{ext}",
    ],
)
def test_usual_templates_with_the_whole_key_need_no_search(template: str) -> None:
    assert is_injective(template, TASKS)


@pytest.mark.parametrize(
    "template", ["{dir}/{stem}/{task}.{ext}", "{name}/{task}.{ext}", "{task}/{dir}/{stem}.{ext}"]
)
def test_templates_that_leave_part_of_the_key_out_prove_nothing(template: str) -> None:
    assert not is_injective(template, TASKS)
    keys = ["a/b.jpg", "a/b.png", "c/b.jpg"]
    assert any(collide(template, TASKS, *pair) for pair in product(keys, keys) if len(set(pair)) == 2)


def test_a_usual_template_needs_one_mark_a_source() -> None:
    assert marker("{dir}/{stem}/{task}.{ext}", TASKS)("a/b.jpg") == ("a/b",)
    assert marker("{dir}/{stem}/{task}.{ext}", TASKS)("b.jpg") == ("b",)
