"""Tests of batchkit.runs.run_report: from what the ledger holds to a page that shows it."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from support.finished import KEY, Finished, Forgetful
from support.moto_world import World, moto_clients
from support.operating import Past
from support.submitting import sources

from batchkit import recipe
from batchkit.errors import DataError
from batchkit.planning.states import RunState
from batchkit.runs.run_report import render
from batchkit.runs.run_report.charts import round_marks
from batchkit.runs.run_report.timeline import End

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with moto_clients() as clients:
        yield World(clients)


@pytest.fixture
def run(world: World) -> Finished:
    return Finished(Past(world, sources(10), per_child=4))


class Reader(HTMLParser):
    """A browser's view: the tags, and all text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_outcomes_errors_slow_items_costs_and_the_way_on(run: Finished) -> None:
    run.end()
    text = Reader(render(run.facts())).text
    for expected in (
        run.past.run,
        "PARTIAL",
        "s3://uploads/in/",
        f"batchkit retry {run.past.run}",
        "ValueError",
        "400 ms",
        "5 of 5 children",
        "5 attempts lost to Spot",
        "the last line",
        "vCPU hours",
    ):
        assert expected in text, expected


def test_what_comes_from_the_world_is_text_and_nothing_runs(run: Finished) -> None:
    run.end()
    page = render(run.facts())
    read = Reader(page)
    assert KEY in read.text
    assert "bad <img src=x onerror=alert(1)> thing" in read.text
    assert not {"script", "img", "link", "iframe"} & set(read.tags)
    assert b"\x1b" not in page
    assert b"default-src 'none'" in page
    assert set(re.findall(rb"https?://[^\"' <)]+", page)) == {b"http://www.w3.org/2000/svg"}


def test_the_log_beside_an_error_is_that_of_a_child_which_met_it(run: Finished) -> None:
    run.end()
    assert run.facts().tails == {0: ["/batchkit/photos/worker stream of job-0:2", "<b>the last line</b>"]}


def test_the_slowest_items_come_first(run: Finished) -> None:
    run.end()
    assert [one.milliseconds for one in run.facts().slowest] == [400, 300, 200, 100, 0]


def test_children_that_batch_has_forgotten_are_shown_by_their_reports(run: Finished) -> None:
    run.jobs = Forgetful()
    run.end()
    facts = run.facts()
    assert not facts.remembered
    assert {one.end for one in facts.attempts} == {End.DONE}
    assert "Batch has forgotten them" in Reader(render(facts)).text


def test_a_run_without_errors_says_so(run: Finished) -> None:
    run.end(RunState.SUCCEEDED)
    page = Reader(render(run.facts())).text
    assert "None." in page
    assert "batchkit retry" not in page
    assert "--failed" not in page
    assert "with trouble first" not in page


def test_what_was_rejected_is_not_offered_another_try_as_it_is(run: Finished) -> None:
    run.end()
    facts = run.facts()
    items = {**facts.items, "failed": 0, "rejected": 2}
    page = Reader(render(replace(facts, items=items, errors=(), tails={}))).text
    assert "only another file or another recipe" in page.lower()
    assert f"batchkit retry {run.past.run} --only rejected" in page
    assert "To do what failed again" not in page
    assert "--failed" not in page


def test_outputs_are_compared_with_as_many_sources_as_they_were_made_of(run: Finished) -> None:
    run.end()
    facts = run.facts()
    source = facts.plan.bytes / facts.plan.sources
    items = {**facts.items, "done": 2, "fresh": 5, "rejected": 3, "bytes": round(source)}
    assert "50% smaller" in Reader(render(replace(facts, items=items))).text
    assert "150% larger" in Reader(render(replace(facts, items={**items, "bytes": source * 5}))).text
    nothing = Reader(render(replace(facts, items={**items, "done": 0, "bytes": 0}))).text
    assert "against" not in nothing


def test_a_name_that_turns_text_around_cannot(run: Finished) -> None:
    run.end()
    facts = run.facts()
    slow = replace(facts.slowest[0], key="in/\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe")
    assert (
        "<bdi>in/\N{REPLACEMENT CHARACTER}gpj.exe</bdi>" in render(replace(facts, slowest=(slow,))).decode()
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 1]),
        (0, 64, [0, 20, 40, 60]),
        (-3, 24.5, [0, 5, 10, 15, 20]),
        (0.2, 0.7, []),
        (0, 5400, [0, 1200, 2400, 3600, 4800]),
        (0, 30 * 86_400, [0, 432_000, 864_000, 1_296_000, 1_728_000, 2_160_000, 2_592_000]),
    ],
)
def test_axes_are_marked_at_round_times(low: float, high: float, expected: list[int]) -> None:
    assert list(round_marks(low, high)) == expected


def test_no_more_children_are_asked_for_than_are_shown(world: World) -> None:
    run = Finished(Past(world, sources(400), per_child=2))
    run.end()
    facts = run.facts()
    assert facts.plan.children == 400
    assert len(run.jobs.asked) <= 61
    assert 30 <= len({one.child for one in facts.attempts}) <= 60


def test_a_run_that_has_not_ended_or_is_unknown_is_an_error(run: Finished) -> None:
    with pytest.raises(DataError, match="has no report"):
        run.facts()
    run.past.plan = replace(run.past.plan, run="b-nobody")
    with pytest.raises(DataError, match="knows no run"):
        run.facts()


def test_the_same_run_gives_the_same_page(run: Finished) -> None:
    run.end()
    assert render(run.facts()) == render(run.facts())


def test_drawing_leaves_the_search_for_jobs_as_it_was(run: Finished) -> None:
    run.end()
    before = recipe.find_job("image-facts")
    render(run.facts())
    assert recipe.find_job("image-facts") is before
    assert not [one for one in sys.meta_path if not hasattr(one, "find_spec")]
