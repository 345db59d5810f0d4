"""Reading several sequences of pages at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def interleaved(sequences: Iterable[Iterator[T]], threads: int) -> Iterator[T]:
    """The pages of all sequences as they come, in the order of each; one is read ahead of each at most.

    Raises what reading a page raises.
    """
    with ThreadPoolExecutor(threads, "pages") as pool:
        under_way: dict[Future[T | None], Iterator[T]] = {
            pool.submit(next, one, None): one for one in sequences
        }
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                sequence = under_way.pop(future)
                if (page := future.result()) is not None:
                    under_way[pool.submit(next, sequence, None)] = sequence
                    yield page
