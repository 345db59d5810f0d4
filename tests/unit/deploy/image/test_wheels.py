"""The wheelhouse: downloaded once, checked at every use, never half there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from batchkit.deploy.image import wheels
from batchkit.deploy.image.wheels import Target
from batchkit.errors import ConfigError

BODY = b"the wheel"
TARGET = Target("3.11", "x86_64", 36)


class Index:
    """Stands for pip and its index: puts one wheel where the arguments say, and remembers."""

    def __init__(self, body: bytes = BODY) -> None:
        self.body = body
        self.calls: list[Sequence[str]] = []

    def __call__(self, arguments: Sequence[str]) -> None:
        self.calls.append(arguments)
        folder = Path(arguments[arguments.index("--dest") + 1])
        (folder / "thing-1-py3-none-any.whl").write_bytes(self.body)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text(f"thing==1 --hash=sha256:{hashlib.sha256(BODY).hexdigest()}\n", encoding="utf-8")
    return path


def test_a_complete_wheelhouse_is_used_without_any_index(lock: Path, tmp_path: Path) -> None:
    index = Index()

    first = wheels.fill(TARGET, [lock], tmp_path / "cache", index)
    again = wheels.fill(TARGET, [lock], tmp_path / "cache", index)

    assert first == again
    assert [wheel.read_bytes() for wheel in again] == [BODY]
    assert len(index.calls) == 1


def test_a_damaged_wheel_is_fetched_again(lock: Path, tmp_path: Path) -> None:
    index = Index()
    (wheel,) = wheels.fill(TARGET, [lock], tmp_path / "cache", index)
    wheel.write_bytes(b"half of the wh")

    (wheel,) = wheels.fill(TARGET, [lock], tmp_path / "cache", index)

    assert wheel.read_bytes() == BODY


def test_a_download_that_fails_leaves_nothing_behind(lock: Path, tmp_path: Path) -> None:
    def fail(arguments: Sequence[str]) -> None:
        Index()(arguments)
        raise ConfigError("no network")

    with pytest.raises(ConfigError):
        wheels.fill(TARGET, [lock], tmp_path / "cache", fail)

    assert list((tmp_path / "cache").iterdir()) == []


def test_another_process_that_was_faster_is_believed(lock: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def overtaken(arguments: Sequence[str]) -> None:
        Index()(arguments)
        wheels.fill(TARGET, [lock], cache, Index())

    assert [wheel.read_bytes() for wheel in wheels.fill(TARGET, [lock], cache, overtaken)] == [BODY]


@pytest.mark.parametrize(
    "other", [Target("3.13", "x86_64", 36), Target("3.11", "aarch64", 36), Target("3.11", "x86_64", 31)]
)
def test_another_target_has_another_wheelhouse(lock: Path, other: Target) -> None:
    assert wheels.key(other, [lock]) != wheels.key(TARGET, [lock])


def test_another_lock_has_another_wheelhouse(lock: Path) -> None:
    before = wheels.key(TARGET, [lock])
    lock.write_text("thing==2\n", encoding="utf-8")

    assert wheels.key(TARGET, [lock]) != before


def test_the_best_platform_comes_first_and_none_is_newer_than_the_base() -> None:
    platforms = Target("3.13", "aarch64", 28).platforms

    assert platforms[0] == "manylinux_2_28_aarch64"
    assert platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")
    assert len(platforms) == 13


def test_pip_must_check_hashes_and_take_no_source() -> None:
    arguments = wheels.arguments(TARGET, [Path("a.lock"), Path("b.lock")], Path("house"))

    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(arguments)
    assert arguments.count("--requirement") == 2


def test_the_cache_lies_where_the_desktop_says_else_at_home() -> None:
    assert wheels.cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/batchkit/wheels")
    assert wheels.cache_folder({"HOME": "/h"}) == Path("/h/.cache/batchkit/wheels")


def test_source_archives_are_downloaded_once_too(lock: Path, tmp_path: Path) -> None:
    calls: list[Sequence[str]] = []

    def download(arguments: Sequence[str]) -> None:
        calls.append(arguments)
        Path(arguments[arguments.index("--dest") + 1], "thing-1.tar.gz").write_bytes(BODY)

    first = wheels.fill_sources(lock, tmp_path / "cache", download)

    assert wheels.fill_sources(lock, tmp_path / "cache", download) == first
    assert [archive.read_bytes() for archive in first] == [BODY]
    assert len(calls) == 1
    assert "--require-hashes" in calls[0]
    assert calls[0][calls[0].index("--no-binary") + 1] == "thing"
