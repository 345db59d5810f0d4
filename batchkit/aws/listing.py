"""Every object below a prefix, each exactly once, in no promised order, listed in parallel.

S3 lists keys in the order of their UTF-8 bytes, which is the order of Python's strings. So the keys are
cut into ranges (after, upto] that follow one another, whatever the keys are; each range is listed page by
page, and every key lies in exactly one. (General purpose buckets: directory buckets do not list in order.)

Memory: one page (at most 1,000 objects) a thread.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import starmap
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from batchkit.aws.cutting import DELIMITER, Cutter
from batchkit.aws.errors import translated
from batchkit.aws.objects import url
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

THREADS = 16

# Parts are never of one size: with several for each thread, all threads have work until near the end.
RANGES_A_THREAD = 4


class Range(NamedTuple):
    """The keys after `after` up to and with `upto` (None: to the end); `token` continues a listing of it."""

    after: str
    upto: str | None
    token: str = ""


class Page(NamedTuple):
    """Some objects, the last key looked at, and what is left of the range, if anything."""

    listed: list[Listed]
    last: str
    rest: Range | None


class Requests:
    """How many requests of a kind were made: each is billed, whatever its answer. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.number = 0

    def add(self) -> None:
        with self._lock:
            self.number += 1


def list_objects(
    client: S3Client,
    bucket: str,
    prefix: str = "",
    threads: int = THREADS,
    requests: Requests | None = None,
) -> Iterator[Listed]:
    """All objects whose keys begin with `prefix`, but folder markers; with one thread, in order of keys.

    Folder markers are the objects of 0 bytes with a key that ends in `/`, which the S3 console makes.
    `requests` counts what this takes, the looking for cuts included.
    """
    lister = Lister(client, bucket, prefix, requests or Requests())
    first = lister.page(Range("", None))
    yield from first.listed
    if first.rest is None:
        return
    wanted = threads * RANGES_A_THREAD if threads > 1 else 0
    cuts = Cutter(lister.request, first.last).cuts(prefix, wanted)
    if not cuts:
        yield from _in_parallel(lister, [first.rest], 1)
        return
    ranges = starmap(Range, zip([first.last, *cuts], [*cuts, None], strict=True))
    yield from _in_parallel(lister, ranges, threads)


class Lister:
    """Requests for the keys below one prefix of one bucket. Safe to share between threads."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, requests: Requests) -> None:
        self._client, self._bucket, self._prefix, self._requests = client, bucket, prefix, requests

    def page(self, keys: Range) -> Page:
        """The first objects of a range."""
        where = {"ContinuationToken": keys.token} if keys.token else {"StartAfter": keys.after}
        answer = self.request(self._prefix, **where)
        contents = answer.get("Contents", [])
        inside = [one for one in contents if keys.upto is None or one["Key"] <= keys.upto]
        has_more = answer["IsTruncated"] and len(inside) == len(contents)
        rest = keys._replace(token=answer["NextContinuationToken"]) if has_more else None
        listed = [self._listed(one) for one in inside if one["Size"] or not one["Key"].endswith(DELIMITER)]
        return Page(listed, contents[-1]["Key"] if contents else keys.after, rest)

    def _listed(self, one: ObjectTypeDef) -> Listed:
        size = one["Size"]
        source = Source(self._bucket, one["Key"], one["ETag"].strip('"'), size)
        return Listed(source, size, int(one["LastModified"].timestamp()))

    def request(self, prefix: str, **where: Any) -> ListObjectsV2OutputTypeDef:
        """One page of the keys with `prefix`."""
        self._requests.add()
        with translated(f"listing {url(self._bucket, prefix)}"):
            return self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **where)


def _in_parallel(lister: Lister, ranges: Iterable[Range], threads: int) -> Iterator[Listed]:
    """A page of as many ranges as there are threads is under way at any time; nothing is read ahead of it."""
    waiting = deque(ranges)
    under_way: set[Future[Page]] = set()
    with ThreadPoolExecutor(threads, "listing") as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) < threads:
                    under_way.add(pool.submit(lister.page, waiting.popleft()))
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for page in [future.result() for future in done]:
                    if page.rest is not None:
                        under_way.add(pool.submit(lister.page, page.rest))
                    yield from page.listed
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
