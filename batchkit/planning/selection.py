"""Which of the objects that were listed become sources: by globs, sizes, dates, a sample."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from batchkit.errors import ConfigError, DataError
from batchkit.planning import globs
from batchkit.planning.manifest import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Condition = Callable[["Listed"], bool]

_HASHES = 2**64


class Listed(NamedTuple):
    """An object that a bucket's listing, an inventory or a file of keys names.

    `size` in bytes and `modified` in epoch seconds are None where it does not say.
    """

    source: Source
    size: int | None = None
    modified: int | None = None


@dataclass(frozen=True)
class Selection:
    """Conditions that must all hold. Sizes in bytes, both inclusive; `since` <= modified < `until`, in
    epoch seconds.

    `include` and `exclude` are globs (planning/globs.py): a key fits one of `include` if there are any, and
    none of `exclude`. `share` of 0 to 1 samples by key. `limit` is the number of sources in the run at most:
    it counts what is left when suffixes, sizes and freshness are known, so it is no condition of one object.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_bytes: int | None = None
    max_bytes: int | None = None
    since: int | None = None
    until: int | None = None
    share: float = 1.0
    limit: int | None = None


def select(listed: Iterable[Listed], selection: Selection) -> Iterator[Source]:
    """The sources that fulfil all conditions of `selection`, in their order, lazily.

    Raises ConfigError for a bad glob, DataError when a condition needs a size or a date that is not known.
    """
    for condition in _conditions(selection):
        listed = filter(condition, listed)
    return map(itemgetter(0), listed)


def is_sampled(key: str, share: float, purpose: str = "") -> bool:
    """Whether a key is in the sample of `share` (0 to 1): always the same answer, and a key of a small
    sample is in every larger one. Samples for another `purpose` (at most 16 bytes) are independent."""
    return _hash(key, purpose) < share * _HASHES


def wider_shares(share: float) -> Iterator[float]:
    """Twice the share, four times, and so on to all."""
    while share < 1:
        share = min(2 * share, 1.0)
        yield share


def wider_share(share: float, keys: Iterable[str], purpose: str, wanted: int) -> float:
    """The least of the wider shares (0 to 1) whose sample has `wanted` of these keys, or all of them."""
    shares = (share, *wider_shares(share))
    ends = [one * _HASHES for one in shares]
    first = Counter(bisect_right(ends, _hash(key, purpose)) for key in keys)
    below = accumulate(first[number] for number in range(len(shares)))
    enough = (one for one, found in zip(shares, below, strict=True) if found >= min(wanted, first.total()))
    return next(enough, 1.0)


def parse_share(text: str) -> float:
    """`1%` or `0.01` as 0.01. Raises ConfigError for anything but more than nothing and at most all."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise ConfigError("a sample is not a share", found=repr(text), expected="1%, 0.5% or 0.01")
    return number


def parse_moment(text: str) -> int:
    """`2026-01-31` or `2026-01-31T12:00:00+01:00` in epoch seconds; UTC unless it says else.

    Raises ConfigError.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            "a date is not one", found=repr(text), expected="2026-01-31 or 2026-01-31T12:00:00+01:00"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _hash(key: str, purpose: str) -> int:
    digest = hashlib.blake2b(key.encode(), digest_size=8, person=purpose.encode()).digest()
    return int.from_bytes(digest, "big")


def _conditions(selection: Selection) -> Iterator[Condition]:
    """Only those that were asked for: a million keys pass through each. The cheapest come first."""
    low, high, since, until = (selection.min_bytes, selection.max_bytes, selection.since, selection.until)
    if low is not None or high is not None:
        size_range = (low or 0, float("inf") if high is None else high)
        yield lambda listed: size_range[0] <= _known(listed, "size") <= size_range[1]
    if since is not None or until is not None:
        first, end = (since or 0, float("inf") if until is None else until)
        yield lambda listed: first <= _known(listed, "modified") < end
    if selection.include:
        included = globs.compiled(selection.include).fullmatch
        yield lambda listed: included(listed.source.key) is not None
    if selection.exclude:
        excluded = globs.compiled(selection.exclude).fullmatch
        yield lambda listed: excluded(listed.source.key) is None
    if selection.share < 1:
        yield lambda listed: is_sampled(listed.source.key, selection.share)


def _known(listed: Listed, what: str) -> int:
    value: int | None = getattr(listed, what)
    if value is None:
        raise DataError(
            f"a filter by {'size' if what == 'size' else 'date'} needs what the list of sources does not say",
            found=f"no {what} of s3://{listed.source.bucket}/{listed.source.key}",
            expected=f"a {what} with every source",
            fix=f'leave the filter out, or give JSON Lines with "{what}"',
        )
    return value
