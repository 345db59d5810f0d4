"""Tests of batchkit.runs.gather: every kind of source through one door."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import inventories
from support.moto_world import World, moto_clients
from support.small_pages import SmallPages

from batchkit.errors import DataError
from batchkit.planning.selection import Selection
from batchkit.planning.source_spec import InventoryManifest, KeyFile, Prefix
from batchkit.runs.gather import gather


@pytest.fixture
def world() -> World:
    with moto_clients() as clients:
        yield World(clients)


def test_a_prefix_is_listed(world: World) -> None:
    sources = [world.put(key, b"x") for key in ("up/a.jpg", "up/b.png", "other/c.jpg")]
    found = gather(Prefix(world.uploads, "up/"), Selection(include=("*.jpg",)), world.clients)
    assert list(found) == [sources[0]]


def test_with_a_limit_keys_come_in_order(world: World) -> None:
    keys = [f"{number % 10}/{number:02d}" for number in range(80)]
    for key in keys:
        world.put(key, b"x")
    clients: Any = SimpleNamespace(s3=SmallPages(world.clients.s3, 2))
    found = gather(Prefix(world.uploads, ""), Selection(limit=40), clients)
    assert [source.key for source in islice(found, 40)] == sorted(keys)[:40]


def test_an_inventory_is_read(world: World) -> None:
    rows = [inventories.row("a+b"), inventories.row("c", Size="500")]
    key = inventories.store(world, inventories.CURRENT, inventories.csv_file(inventories.CURRENT, rows))
    found = gather(InventoryManifest(world.artifacts, key), Selection(max_bytes=100), world.clients)
    assert [(source.bucket, source.key) for source in found] == [("uploads", "a+b")]


def test_a_file_of_keys_is_read(world: World, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_bytes(b"a\nb\n")
    found = gather(KeyFile(str(path), "bucket"), Selection(exclude=("a",)), world.clients)
    assert [(source.bucket, source.key) for source in found] == [("bucket", "b")]


def test_standard_input_is_read(world: World) -> None:
    found = gather(KeyFile("-", "bucket"), Selection(), world.clients, io.BytesIO(b"a\nb"))
    assert [source.key for source in found] == ["a", "b"]


@pytest.mark.parametrize("path", ["missing.txt", "."])
def test_a_file_that_cannot_be_read_is_an_error(world: World, tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(gather(KeyFile(str(tmp_path / path), "b"), Selection(), world.clients))


def test_nothing_is_read_before_the_first_source_is_asked_for(world: World) -> None:
    found = gather(KeyFile("/no/such/file", "b"), Selection(), world.clients)
    with pytest.raises(DataError):
        next(found)
