"""Tests of batchkit.aws.paging."""

from __future__ import annotations

from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from batchkit.aws.paging import interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_every_page_comes_once_and_in_the_order_of_its_sequence() -> None:
    found = list(interleaved([iter([(n, page) for page in range(n)]) for n in range(5)], threads=2))
    assert sorted(found) == [(n, page) for n in range(5) for page in range(n)]
    assert [page for n, page in found if n == 4] == [0, 1, 2, 3]


def test_several_sequences_are_read_at_a_time() -> None:
    met = Barrier(2, timeout=60)

    def pages() -> Iterator[int]:
        yield met.wait()

    assert sorted(interleaved([pages(), pages()], threads=2)) == [0, 1]


def test_a_page_that_cannot_be_read_ends_the_reading() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(interleaved([broken()], threads=1))
