"""Tests of batchkit.planning.source_spec."""

from __future__ import annotations

import pytest

from batchkit.errors import ConfigError
from batchkit.planning.source_spec import InventoryManifest, KeyFile, Prefix, SourceSpec, parse_spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("s3://photos", Prefix("photos", "")),
        ("s3://photos/", Prefix("photos", "")),
        ("s3://photos/up loads/ü", Prefix("photos", "up loads/ü")),
        ("s3://photos//a", Prefix("photos", "/a")),
        ("s3://photos/not-a-manifest.json", Prefix("photos", "not-a-manifest.json")),
        ("s3://inv/a/all/2026-01-04T01-00Z/manifest.json", "inventory"),
        ("s3://inv/manifest.json", InventoryManifest("inv", "manifest.json")),
        ("keys.txt", KeyFile("keys.txt")),
        ("-", KeyFile("-")),
        ("s3:/odd", KeyFile("s3:/odd")),
    ],
)
def test_the_text_says_where_the_sources_are(text: str, spec: SourceSpec | str) -> None:
    if spec == "inventory":
        spec = InventoryManifest("inv", "a/all/2026-01-04T01-00Z/manifest.json")
    assert parse_spec(text) == spec


@pytest.mark.parametrize("text", ["s3://photos/", "s3://photos/a/b", "s3://inv/x/manifest.json", "keys.txt"])
def test_a_source_is_called_what_was_written(text: str) -> None:
    assert str(parse_spec(text)) == text


def test_bare_keys_are_in_the_bucket_that_was_given() -> None:
    assert parse_spec("-", "photos") == KeyFile("-", "photos")
    assert parse_spec("s3://other/x", "photos") == Prefix("other", "x")


@pytest.mark.parametrize(
    "text", ["", "s3://", "s3:///key", "https://bucket.s3.amazonaws.com/key", "S3://b/k"]
)
def test_what_is_no_place_of_sources_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="where the sources are"):
        parse_spec(text)
