"""Tests of batchkit.worker.reporter: what a child says of itself while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.jobs import recipe
from support.moto_world import World, bulk

from batchkit.aws.ledger import Ledger
from batchkit.errors import EX_OK, EX_TEMPFAIL, Throttled
from batchkit.planning.records import REPORT_SECONDS

if TYPE_CHECKING:
    from batchkit.planning.records import Item, Report

SOURCES = 12
COPIES = recipe(["a"])


class Watched(Ledger):
    """A ledger that keeps the reports it is given, and how many items it held then.

    It takes no write after `last` reports, as if the child were gone, and no report before `first`.
    """

    def __init__(self, world: World, first: int = 0, last: int | None = None) -> None:
        super().__init__(world.clients.dynamodb, world.table)
        self._first, self._last = first, last
        self.told: list[tuple[int, int]] = []
        self.held = 0

    def record_item(self, item: Item) -> bool:
        self._check()
        moved = super().record_item(item)
        self.held += 1
        return moved

    def record_report(self, report: Report) -> bool:
        self._check()
        self.told.append((report.counts.items, self.held))
        if len(self.told) <= self._first:
            raise Throttled("not now")
        return super().record_report(report)

    def _check(self) -> None:
        if self._last is not None and len(self.told) >= self._last:
            raise Throttled("the child is gone")


def submitted(world: World) -> None:
    world.submit(COPIES, [world.put(f"{n}.jpg", b"x") for n in range(SOURCES)])


def run(world: World, ledger: Watched, *, pace: float, attempt: int = 1) -> int:
    world.ledger = ledger
    return world.run(COPIES, bulk(COPIES, SOURCES, SOURCES, attempt=attempt), pace=pace).code


def test_a_child_of_less_than_a_minute_reports_once(world: World) -> None:
    submitted(world)
    ledger = Watched(world)
    assert run(world, ledger, pace=0.1) == EX_OK
    assert ledger.told == [(SOURCES, SOURCES)]


def test_a_longer_one_reports_on_its_way_and_never_more_than_the_ledger_holds(world: World) -> None:
    submitted(world)
    ledger = Watched(world)
    assert run(world, ledger, pace=REPORT_SECONDS) == EX_OK
    assert len(ledger.told) > 1
    assert all(items == held for items, held in ledger.told)
    assert ledger.told[-1] == (SOURCES, SOURCES)
    assert world.report()["counts"]["done"] == SOURCES


def test_of_a_child_that_is_killed_its_last_report_stays(world: World) -> None:
    submitted(world)
    ledger = Watched(world, last=1)
    run(world, ledger, pace=REPORT_SECONDS)
    ((items, _),) = ledger.told
    assert 0 < items < SOURCES
    assert world.report()["counts"]["done"] == items
    recorded = [key for n in range(SOURCES) for key in world.items(f"{n}.jpg")]
    assert len(recorded) == items


def test_the_attempt_after_a_kill_counts_what_was_done_once(world: World) -> None:
    test_of_a_child_that_is_killed_its_last_report_stays(world)
    before = world.report()["counts"]["done"]
    assert run(world, Watched(world), pace=0.1, attempt=2) == EX_OK
    report = world.report()
    assert report["counts"]["done"] == SOURCES > before
    assert report["attempt"] == 2


def test_an_attempt_that_has_not_come_as_far_as_the_killed_one_takes_nothing_back(world: World) -> None:
    submitted(world)
    run(world, Watched(world, last=3), pace=REPORT_SECONDS)
    before = world.report()
    run(world, Watched(world, last=1), pace=REPORT_SECONDS, attempt=2)
    assert world.report() == before


def test_a_report_that_is_throttled_on_the_way_stops_nobody(world: World) -> None:
    submitted(world)
    world.ledger = Watched(world, first=1)
    ran = world.run(COPIES, bulk(COPIES, SOURCES, SOURCES), pace=REPORT_SECONDS)
    assert ran.code == EX_OK
    (line,) = ran.said("a report on the way was not written")
    assert (line["level"], line["what"]) == ("warning", "not now")
    assert world.report()["counts"]["done"] == SOURCES


def test_a_child_whose_last_report_is_in_vain_is_tried_again(world: World) -> None:
    submitted(world)
    assert run(world, Watched(world, first=1), pace=0) == EX_TEMPFAIL


def test_the_report_at_the_end_of_an_attempt_says_when_that_was(world: World) -> None:
    sources = [world.put("0.jpg", b"x"), world.put("1.jpg", b"x")]
    copies = recipe(["a"], lambda original, task: world.stop.request())
    world.submit(copies, sources)
    world.ledger = ledger = Watched(world)
    ran = world.run(copies, bulk(copies, 2, 2), pace=REPORT_SECONDS)
    assert ran.code == EX_TEMPFAIL
    assert [items for items, _ in ledger.told] == [1, 1]
    assert world.report()["stopped"] * 1000 > ran.said("source processed")[0]["time"]
