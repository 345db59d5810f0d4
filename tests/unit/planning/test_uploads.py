"""Tests of batchkit.planning.uploads."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from batchkit.errors import ConfigError
from batchkit.planning.uploads import (
    MAX_PATTERN_CHARACTERS,
    MAX_WILDCARDS,
    UNSAFE_KEY,
    UploadRules,
    accepted_patterns,
    accepts,
    is_unsafe,
    pattern_text,
    refusal,
    rejected_pattern,
)

RULES = UploadRules("photos", "uploads/", (".jpg", ".jpeg", ".tar.gz"), 1_000)

# No newlines: moto's wildcard stops at them, EventBridge's does not.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\n")
PREFIXES = st.sampled_from(["", "uploads/", "a*b/", "up.", "x.jpg", ".", "*", "'"]) | st.text(
    CHARACTERS, max_size=4
).filter(lambda prefix: not is_unsafe(prefix))
SUFFIXES = st.lists(
    st.sampled_from([".jpg", ".jpeg", ".p", ".tar.gz", ".gz", ".j2-k_"]), min_size=1, max_size=4, unique=True
).map(tuple)
ALL_RULES = st.builds(UploadRules, st.just("photos"), PREFIXES, SUFFIXES, st.integers(1, 2**50))


@st.composite
def objects(draw: st.DrawFn) -> tuple[UploadRules, str, int]:
    """Rules, and an object near their borders."""
    rules = draw(ALL_RULES)
    ending = st.sampled_from([*rules.spellings, ".jPg", ".JPEg", "", "/", ".", "jpg", ".gif"])
    start = st.sampled_from([rules.prefix, rules.prefix[:-1], "other/"])
    middle = st.sampled_from(["", "/", "a", "é b+%25", "*", "\\*", "\"'", "\\u0062"]) | st.text(
        CHARACTERS, max_size=4
    )
    size = st.sampled_from([0, 1, rules.max_bytes, rules.max_bytes + 1, 2**52]) | st.integers(0, 2**50)
    return rules, draw(start) + draw(middle) + draw(ending), draw(size)


def matches(pattern: dict[str, Any], key: str, size: int, bucket: str = "photos") -> bool:
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": size}},
    }
    return EventPattern.load(pattern_text(pattern)).matches_event(event)  # type: ignore[no-any-return]


@given(objects())
@example((UploadRules("photos", "up.", (".jpg",), 9), "up.jpg", 5))
@example((UploadRules("photos", "x.jpg", (".jpg",), 9), "x.jpg", 5))
@example((UploadRules("photos", "", (".jpg",), 9), ".jpg", 5))
@example((UploadRules("photos", "up.", (".jpg",), 9), 'up."jpg.jpg', 5))
@example((UploadRules("photos", "", (".jpg",), 9), "\\.jpg", 5))
@example((UploadRules("photos", "up/", (".jpg",), 9), 'up/"/', 0))
@example((UploadRules("photos", "up/", (".jpg",), 9), 'un/".jpg', 5))
def test_each_object_is_accepted_or_rejected_or_ignored_and_python_agrees(
    case: tuple[UploadRules, str, int],
) -> None:
    rules, key, size = case
    starts = [matches(pattern, key, size) for pattern in accepted_patterns(rules)]
    assert sum(starts) <= 1
    accepted = any(starts)
    rejected = matches(rejected_pattern(rules), key, size)
    refused = refusal(rules, key, size)
    ignored = not key.startswith(rules.prefix) or (key.endswith("/") and size == 0)
    unsafe = refused is not None and refused.error_class == UNSAFE_KEY
    assert (accepted and rejected) is unsafe
    assert accepted is (not ignored and (refused is None or unsafe))
    assert accepts(rules, "photos", key) is (not ignored and refusal(rules, key, rules.max_bytes) is None)
    if unsafe:
        assert is_unsafe(key)
    if refused:
        assert rejected
    if ignored:
        assert not accepted
        assert refused is None


@given(objects())
def test_outputs_in_the_same_bucket_call_no_handler_if_eventbridge_can_tell_and_else_it_ignores_them(
    case: tuple[UploadRules, str, int],
) -> None:
    rules, key, size = case
    rules = replace(rules, prefix="uploads/" + rules.prefix)
    pattern = rejected_pattern(rules, outputs_prefix="variants*/")
    output = "variants*/" + key + ".webp"
    assert not matches(pattern, output, max(size, 1)) or len(rules.spellings) > MAX_WILDCARDS
    assert refusal(rules, output, max(size, 1)) is None
    upload = "uploads/" + key
    assert matches(pattern, upload, size) is matches(rejected_pattern(rules), upload, size)


@pytest.mark.parametrize("key", ["uploads/a.jpg", "uploads/A.JPG", "uploads/A.Jpg", "uploads/x/y.Tar.Gz"])
def test_a_suffix_is_accepted_in_lower_upper_and_title_case(key: str) -> None:
    assert refusal(RULES, key, 1) is None
    assert [matches(pattern, key, 1) for pattern in accepted_patterns(RULES)].count(True) == 1


@pytest.mark.parametrize(
    ("key", "size", "error_class", "part"),
    [
        ("uploads/a.gif", 1, "WrongType", "none of the accepted suffixes .jpg, .jpeg, .tar.gz"),
        ("uploads/jpg", 1, "WrongType", "none of the accepted suffixes"),
        ("uploads/a.jPg", 1, "WrongType", "'.jPg' is accepted only when it is spelt .jpg, .JPG, .Jpg"),
        ("uploads/a.gif", 0, "WrongType", "none of the accepted suffixes"),
        ("uploads/a.jpg", 0, "Empty", "0 bytes"),
        ("uploads/a.jpg", 1_001, "TooBig", "1,001 bytes; accepted are at most 1,000"),
        ("uploads/a/", 1, "WrongType", "none of the accepted suffixes"),
        ('uploads/say "cheese".jpg', 1, "UnsafeKey", "EventBridge cannot deliver"),
        ("uploads/a\\u0062.jpg", 1, "UnsafeKey", "rename the object"),
        ('uploads/"a".gif', 1, "WrongType", "none of the accepted suffixes"),
    ],
)
def test_a_refusal_says_why_and_reaches_the_handler(key: str, size: int, error_class: str, part: str) -> None:
    refused = refusal(RULES, key, size)
    assert refused is not None
    assert refused.error_class == error_class
    assert part in refused.message
    assert matches(rejected_pattern(RULES), key, size)


@pytest.mark.parametrize(
    ("key", "size"), [("other/a.gif", 0), ("upload", 5), ("uploads/", 0), ("uploads/a/", 0)]
)
def test_objects_outside_the_prefix_and_folder_markers_are_no_uploads(key: str, size: int) -> None:
    assert refusal(RULES, key, size) is None
    assert not any(matches(pattern, key, size) for pattern in accepted_patterns(RULES))


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("outputs", "uploads/a.jpg"),
        ("photos", "private/secret.jpg"),
        ("photos", "uploads/a.gif"),
        ("photos", "uploads/a/"),
        ("photos", 'uploads/a".jpg'),
        ("photos", "uploads"),
    ],
)
def test_a_job_accepts_no_other_names_than_the_rule(bucket: str, key: str) -> None:
    assert not accepts(RULES, bucket, key)
    assert accepts(RULES, "photos", "uploads/a.jpg")


def test_another_bucket_matches_nothing() -> None:
    for pattern in (*accepted_patterns(RULES), rejected_pattern(RULES)):
        assert not matches(pattern, "uploads/a.jpg", 1, bucket="outputs")
        assert not matches(pattern, "uploads/a.gif", 1, bucket="outputs")


def test_the_patterns_are_as_eventbridge_documents_them() -> None:
    rules = UploadRules("photos", "in*/", (".jpg",), 10)
    (accepted,) = accepted_patterns(rules)
    assert accepted["detail"] == {
        "bucket": {"name": ["photos"]},
        "object": {
            "key": [{"wildcard": r"in\*/*.jpg"}, {"wildcard": r"in\*/*.JPG"}, {"wildcard": r"in\*/*.Jpg"}],
            "size": [{"numeric": [">", 0, "<=", 10]}],
        },
    }
    assert rejected_pattern(rules)["detail"]["object"]["$or"][0] == {
        "key": [{"anything-but": {"suffix": [".jpg", ".JPG", ".Jpg", "/"]}}]
    }
    assert rejected_pattern(rules)["detail"]["object"]["$or"][-1] == {
        "key": [{"wildcard": r'in\*/*"*'}, {"wildcard": r"in\*/*\\*"}]
    }


def test_without_a_prefix_only_quote_and_backslash_need_a_wildcard() -> None:
    rules = replace(RULES, prefix="", suffixes=(".jpg", ".png", ".webp", ".tiff", ".gif", ".heic"))
    (accepted,) = accepted_patterns(rules)
    assert "wildcard" not in pattern_text(accepted)
    assert pattern_text(rejected_pattern(rules)).count("wildcard") == 2


def test_the_patterns_of_the_longest_prefix_are_short_enough_for_eventbridge() -> None:
    rules = UploadRules("b" * 63, "p" * 512, (".jpg",), 2**50)
    for pattern in (*accepted_patterns(rules), rejected_pattern(rules, "v" * 63)):
        assert len(pattern_text(pattern)) <= MAX_PATTERN_CHARACTERS


def test_below_a_prefix_each_suffix_has_a_pattern_that_no_other_one_covers() -> None:
    rules = replace(RULES, suffixes=(".tar.gz", ".gz", ".jpg", ".JPG"))
    found = [pattern_text(pattern).count("wildcard") for pattern in accepted_patterns(rules)]
    assert found == [3, 3]
    for pattern in (*accepted_patterns(rules), rejected_pattern(rules, "variants/")):
        assert pattern_text(pattern).count("wildcard") <= MAX_WILDCARDS


@given(ALL_RULES)
def test_rules_survive_the_environment_of_a_function_or_job(rules: UploadRules) -> None:
    assert UploadRules.from_json(rules.to_json()) == rules


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bucket":"b"}', json.dumps({"suffixes": [], "x": 1})])
def test_rules_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="BATCHKIT_UPLOADS"):
        UploadRules.from_json(text)


def test_the_module_needs_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import batchkit.planning.uploads;"
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['batchkit']"
