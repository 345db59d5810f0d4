"""Tests of batchkit.planning.names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.planning import names

BUCKETS = st.text("abz09-.", min_size=3, max_size=8)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TASKS = st.text("abAB09._-", min_size=1, max_size=8)
ITEMS = st.tuples(BUCKETS, KEYS, TASKS)
HEX = st.text("0123456789abcdef", min_size=1, max_size=8)
EVENTS = st.tuples(HEX, BUCKETS, KEYS, HEX, HEX)


@given(ITEMS, ITEMS)
def test_two_items_never_share_a_record(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    same = one == other
    assert (names.item_record(*one) == names.item_record(*other)) is same
    assert (names.bad_sort(*one) == names.bad_sort(*other)) is same


@pytest.mark.parametrize("key", ["a#task#b", "b/c", "x\ny", "run#u-1", "*"])
def test_marks_in_a_key_do_not_make_it_another(key: str) -> None:
    assert names.item_record("bucket", key, "t") != names.item_record("bucket", "a", "t")
    assert names.item_partition("bucket", key) == f"src#bucket/{key}"


@given(EVENTS, EVENTS)
def test_an_upload_is_the_same_run_exactly_for_the_same_event(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    assert (names.upload_run(*one) == names.upload_run(*other)) is (one == other)
    assert re.fullmatch(r"u-[0-9a-f]{24}", names.upload_run(*one))


@given(BUCKETS, KEYS)
def test_a_source_is_named_in_ascii_whatever_its_key(bucket: str, key: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", names.source_id(bucket, key))


@given(st.integers(1, 10_000_000), st.data())
def test_a_report_lies_in_one_of_the_partitions_that_are_read(children: int, data: st.DataObject) -> None:
    child = data.draw(st.integers(0, children - 1))
    partitions = [names.report_partition("r", s) for s in range(names.report_shards(children))]
    assert names.report_record("r", child, children).pk in partitions
    assert 1 <= len(partitions) <= names.REPORT_SHARDS


@given(st.integers(1, 3000))
def test_the_reports_of_a_run_have_distinct_keys_and_spread_evenly(children: int) -> None:
    keys = [names.report_record("r", child, children) for child in range(children)]
    assert len(set(keys)) == children
    sizes = [sum(key.pk == pk for key in keys) for pk in {key.pk for key in keys}]
    assert max(sizes) - min(sizes) <= 1


def test_a_small_run_is_read_with_one_query() -> None:
    assert names.report_shards(1) == names.report_shards(names.CHILDREN_PER_SHARD) == 1
    assert names.report_shards(10_000) == names.REPORT_SHARDS


def test_no_record_of_a_run_is_in_the_place_of_another() -> None:
    run, report = names.run_record("x"), names.report_record("x", 0, 1)
    assert run == names.Key("run#x", "run")
    assert report == names.Key("run#x#0", "child#000000000")
    assert names.bad_partition("x") == "bad#x"


def test_keys_in_the_artifacts_bucket_are_apart() -> None:
    keys = [names.recipe_key("d"), names.manifest_key("d"), names.index_key("d"), names.code_key("d")]
    assert keys == ["recipes/d.json", "runs/d/manifest.jsonl", "runs/d/manifest.idx", "code/d.zip"]


def test_the_longest_key_of_s3_still_makes_keys_that_dynamodb_takes() -> None:
    """DynamoDB, Constraints: a partition key has at most 2,048 bytes, a sort key 1,024."""
    record = names.item_record("b" * 63, "ü" * 512, "t" * 64)
    assert len(record.pk.encode()) <= 2048
    assert len(record.sk.encode()) <= 1024
    assert len(names.bad_sort("b" * 63, "ü" * 512, "t" * 64).encode()) <= 1024


@given(st.integers(0, 4_000_000_000), st.text(max_size=8))
def test_a_bulk_run_says_when_it_began_and_is_the_same_for_the_same_token(started: int, token: str) -> None:
    run = names.bulk_run(started, token)
    assert re.fullmatch(r"b-\d{8}t\d{6}-[0-9a-f]{8}", run)
    assert run == names.bulk_run(started, token) != names.bulk_run(started + 1, token)
    assert run != names.bulk_run(started, token + "x")


def test_a_bulk_run_is_named_by_utc() -> None:
    assert names.bulk_run(1_700_000_000, "t").startswith("b-20231114t221320-")


def test_the_jobs_of_a_run_have_names_that_batch_takes() -> None:
    """SubmitJob: at most 128 characters; letters, digits, hyphens and underscores."""
    run = names.bulk_run(1_700_000_000, "token")
    jobs = [names.job_name(run, number) for number in range(1000)]
    assert len(set(jobs)) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9][\w-]{0,127}", job, re.ASCII) for job in jobs)


def test_everything_of_a_run_lies_in_its_folder() -> None:
    keys = [
        names.manifest_key("r"),
        names.index_key("r"),
        names.plan_key("r"),
        names.report_key("r", "csv"),
    ]
    assert keys == ["runs/r/manifest.jsonl", "runs/r/manifest.idx", "runs/r/plan.json", "runs/r/report.csv"]


def test_an_intent_is_apart_from_the_runs() -> None:
    assert names.intent_record("x") == names.Key("intent#x", "intent")
    assert names.intent_record("x").pk != names.run_record("x").pk
