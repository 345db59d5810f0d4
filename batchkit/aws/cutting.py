"""Where to cut the keys of a bucket, so that the parts can be listed side by side.

Any cut is right, as keys have an order; these are meant to make parts of similar size. They lie at the
sub-prefixes that a listing with a delimiter shows; where one page does not show all of them (a folder for
each of many users, a million objects in one folder), at the first characters of the names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

    # Called with the prefix and the other parameters of ListObjectsV2.
    Request = Callable[..., ListObjectsV2OutputTypeDef]

DELIMITER = "/"

# Requests, one after the other, that may be spent on looking.
MAX_PROBES = 64


class Cutter:
    """Looks for cuts in the keys below a prefix, past the key `after`."""

    def __init__(self, request: Request, after: str) -> None:
        self._request = request
        self._after = after
        self._probes = MAX_PROBES

    def cuts(self, prefix: str, wanted: int) -> list[str]:
        """Up to `wanted` strings, ascending, past `after`; level by level, until there are enough."""
        points: set[str] = set()
        level = [prefix]
        while level and len(points) < wanted and self._probes:
            each = max(1, wanted // len(level))
            level = [part for folder in level for part in _evenly(self._parts(folder), each)]
            points.update(part for part in level if part > self._after)
        return _evenly(sorted(points), wanted)

    def _parts(self, folder: str) -> list[str]:
        """What the keys below `folder` begin with, one level further down, ascending."""
        answer = self._probe(folder, StartAfter=self._after, Delimiter=DELIMITER)
        if answer is None:
            return []
        inner = [one["Prefix"] for one in answer.get("CommonPrefixes", [])]
        names = [*inner, *(one["Key"] for one in answer.get("Contents", []))]
        return self._initials(folder, min(names)) if answer["IsTruncated"] and names else inner

    def _initials(self, folder: str, first: str) -> list[str]:
        """`folder` with each first character of the names in it, from the name `first` on."""
        size = len(folder) + 1
        found = [first[:size]]
        while following := _following(found[-1][size - 1 :]):
            answer = self._probe(folder, StartAfter=folder + following, MaxKeys=1)
            contents = answer.get("Contents") if answer else None
            if not contents:
                break
            found.append(contents[0]["Key"][:size])
        return found

    def _probe(self, prefix: str, **where: str | int) -> ListObjectsV2OutputTypeDef | None:
        if not self._probes:
            return None
        self._probes -= 1
        return self._request(prefix, **where)


def _following(character: str) -> str:
    """The next character that UTF-8 can say; "" after the last one, and after none."""
    code = ord(character or "\U0010ffff") + 1
    return "" if code > 0x10FFFF else chr(0xE000 if code == 0xD800 else code)


def _evenly(points: list[str], wanted: int) -> list[str]:
    """At most `wanted` of the points, from all over them."""
    if len(points) <= wanted:
        return points
    return [points[number * len(points) // (wanted + 1)] for number in range(1, wanted + 1)]
