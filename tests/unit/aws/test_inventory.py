"""Tests of batchkit.aws.inventory: CSV and Parquet, whole and damaged."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import inventories
from support.inventories import CURRENT, MODIFIED_SECONDS, VERSIONS, csv_file, row, store
from support.moto_world import World

from batchkit.aws.inventory import list_inventory, stream
from batchkit.errors import DataError, MissingExtra
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed

KEYS = [
    "a b.jpg",
    "a+b.jpg",
    "100%.jpg",
    "%2B",
    "a%20b",
    "ü/é\u0301/😀",
    'quo"te,s',
    "line\nbreak",
    "/lead//",
    " ",
]

EVERY_KEY = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), max_size=8)


def listed(world: World) -> list[Listed]:
    return list(list_inventory(world.objects, world.artifacts, inventories.MANIFEST))


def keys(world: World) -> list[str]:
    return [one.source.key for one in listed(world)]


def test_a_csv_inventory_gives_the_keys_as_they_are(world: World) -> None:
    store(world, CURRENT, csv_file(CURRENT, [row(key) for key in KEYS]))
    assert keys(world) == KEYS
    assert listed(world)[0] == Listed(Source("uploads", "a b.jpg", "e", 5), 5, MODIFIED_SECONDS)


def test_the_encoding_of_keys_is_that_of_s3(world: World) -> None:
    """Bytes as S3 Inventory writes them: a space is `+`, a plus `%2B`, a slash itself, UTF-8 in percents."""
    lines = b'"uploads","a+b%2Bc%25/%C3%BC.jpg","5"\n"uploads","x%20y","6"\n'
    store(world, "Bucket, Key, Size", gzip.compress(lines))
    assert keys(world) == ["a b+c%/ü.jpg", "x y"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(some=EVERY_KEY)
def test_every_key_survives_csv(world: World, some: list[str]) -> None:
    store(world, CURRENT, csv_file(CURRENT, [row(key) for key in some]))
    assert keys(world) == some


def test_columns_are_where_the_schema_says(world: World) -> None:
    schema = "Key, StorageClass, Size"
    store(world, schema, csv_file(schema, [row("k", StorageClass="STANDARD", Size="7")]))
    assert listed(world) == [Listed(Source("uploads", "k", "", 7), 7, None)]


def test_an_unknown_size_is_not_zero(world: World) -> None:
    store(world, "Key, ETag", csv_file("Key, ETag", [row("k")]))
    assert listed(world) == [Listed(Source("uploads", "k"), None, None)]


def test_of_all_versions_only_the_latest_that_are_there_are_sources(world: World) -> None:
    rows = [
        row("now", VersionId="v2"),
        row("now", IsLatest="false"),
        row("gone", IsDeleteMarker="true", Size="", ETag=""),
        row("gone", IsLatest="false"),
        row("never versioned", VersionId=""),
    ]
    store(world, VERSIONS, csv_file(VERSIONS, rows))
    assert keys(world) == ["now", "never versioned"]


def test_folder_markers_are_no_sources(world: World) -> None:
    store(world, CURRENT, csv_file(CURRENT, [row("a/", Size="0"), row("a/b", Size="0"), row("c/")]))
    assert keys(world) == ["a/b", "c/"]


def test_files_follow_one_another_and_may_be_empty_or_of_several_members(world: World) -> None:
    files = [csv_file(CURRENT, [row(f"{n}.{i}") for i in range(3)]) for n in range(3)]
    store(world, CURRENT, files[0] + files[1], gzip.compress(b""), b"", files[2])
    assert keys(world) == [f"{n}.{i}" for n in range(3) for i in range(3)]
    store(world, CURRENT)
    assert keys(world) == []


def test_a_file_is_read_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK_BYTES", 100)
    names = [f"{number * 7919 % 1009}.jpg" for number in range(500)]
    store(world, CURRENT, csv_file(CURRENT, [row(name) for name in names]))
    assert keys(world) == names


def test_rows_come_before_the_file_is_read_to_its_end(world: World) -> None:
    good, bad = csv_file(CURRENT, [row("a")]), csv_file(CURRENT, [row("b")])[:-9]
    store(world, CURRENT, good, bad)
    rows = list_inventory(world.objects, world.artifacts, inventories.MANIFEST)
    assert next(rows).source.key == "a"
    with pytest.raises(DataError):
        list(rows)


WHOLE = csv_file(CURRENT, [row(key) for key in KEYS])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(WHOLE[:-9], "EOFError", id="cut"),
        pytest.param(b"not gzip", "BadGzipFile", id="no gzip"),
        pytest.param(WHOLE + b"garbage", "BadGzipFile", id="garbage behind"),
        pytest.param(WHOLE[:20] + b"\0\0\0\0" + WHOLE[24:], "rror", id="damaged inside"),
        pytest.param(gzip.compress(b'"uploads","k"\n'), "line 1", id="too few fields"),
        pytest.param(csv_file(CURRENT, [row("k"), row("k", Size="many")]), "line 2", id="size"),
        pytest.param(csv_file(CURRENT, [row("k", LastModifiedDate="yesterday")]), "line 1", id="date"),
        pytest.param(
            gzip.compress(b'"uploads","%FF","1","' + inventories.MODIFIED.encode() + b'","e"\n'),
            "line 1",
            id="key",
        ),
        pytest.param(gzip.compress(b'"uploads","\xff","1","","e"\n'), "utf-8", id="encoding"),
    ],
)
def test_a_damaged_file_is_named(world: World, body: bytes, found: str) -> None:
    store(world, CURRENT, body)
    with pytest.raises(DataError, match="inv/uploads/all/data/0") as raised:
        listed(world)
    assert found in str(raised.value.found)


def test_a_schema_without_keys_is_refused(world: World) -> None:
    store(world, "Bucket, Size", csv_file("Bucket, Size", [row("k")]))
    with pytest.raises(DataError, match="columns Bucket, Size"):
        listed(world)


@pytest.mark.parametrize(
    ("body", "found"), [(WHOLE[:-1], "bytes"), (None, "no object"), (bytes([*WHOLE[:-1], 99]), "")]
)
def test_a_file_that_is_not_the_one_of_the_manifest_is_refused(
    world: World, body: bytes | None, found: str
) -> None:
    store(world, CURRENT, WHOLE)
    place = {"Bucket": world.artifacts, "Key": "inv/uploads/all/data/0"}
    if body is None:
        world.clients.s3.delete_object(**place)
    else:
        world.clients.s3.put_object(**place, Body=body)
    with pytest.raises(DataError) as raised:
        listed(world)
    assert found in str(raised.value.found)


def test_a_file_with_another_sum_is_refused(world: World) -> None:
    other = csv_file(CURRENT, [row(key.upper()) for key in KEYS])
    file = {"key": "inv/uploads/all/data/0", "size": len(other), "MD5checksum": inventories.md5(WHOLE)}
    store(world, CURRENT, other, files=[file])
    with pytest.raises(DataError, match="not what S3 Inventory wrote") as raised:
        listed(world)
    assert raised.value.expected == f"MD5 {inventories.md5(WHOLE)}"


def test_a_manifest_that_was_changed_is_refused(world: World) -> None:
    store(world, CURRENT, WHOLE)
    world.clients.s3.put_object(Bucket=world.artifacts, Key=inventories.MANIFEST, Body=b"{}")
    with pytest.raises(DataError, match=r"manifest\.json is not what S3 Inventory wrote"):
        listed(world)


def test_a_manifest_without_its_sum_is_trusted(world: World) -> None:
    store(world, CURRENT, WHOLE)
    world.clients.s3.delete_object(Bucket=world.artifacts, Key=f"{inventories.FOLDER}/manifest.checksum")
    assert keys(world) == KEYS


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"files": 1}', b'{"files": [{}]}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_manifest_is_refused(world: World, body: bytes) -> None:
    inventories.put_manifest(world, body)
    with pytest.raises(DataError, match="not the manifest of an inventory"):
        listed(world)


def test_a_manifest_that_is_not_there_is_an_error(world: World) -> None:
    with pytest.raises(DataError, match="no object"):
        listed(world)


def test_a_format_that_is_not_read_is_refused(world: World) -> None:
    store(world, "struct<key:string>", b"ORC", fileFormat="ORC")
    with pytest.raises(DataError, match="ORC"):
        listed(world)


# Parquet

SCHEMA = "message s3.inventory { required binary key (STRING); }"


def parquet(rows: list[dict[str, Any]], **options: Any) -> bytes:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    target = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), target, compression="snappy", **options)
    return target.getvalue()


def test_a_parquet_inventory_gives_the_keys_as_they_are(world: World) -> None:
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.UTC)
    facts = {"bucket": "uploads", "size": 5, "e_tag": "e", "version_id": "v", "is_latest": True}
    rows = [{**facts, "key": key, "is_delete_marker": False, "last_modified_date": moment} for key in KEYS]
    store(world, SCHEMA, parquet(rows, row_group_size=3), fileFormat="Parquet")
    assert keys(world) == KEYS
    assert listed(world)[0] == Listed(Source("uploads", "a b.jpg", "e", 5), 5, MODIFIED_SECONDS)


def test_a_parquet_file_may_have_few_columns_and_times_without_a_zone(world: World) -> None:
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20)  # noqa: DTZ001
    store(world, SCHEMA, parquet([{"key": "k", "last_modified_date": moment}]), fileFormat="Parquet")
    assert listed(world) == [Listed(Source("uploads", "k"), None, MODIFIED_SECONDS)]


def test_versions_in_parquet_are_as_those_in_csv(world: World) -> None:
    rows = [
        {"key": "now", "is_latest": True, "is_delete_marker": False, "size": 1},
        {"key": "now", "is_latest": False, "is_delete_marker": False, "size": 1},
        {"key": "gone", "is_latest": True, "is_delete_marker": True, "size": None},
        {"key": "folder/", "is_latest": True, "is_delete_marker": False, "size": 0},
    ]
    store(world, SCHEMA, parquet(rows), fileFormat="Parquet")
    assert keys(world) == ["now"]


def test_a_damaged_parquet_file_is_named(world: World) -> None:
    whole = parquet([{"key": "k"}])
    for body in (b"", b"no parquet", whole[:-5], parquet([{"name": "k"}])):
        store(world, SCHEMA, body, fileFormat="Parquet")
        with pytest.raises(DataError, match="inv/uploads/all/data/0"):
            listed(world)


def test_parquet_without_its_extra_says_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(world, SCHEMA, b"", fileFormat="Parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'batchkit\[inventory\]'"):
        listed(world)


def test_the_manifest_is_json_that_people_may_have_formatted(world: World) -> None:
    store(world, CURRENT, WHOLE)
    stored = world.objects.get(world.artifacts, inventories.MANIFEST)
    assert stored is not None
    inventories.put_manifest(world, json.dumps(json.loads(stored.body), indent=2).encode())
    assert keys(world) == KEYS
