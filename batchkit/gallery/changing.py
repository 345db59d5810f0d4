"""A JSON file in the output bucket that many may change at the same time, none of them losing anything.

Read, change, write if nobody wrote in between, else again. The change must be a join: then it does not
matter in which order they come, and a repeated one finds that there is nothing to do.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from typing import TYPE_CHECKING, Any

from batchkit.aws.objects import Objects, url
from batchkit.errors import DataError, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1

# A browser asks each time whether there is something newer, which costs a request without a body.
HEADERS = {"CacheControl": "no-cache", "ContentEncoding": "gzip"}
JSON = "application/json"

# With full jitter between 0 and the wait: two hundred writers of one object need some 40 tries of the last.
# What still loses after that is tried again by Lambda, as a whole, a minute later.
ATTEMPTS = 64
FIRST_WAIT = 0.02
LONGEST_WAIT = 1.0

Document = dict[str, Any]


class Files:
    """The gallery's files in one bucket. Safe to share between threads.

    `sleep` takes seconds; `chance` gives a number from 0 to 1.
    """

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._sleep = sleep
        self._chance = chance

    def read(self, key: str) -> Document | None:
        """The file, None where there is none. Raises DataError for what is not one of ours."""
        return self._read(key)[0]

    def change(self, key: str, changed: Callable[[Document | None], Document | None]) -> Document | None:
        """Write what `changed` makes of the file, unless that is None: nothing to do; the file as it is then.

        `changed` may be called again and again. Raises Throttled when others were always faster.
        """
        wait = FIRST_WAIT
        for _ in range(ATTEMPTS):
            before, etag = self._read(key)
            after = changed(before)
            if after is None or self._write(key, after, etag):
                return before if after is None else after
            self._sleep(wait * self._chance())
            wait = min(wait * 2, LONGEST_WAIT)
        raise Throttled(
            f"{url(self._bucket, key)} was written by others again and again",
            found=f"{ATTEMPTS} attempts",
            fix="nothing: the event is delivered again",
        )

    def _read(self, key: str) -> tuple[Document | None, str]:
        found = self._objects.get(self._bucket, key)
        if found is None:
            return None, ""
        return decoded(found.body, url(self._bucket, key)), found.etag

    def _write(self, key: str, document: Document, etag: str) -> bool:
        return self._objects.put(
            self._bucket, key, encoded(document), JSON, only_if_absent=not etag, only_if=etag, headers=HEADERS
        )


def encoded(document: Document) -> bytes:
    """Compressed JSON, the same bytes for the same document."""
    text = json.dumps({"format": FORMAT, **document}, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def decoded(body: bytes, name: str) -> Document:
    """The document of a file. Raises DataError for anything else, and for a later format."""
    try:
        document = json.loads(gzip.decompress(body))
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(name, str(error)) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _damaged(name, "another format")
    return document


def _damaged(name: str, found: str) -> DataError:
    return DataError(
        f"{name} is not a file of the gallery",
        found=found,
        expected=f"compressed JSON of format {FORMAT}",
        fix="delete what lies below _gallery/data/, and let `batchkit gallery --rebuild` make it anew",
    )
