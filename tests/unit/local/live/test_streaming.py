from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from batchkit.local.live.board import Board
from batchkit.local.live.feed import Feed
from batchkit.local.live.streaming import QUIET_LOOKS, Streams
from batchkit.local.trace import Trace

RULE = "arn:aws:events:us-east-1:123456789012:rule/uploads"
EVENT = {
    "id": "e",
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"object": {"key": "a.jpg"}},
}


class Page:
    """A feed with readers that never wait. `asked` are the rules whose pattern was asked for."""

    def __init__(self, *, kept: int = 100, most: int = 4) -> None:
        self.feed = Feed(kept)
        self.asked: list[str] = []
        board = Board(lambda: {"jobs": []}, lambda: self.feed.moves, 0.0)
        self.streams = Streams(self.feed, board, self.pattern, ("spot=0.2",), look=0.0, most=most)

    def pattern(self, rule: str) -> Mapping[str, Any]:
        self.asked.append(rule)
        return {"detail": {"object": {"key": [{"suffix": ".jpg"}]}}}

    def say(self, *texts: str) -> None:
        for text in texts:
            self.feed(Trace("message", "", {"topic": "a:b:topic", "message": text}))

    def read(self, stream: Iterator[bytes], count: int) -> list[tuple[str, Any, str]]:
        return [parsed(next(stream)) for _ in range(count)]


def parsed(chunk: bytes) -> tuple[str, Any, str]:
    """Event, data and id of a chunk."""
    assert chunk.endswith(b"\n\n")
    fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
    return fields.get("event", ""), json.loads(fields.get("data", "null")), fields.get("id", "")


def said(event: tuple[str, Any, str]) -> list[str]:
    return [line["text"] for line in event[1]["lines"]]


def test_a_new_reader_gets_the_settings_what_is_kept_and_the_jobs() -> None:
    page = Page()
    page.say("one", "two")
    hello, happened, jobs = page.read(page.streams.stream(""), 3)
    assert hello == ("hello", {"faults": ["spot=0.2"], "fresh": True}, "")
    assert (said(happened), happened[1]["missed"]) == (["one", "two"], 0)
    assert jobs == ("jobs", {"jobs": []}, "")


def test_a_reader_that_comes_back_goes_on_behind_the_last_event_that_it_saw() -> None:
    page = Page()
    page.say("one")
    stream = page.streams.stream("")
    _, (_, _, last) = page.read(stream, 2)
    stream.close()
    page.say("two", "three")
    hello, happened = page.read(page.streams.stream(last), 2)
    assert hello[1]["fresh"] is False
    assert said(happened) == ["two", "three"]


def test_a_reader_that_was_away_too_long_is_told_how_much_it_missed() -> None:
    page = Page(kept=2)
    page.say("one")
    stream = page.streams.stream("")
    _, (_, _, last) = page.read(stream, 2)
    page.say("two", "three", "four", "five")
    _, again = page.read(page.streams.stream(last), 2)
    for happened in (again, *(one for one in page.read(stream, 2) if one[0] == "happened")):
        assert (said(happened), happened[1]["missed"]) == (["four", "five"], 2)


def test_a_reader_on_a_quiet_stack_is_told_of_a_burst_that_was_too_long() -> None:
    page = Page(kept=2)
    stream = page.streams.stream("")
    page.read(stream, 2)
    page.say("one", "two", "three")
    (happened,) = page.read(stream, 1)
    assert (said(happened), happened[1]["missed"]) == (["two", "three"], 1)


@pytest.mark.parametrize("last", ["0badf00d-1", "nonsense", "", "1", "-1"])
def test_a_number_of_another_stack_begins_anew(last: str) -> None:
    page = Page()
    page.say("one")
    hello, happened = page.read(page.streams.stream(last), 2)
    assert (hello[1]["fresh"], said(happened)) == (True, ["one"])


def test_jobs_are_sent_again_only_after_one_has_moved() -> None:
    page = Page()
    stream = page.streams.stream("")
    page.read(stream, 2)
    page.say("a message moves no job")
    page.feed(Trace("job", "moved"))
    assert [event for event, _, _ in page.read(stream, 2)] == ["happened", "jobs"]
    page.say("another")
    assert [event for event, _, _ in page.read(stream, 1)] == ["happened"]


def test_silence_is_broken_now_and_then_to_find_out_who_is_gone() -> None:
    page = Page()
    stream = page.streams.stream("")
    page.read(stream, 2)
    assert next(stream) == b": still here\n\n"
    assert QUIET_LOOKS > 1


def test_no_more_readers_than_there_is_room_for_and_each_gives_it_back() -> None:
    page = Page(most=2)
    streams = [page.streams.stream("") for _ in range(3)]
    assert [page.read(each, 1)[0][0] for each in streams] == ["hello", "hello", "full"]
    assert list(streams[2]) == []
    streams[0].close()
    assert page.read(page.streams.stream(""), 1)[0][0] == "hello"


def test_a_stream_that_nobody_reads_takes_no_room() -> None:
    page = Page(most=1)
    page.streams.stream("").close()
    page.streams.stream("")
    assert page.read(page.streams.stream(""), 1)[0][0] == "hello"


def test_closing_the_feed_ends_the_streams() -> None:
    page = Page()
    stream = page.streams.stream("")
    page.read(stream, 2)
    page.feed.close()
    assert list(stream) == []


def test_a_rules_pattern_is_asked_for_once_for_all_that_happened() -> None:
    page = Page()
    for _ in range(3):
        target = "arn:aws:batch:us-east-1:123456789012:job-queue/photos-upload"
        page.feed(Trace("delivery", "", {"event": EVENT, "rule": RULE, "target": target}))
    _, (_, data, _) = page.read(page.streams.stream(""), 2)
    assert page.asked == [RULE]
    assert {line["rule"] for line in data["lines"]} == {"uploads"}
    assert {line["target"] for line in data["lines"]} == {"batch photos-upload"}
    assert data["lines"][0]["matched"] == ["detail.object.key = a.jpg"]


def test_texts_with_ends_of_lines_stay_one_event() -> None:
    page = Page()
    page.say("first\n\nevent: jobs\ndata: {}\r\u2028")
    _, happened = page.read(page.streams.stream(""), 2)
    assert said(happened) == ["first\n\nevent: jobs\ndata: {}\r\u2028"]
