from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from batchkit.local.live.feed import Feed, is_news
from batchkit.local.trace import Kind, Trace

NO_WAIT = 0.0
LONG = 60.0


def told(feed: Feed, *texts: str) -> None:
    for text in texts:
        feed(Trace("message", text))


def texts(feed: Feed, after: int, wait: float = NO_WAIT) -> list[str]:
    return [trace.text for trace in feed.read(after, wait).traces]


def test_a_reader_gets_what_came_since_its_last_number() -> None:
    feed = Feed()
    told(feed, "a", "b")
    first = feed.read(feed.oldest, NO_WAIT)
    told(feed, "c")
    assert [trace.text for trace in first.traces] == ["a", "b"]
    assert texts(feed, first.after) == ["c"]
    assert texts(feed, 3) == []


def test_the_ring_keeps_the_latest_and_a_new_reader_begins_with_them() -> None:
    feed = Feed(kept=2)
    told(feed, "a", "b", "c")
    news = feed.read(feed.oldest, NO_WAIT)
    assert ([trace.text for trace in news.traces], news.missed) == (["b", "c"], 0)


@pytest.mark.parametrize("after", [0, 1])
def test_a_slow_reader_is_told_how_much_it_has_missed(after: int) -> None:
    feed = Feed(kept=2)
    told(feed, "a", "b", "c", "d", "e")
    news = feed.read(after, NO_WAIT)
    assert (news.first, news.missed, news.after) == (3, 3 - after, 5)
    assert [trace.text for trace in news.traces] == ["d", "e"]


def test_a_number_that_never_was_is_answered_with_what_comes() -> None:
    feed = Feed()
    told(feed, "a")
    news = feed.read(99, NO_WAIT)
    assert (news.traces, news.missed, news.after) == ((), 0, 1)


def test_every_reader_that_waits_gets_the_next_trace() -> None:
    feed = Feed()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(texts, feed, 0, LONG) for _ in range(8)]
        told(feed, "now")
        assert [each.result(LONG) for each in waiting] == [["now"]] * 8


def test_many_writers_lose_and_repeat_nothing() -> None:
    feed = Feed()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: told(feed, *[f"{number} {each}" for each in range(50)]), range(8)))
    found, at = [], 0
    while news := feed.read(at, NO_WAIT).traces:
        found += [trace.text for trace in news]
        at += len(news)
    assert len(found) == len(set(found)) == 400


def test_closing_ends_every_wait() -> None:
    feed = Feed()
    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(feed.read, 0, LONG), pool.submit(feed.pause, LONG)]
        feed.close()
        assert waits[0].result(LONG).traces == ()
        assert waits[1].result(LONG) is None
    assert feed.closed


EVENT = {"id": "1", "source": "aws.batch", "detail-type": "Batch Job State Change", "detail": {}}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("event", {"event": {**EVENT, "detail-type": "Object Created"}}, True),
        ("event", {"event": EVENT}, False),
        ("delivery", {"event": EVENT, "rule": "r"}, True),
        ("dead-letter", {"event": EVENT}, True),
        ("event", {"schedule": "arn"}, True),
        ("message", {}, True),
        ("job", {}, False),
        ("log", {"stream": "s", "group": "g"}, False),
        ("log", {"fate": "throttled"}, True),
        ("log", {"traceback": "…"}, True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_comes_by_the_ten_thousand_is_no_news(
    kind: Kind, data: dict[str, object], expected: bool
) -> None:
    assert is_news(Trace(kind, "text", data)) is expected


def test_changes_of_jobs_are_counted_and_not_kept() -> None:
    feed = Feed()
    feed(Trace("job", "one"))
    feed(Trace("log", "line", {"stream": "s"}))
    feed(Trace("job", "two"))
    assert (feed.moves, texts(feed, 0)) == (2, [])
