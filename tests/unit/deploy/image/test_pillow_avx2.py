"""Pillow's module for AVX2 is taken where the processor has it, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from containers.worker import pillow_avx2

WITH = "processor\t: 0\nmodel name\t: Some\nflags\t\t: fpu sse4_2 avx avx2 bmi2\nbugs\t\t:\n"


@pytest.fixture(autouse=True)
def finders() -> Iterator[None]:
    """What a test adds to Python's import system is taken away again."""
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text(WITH, encoding="ascii")
    return path


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "_imaging_avx2.so"
    path.touch()
    return path


def test_it_is_found_in_place_of_pillow_s_own_and_nothing_else_is(module: Path, cpuinfo: Path) -> None:
    assert pillow_avx2.prefer(module, cpuinfo)
    finder = sys.meta_path[0]
    spec = finder.find_spec("PIL._imaging", None)
    assert spec is not None
    assert spec.origin == str(module)
    assert finder.find_spec("PIL._webp", None) is None


@pytest.mark.parametrize("flags", ["fpu sse4_2 avx", "fpu avx2x", ""])
def test_a_processor_without_avx2_keeps_pillow_as_it_came(module: Path, cpuinfo: Path, flags: str) -> None:
    cpuinfo.write_text(f"flags : {flags}\nmodel name : avx2\n", encoding="ascii")
    before = list(sys.meta_path)
    assert not pillow_avx2.prefer(module, cpuinfo)
    assert sys.meta_path == before


def test_where_nobody_tells_what_the_processor_has_it_is_not_tried(module: Path, tmp_path: Path) -> None:
    assert not pillow_avx2.prefer(module, tmp_path / "absent")


def test_an_image_without_the_module_starts_all_the_same(cpuinfo: Path, tmp_path: Path) -> None:
    assert not pillow_avx2.prefer(tmp_path / "_imaging_avx2.so", cpuinfo)
