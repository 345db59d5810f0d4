"""Tests of batchkit.planning.outputs."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batchkit.errors import ConfigError, Rejected
from batchkit.job import Task
from batchkit.planning.outputs import (
    FIELDS,
    MAX_KEY_BYTES,
    check_distinct,
    check_template,
    literal_prefix,
    output_key,
    source_fields,
)

KEYS = st.text(st.sampled_from("ab/. é{}\n"), min_size=1, max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
)
TASKS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,7}", fullmatch=True)
EXTENSIONS = st.text("abjpg0", min_size=1, max_size=4)
MAKERS = st.tuples(KEYS, TASKS, EXTENSIONS)
TEMPLATES = st.lists(
    st.sampled_from([f"{{{name}}}" for name in FIELDS]) | st.text("ab/-_.", max_size=3),
    min_size=1,
    max_size=6,
).map("".join)


@given(KEYS)
def test_the_fields_of_a_source_make_up_its_key(key: str) -> None:
    fields = source_fields(key)
    assert fields["name"] == fields["stem"] + fields["suffix"]
    assert key in {f"{fields['dir']}/{fields['name']}", fields["name"]}


@pytest.mark.parametrize(
    ("key", "directory", "stem", "suffix"),
    [
        ("photo.jpg", "", "photo", ".jpg"),
        ("a/b/photo.tar.gz", "a/b", "photo.tar", ".gz"),
        ("a/.hidden", "a", ".hidden", ""),
        ("a/none", "a", "none", ""),
        ("a/dot.", "a", "dot", "."),
        ("/top.jpg", "", "top", ".jpg"),
        ("a//b.jpg", "a/", "b", ".jpg"),
        ("a/../b c+%25.jpg", "a/..", "b c+%25", ".jpg"),
        ("folder/", "folder", "", ""),
    ],
)
def test_a_key_is_taken_apart_as_it_is(key: str, directory: str, stem: str, suffix: str) -> None:
    assert source_fields(key) == {"dir": directory, "name": stem + suffix, "stem": stem, "suffix": suffix}


@given(MAKERS, MAKERS)
def test_the_default_template_gives_every_source_and_task_its_own_output(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    template = "{dir}/{name}/{task}.{ext}"
    assert (output_key(template, *one) == output_key(template, *other)) is (one == other)


@given(KEYS, KEYS, TASKS)
def test_two_sources_have_different_outputs_of_one_task(one: str, other: str, task: str) -> None:
    template = "{dir}/{name}/{task}.{ext}"
    assume(one != other)
    assert output_key(template, one, task, "webp") != output_key(template, other, task, "webp")


@given(KEYS, KEYS, TASKS)
def test_a_template_with_the_stem_tells_apart_sources_of_one_suffix(one: str, other: str, task: str) -> None:
    template = "{dir}/{stem}/{task}.{ext}"
    assume(one != other and source_fields(one)["suffix"] == source_fields(other)["suffix"])
    assert output_key(template, one, task, "webp") != output_key(template, other, task, "webp")


def test_a_template_with_the_stem_alone_does_not_tell_apart_two_suffixes() -> None:
    template = "{dir}/{stem}/{task}.{ext}"
    assert output_key(template, "a.jpg", "t", "webp") == output_key(template, "a.png", "t", "webp")


@given(KEYS, TASKS, EXTENSIONS)
def test_what_stands_in_a_key_is_never_taken_for_a_field(key: str, task: str, extension: str) -> None:
    hostile = "{task}{ext}{dir}" + key
    assert output_key("x/{name}/{task}", hostile, task, extension) == (
        f"x/{source_fields(hostile)['name']}/{task}"
    )


def test_a_source_at_the_top_of_its_bucket_has_no_empty_folder() -> None:
    assert output_key("{dir}/{stem}/{task}.{ext}", "photo.jpg", "t", "webp") == "photo/t.webp"
    assert output_key("v/{dir}/{stem}.{ext}", "photo.jpg", "t", "webp") == "v/photo.webp"


def test_a_source_whose_key_begins_with_a_slash_keeps_it() -> None:
    assert output_key("{dir}/{stem}/{task}.{ext}", "/photo.jpg", "t", "webp") == "/photo/t.webp"


@given(TEMPLATES, KEYS, TASKS, EXTENSIONS)
def test_every_output_begins_with_the_literal_start_of_the_template(
    template: str, key: str, task: str, extension: str
) -> None:
    assert output_key(template, key, task, extension).startswith(literal_prefix(template))


def test_a_key_that_s3_would_refuse_rejects_the_item() -> None:
    fits = "k" * (MAX_KEY_BYTES - len("/t"))
    assert len(output_key("{name}/{task}", fits, "t", "x").encode()) == MAX_KEY_BYTES
    with pytest.raises(Rejected) as raised:
        output_key("{name}/{task}", "é" + fits[1:], "t", "x")
    assert raised.value.error_class == "OutputKeyTooLong"
    assert "1025 bytes" in raised.value.message


@pytest.mark.parametrize("template", ["{stem}", "{dir}/{name}/{task}.{ext}", "a{suffix}{stem}b"])
def test_a_good_template_passes(template: str) -> None:
    check_template(template)


@pytest.mark.parametrize(
    "template", ["{stam}/{task}", "{stem", "stem}", "{}{stem}", "{{stem}}", "{Stem}", "{stem}{task.x}"]
)
def test_a_template_with_an_unknown_field_or_a_lone_brace_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="is not a template") as raised:
        check_template(template)
    assert all(f"{{{name}}}" in str(raised.value.expected) for name in FIELDS)


@pytest.mark.parametrize("template", ["same", "{dir}/{task}.{ext}", "{suffix}"])
def test_a_template_that_gives_all_sources_one_output_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="gives all sources of a folder the same output"):
        check_template(template)


@pytest.mark.parametrize("template", ["{stem}\n", "a\x00/{stem}", "{stem}\x7f", "{stem}/\x85{task}"])
def test_a_template_with_a_control_character_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="control character"):
        check_template(template)


@pytest.mark.parametrize("template", ["../{stem}", "{dir}/../{stem}", "{stem}/.."])
def test_a_template_that_leads_to_a_parent_folder_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match=r"'\.\.' between slashes"):
        check_template(template)


@pytest.mark.parametrize("template", ["/{stem}", "a//{stem}", "..a/{stem}", "{stem}../b", "./{stem}"])
def test_what_s3_takes_and_no_disk_minds_passes(template: str) -> None:
    check_template(template)


def test_tasks_whose_outputs_differ_only_in_case_are_refused() -> None:
    check_distinct("{stem}-{task}.{ext}", [Task("Small", "webp"), Task("small", "jpg")])
    with pytest.raises(ConfigError, match="the same output") as raised:
        check_distinct("{stem}-{task}.{ext}", [Task("Small", "webp"), Task("small", "webp")])
    assert "'Small' and 'small'" in str(raised.value.found)
    assert raised.value.fix == "rename one of the two tasks"


def test_tasks_that_make_the_same_output_are_refused_with_both_names() -> None:
    tasks = [Task("a", "webp"), Task("b", "jpg"), Task("c", "webp")]
    check_distinct("{stem}-{task}.{ext}", tasks)
    check_distinct("{stem}.{ext}", tasks[:2])
    with pytest.raises(ConfigError, match="two tasks of a source the same output") as raised:
        check_distinct("{stem}.{ext}", tasks)
    assert "'a' and 'c'" in str(raised.value.found)


def test_no_output_lies_in_the_gallery() -> None:
    with pytest.raises(Rejected, match="ReservedKey"):
        output_key("{dir}/{name}/{task}.{ext}", "_gallery/data/a.jpg", "thumb", "webp")
    assert output_key("{dir}/{name}", "_gallerys/a.jpg", "thumb", "webp") == "_gallerys/a.jpg"
