"""Tests of batchkit.worker.uploads: background work with bounded memory."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchkit.worker.uploads import Uploads

LIMIT = 100


@given(st.lists(st.integers(0, 250), max_size=20))
@settings(deadline=None, max_examples=30)
def test_no_more_bytes_wait_than_the_limit_or_one_single_output(sizes: list[int]) -> None:
    lock, under_way, seen = threading.Lock(), [], []
    uploads = Uploads(threads=3, limit=LIMIT)

    def call(size: int) -> int:
        with lock:
            under_way.append(size)
            seen.append((sum(under_way), len([one for one in under_way if one])))
        with lock:
            under_way.remove(size)
        return size

    futures = [uploads.submit(size, lambda size=size: call(size)) for size in sizes]  # type: ignore[misc]
    assert [future.result() for future in futures] == sizes
    uploads.close()
    assert all(total <= LIMIT or count == 1 for total, count in seen)


def test_who_would_exceed_the_limit_waits_until_there_is_room() -> None:
    uploads, release, submitted = Uploads(threads=2, limit=LIMIT), threading.Event(), threading.Event()
    first = uploads.submit(60, release.wait)

    def second() -> None:
        uploads.submit(60, lambda: None)
        submitted.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not submitted.wait(0.05)
    release.set()
    assert submitted.wait(60)
    thread.join()
    assert first.result()
    uploads.close()


def test_a_failed_call_makes_room_too_and_keeps_its_error() -> None:
    uploads = Uploads(threads=1, limit=LIMIT)
    futures = [uploads.submit(LIMIT, lambda: 1 // 0) for _ in range(3)]
    uploads.close()
    for future in futures:
        with pytest.raises(ZeroDivisionError):
            future.result()
