"""Tests of batchkit.aws.ledger, against the table that the storage template defines."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.moto_world import Clock, World, moto_clients

from batchkit.aws.ledger import ANNOUNCE_WITHIN, SUMMED, Ledger
from batchkit.aws.table import BATCH_WAITS
from batchkit.errors import ConfigError, Throttled
from batchkit.planning.records import ChildFailure, ErrorGroup, Item, Report, RunEnd, SlowItem
from batchkit.planning.states import Counts, Outcome, RunState, bulk_order

ITEM = Item("b", "in/ä photo.jpg", "a", Outcome.DONE, "run", bulk_order(5), modified=1)
REPORT = Report("run", child=3, children=200, attempt=1, counts=Counts(done=1))
END = RunEnd("run", "bulk", RunState.PARTIAL, Counts(done=1, failed=1), 2, "recipe", "job")

_numbers = itertools.count()


def unique(name: str) -> str:
    """A name for one hypothesis example: all share a table."""
    return f"{name}-{next(_numbers)}"


@pytest.fixture(scope="module")
def shared() -> Any:
    with moto_clients() as clients:
        yield World(clients).ledger


def test_an_item_comes_back_as_it_was_written(world: World) -> None:
    fitting = {"width": 200, "ratio": 0.1, "name": "", "no": -0.0}
    facts = {**fitting, "tiny": 5e-324, "huge": 1.7e308, "many": 10**40}
    item = replace(ITEM, output="out/ä.webp", bytes=10**13, facts=facts, attempt=2, updated=7)
    assert world.ledger.record_item(item)
    (found,) = world.ledger.items("b", "in/ä photo.jpg")
    too_wide = {"tiny": "5e-324", "huge": "1.7e+308", "many": str(10**40)}
    assert found["facts"] == {**fitting, **too_wide}
    same = ("bucket", "key", "task", "run", "output", "bytes", "attempt", "updated", "error_class", "message")
    assert {name: found[name] for name in same} == {name: getattr(item, name) for name in same}
    assert found["outcome"] == "done"


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
@settings(max_examples=20, deadline=None)
def test_any_number_can_be_recorded(shared: Ledger, number: float) -> None:
    key = unique("number")
    shared.record_item(replace(ITEM, key=key, facts={"n": number}))
    (found,) = shared.items("b", key)
    assert type(number)(found["facts"]["n"]) == number


def test_numbers_of_numpy_are_numbers(world: World) -> None:
    numpy = pytest.importorskip("numpy")
    world.ledger.record_item(replace(ITEM, facts={"mean": numpy.float64(1.5)}))
    (found,) = world.ledger.items(ITEM.bucket, ITEM.key)
    assert found["facts"] == {"mean": 1.5}


items = st.builds(
    replace,
    st.just(ITEM),
    outcome=st.sampled_from(Outcome),
    order=st.integers(1, 3).map(bulk_order),
    modified=st.integers(1, 2),
    attempt=st.integers(1, 2),
)


@given(writes=st.lists(items, min_size=1, max_size=5), data=st.data())
@settings(max_examples=15, deadline=None)
def test_items_end_the_same_in_any_order_and_however_often_they_are_written(
    shared: Ledger, writes: list[Item], data: st.DataObject
) -> None:
    key = unique("item")
    again = data.draw(st.lists(st.sampled_from(writes), max_size=3))
    for item in data.draw(st.permutations(writes + again)):
        shared.record_item(replace(item, key=key))
    (found,) = shared.items("b", key)
    assert found["version"] == max(item.version for item in writes)
    best = next(item for item in writes if item.version == found["version"])
    assert found["outcome"] == best.outcome.value
    assert ("index_pk" in found) == best.is_bad


reports = st.builds(
    replace,
    st.just(REPORT),
    counts=st.builds(Counts, done=st.integers(0, 2), failed=st.integers(0, 2)),
    attempt=st.integers(1, 3),
)
failures = st.integers(1, 4).map(
    lambda stopped: ChildFailure("run", 3, 200, "job:3", None, "Host EC2", "", attempts=1, stopped=stopped)
)


@given(writes=st.lists(reports | failures, min_size=1, max_size=5), data=st.data())
@settings(max_examples=15, deadline=None)
def test_reports_and_failures_end_the_same_in_any_order(
    shared: Ledger, writes: list[Report | ChildFailure], data: st.DataObject
) -> None:
    run = unique("reports")
    again = data.draw(st.lists(st.sampled_from(writes), max_size=3))
    for write in data.draw(st.permutations(writes + again)):
        if isinstance(write, Report):
            shared.record_report(replace(write, run=run, children=10))
        else:
            shared.record_failure(replace(write, run=run, children=10))
    (found,) = shared.children(run, 10)
    versions = [write.version for write in writes if isinstance(write, Report)]
    stops = [write.stopped for write in writes if isinstance(write, ChildFailure)]
    assert found.get("version") == max(versions, default=None)
    assert found.get("failure", {}).get("stopped") == max(stops, default=None)


def test_a_sum_reads_of_every_child_what_it_adds_up_and_nothing_else(shared: Ledger) -> None:
    run = unique("summed")
    slowest = (SlowItem("in/a.jpg", "thumb", 9),)
    for child in range(200):
        shared.record_report(replace(REPORT, run=run, child=child, children=200, slowest=slowest))
    shared.record_failure(ChildFailure(run, 3, 200, "job:3", None, "Host EC2", "", attempts=1, stopped=5))
    whole = sorted(shared.children(run, 200), key=lambda record: int(record["child"]))
    found = sorted(shared.summed(run, 200), key=lambda record: int(record["child"]))
    assert found == [{name: one[name] for name in SUMMED if name in one} for one in whole]
    assert [record["child"] for record in found] == list(range(200))
    assert "failure" in found[3]


ENDS = (RunState.FAILED, RunState.PARTIAL, RunState.SUCCEEDED)


@given(st.lists(st.sampled_from(ENDS), min_size=1, max_size=4))
@settings(max_examples=8, deadline=None)
def test_a_run_only_gets_better_and_is_announced_once_a_state(shared: Ledger, states: list[RunState]) -> None:
    run, announced = unique("run"), []
    for state in states:
        if shared.finish(replace(END, run=run, state=state)):
            announced.append(state)
            assert shared.announced(run, state)
    assert announced == sorted(set(announced), key=ENDS.index)
    record = shared.run(run)
    assert record is not None
    assert record["state"] == max(states, key=ENDS.index).value == announced[-1].value


def test_an_end_that_was_recorded_but_not_announced_is_announced_by_who_comes_later(world: World) -> None:
    now = Clock(1000.0)
    first = Ledger(world.clients.dynamodb, world.table, lambda: 1000.0)
    assert first.finish(END)
    assert not first.finish(END)
    later = Ledger(world.clients.dynamodb, world.table, lambda: 1001.0 + ANNOUNCE_WITHIN)
    assert later.finish(END)
    assert not later.finish(END)
    later.announced("run", END.state)
    assert not Ledger(world.clients.dynamodb, world.table, lambda: now() + 10_000).finish(END)


def test_a_finish_whose_answer_got_lost_is_still_the_callers_to_announce(world: World) -> None:
    class Deaf:
        """A client that repeats each update, as boto3 does when an answer does not arrive."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.clients.dynamodb, name)

        def update_item(self, **arguments: Any) -> Any:
            world.clients.dynamodb.update_item(**arguments)
            return world.clients.dynamodb.update_item(**arguments)

    deaf: Any = Deaf()
    assert Ledger(deaf, world.table).finish(END)
    assert not Ledger(deaf, world.table).finish(END)


def test_bad_items_are_found_by_their_run_and_gone_once_they_are_good(world: World) -> None:
    bad = [replace(ITEM, key=f"{n}.jpg", outcome=Outcome.REJECTED, error_class="Bomb") for n in range(3)]
    assert world.ledger.record_items(bad) == 3
    assert {item["key"] for item in world.ledger.bad_items("run")} == {"0.jpg", "1.jpg", "2.jpg"}
    world.ledger.record_item(replace(bad[1], outcome=Outcome.DONE))
    assert {item["key"] for item in world.ledger.bad_items("run")} == {"0.jpg", "2.jpg"}


def test_many_items_are_written_and_read_back_whole(world: World) -> None:
    # A page has 1 MB: 40 items of over 50 kB come in several.
    many = [replace(ITEM, task=f"t{n}", outcome=Outcome.FAILED, message="x" * 50_000) for n in range(40)]
    assert world.ledger.record_items(many) == 40
    assert world.ledger.record_items(many[:10]) == 0
    assert len(world.ledger.items(ITEM.bucket, ITEM.key)) == 40
    assert len(list(world.ledger.bad_items("run"))) == 40


def test_the_reports_of_all_partitions_are_read_and_mere_failures_count_nothing(world: World) -> None:
    groups = (ErrorGroup("Bomb", 2, "a.jpg", "too many pixels"),)
    for child in range(150):
        world.ledger.record_report(replace(REPORT, child=child, errors=groups if child == 7 else ()))
    world.ledger.record_failure(ChildFailure("run", 150, 200, "job:150", 137, "Host EC2", "", attempts=5))
    found = list(world.ledger.reports("run", 200))
    assert [counts for counts, _ in found] == [Counts(done=1)] * 150
    assert [errors for _, errors in found if errors] == [groups]


def test_the_longest_key_fits(world: World) -> None:
    item = replace(ITEM, bucket="b" * 63, key="ü" * 512, outcome=Outcome.FAILED, task="t" * 64)
    assert world.ledger.record_item(item)
    assert len(world.ledger.items(item.bucket, item.key)) == 1


def test_a_run_that_is_not_there_is_none(world: World) -> None:
    assert world.ledger.run("unknown") is None


def test_a_table_that_is_not_there_is_a_configuration_error(world: World) -> None:
    ledger = Ledger(world.clients.dynamodb, "no-such-table")
    with pytest.raises(ConfigError, match="no-such-table"):
        ledger.record_item(ITEM)
    with pytest.raises(ConfigError):
        ledger.run("run")
    with pytest.raises(ConfigError):
        ledger.items("b", "k")


class Stingy:
    """DynamoDB that reads one key of a batch, `reads` times, and leaves the others unprocessed."""

    def __init__(self, client: Any, reads: int) -> None:
        self.client, self.reads, self.asked = client, reads, 0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - botocore's spelling
        self.asked += 1
        ((table, wanted),) = RequestItems.items()
        some = 1 if self.reads else 0
        self.reads -= some
        first, rest = wanted["Keys"][:some], wanted["Keys"][some:]
        answer = self.client.batch_get_item(RequestItems={table: {**wanted, "Keys": first}}) if first else {}
        left = {"UnprocessedKeys": {table: {**wanted, "Keys": rest}}} if rest else {}
        return {"Responses": {}, **answer, **left}


def test_what_a_batch_leaves_unread_is_asked_for_again(world: World) -> None:
    runs = ("r-1", "r-2", "r-3")
    for run in runs:
        world.ledger.finish(replace(END, run=run))
    client, slept = Stingy(world.clients.dynamodb, reads=4), list[float]()
    ledger = Ledger(client, world.table, sleep=slept.append)  # type: ignore[arg-type]
    found = ledger.records(["r-0", *runs, "r-1"])
    assert {run: record["run"] for run, record in found.items()} == {run: run for run in runs}
    assert (client.asked, slept) == (4, list(BATCH_WAITS[:4]))


def test_a_batch_that_is_never_read_is_throttled(world: World) -> None:
    client = Stingy(world.clients.dynamodb, reads=0)
    with pytest.raises(Throttled, match="2 keys left unprocessed"):
        Ledger(client, world.table, sleep=lambda seconds: None).records(["r-1", "r-2"])  # type: ignore[arg-type]
