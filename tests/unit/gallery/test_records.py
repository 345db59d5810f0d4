from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from support.gallery import RUN, TIME, item, shown

from batchkit.gallery.records import MAX_RUNS, Record, current, joined, record
from batchkit.planning.states import Outcome, upload_order

ITEMS = st.builds(
    lambda task, modified, sequencer, outcome, size: {
        **shown(
            item(
                "a.jpg",
                task,
                modified=TIME + modified,
                etag=f"e{modified}",
                order=upload_order(TIME + modified, sequencer),
                outcome=outcome,
            )
        ),
        "size": size,
    },
    st.sampled_from(["thumb", "large", "*"]),
    st.integers(0, 2),
    st.sampled_from(["0A", "0B"]),
    st.sampled_from(list(Outcome)),
    st.sampled_from([0, 9]),
)
RUNS = st.dictionaries(
    st.sampled_from(["u-1", "u-2", "u-3"]),
    st.sampled_from(["FAILED", "PARTIAL", "SUCCEEDED"]).map(lambda state: {**RUN, "state": state}),
)


def made(items: list[dict], runs: dict) -> Record:
    size = max((one["size"] for one in items), default=0)
    return record("originals", "a.jpg", items, runs, size=size, etag="e1")


RECORDS = st.builds(made, st.lists(ITEMS, max_size=3, unique_by=lambda one: one["task"]), RUNS)


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_records_come_to_the_same_in_any_order_and_any_number(found: list[Record]) -> None:
    results = set()
    for order in permutations(found):
        whole = order[0]
        for one in order[1:]:
            whole = joined(whole, one)
        assert joined(whole, order[0]) == whole
        results.add(repr((sorted(whole["items"].items()), sorted(whole["runs"].items()))))
    assert len(results) == 1


def test_the_latest_runs_stay() -> None:
    runs = {f"u-{n:02d}": {**RUN, "started": TIME + n} for n in range(MAX_RUNS + 5)}
    whole = record("b", "k", [], {})
    for name, run in runs.items():
        whole = joined(whole, record("b", "k", [], {name: run}))
    assert sorted(whole["runs"]) == sorted(runs)[5:]


def test_items_of_an_earlier_upload_are_known_and_not_current() -> None:
    old, new = shown(item("k", "old")), shown(item("k", "new", modified=TIME + 1))
    whole = record("b", "k", [old, new], {})
    assert set(whole["items"]) == {"old", "new"}
    assert set(current(whole)) == {"new"}


def test_a_refused_upload_counts_until_a_better_one_comes() -> None:
    refused = shown(item("k", "*", outcome=Outcome.REJECTED, modified=TIME + 1))
    whole = record("b", "k", [shown(item("k", "thumb")), refused], {})
    assert set(current(whole)) == {"*"}
    again = joined(whole, record("b", "k", [shown(item("k", "thumb", modified=TIME + 1))], {}))
    assert set(current(again)) == {"thumb"}


def test_the_size_of_a_source_goes_to_the_items_that_are_of_it() -> None:
    mine, others = shown(item("k", "mine", etag="e1")), shown(item("k", "others", etag="e2"))
    whole = record("b", "k", [mine, others], {}, size=77, etag="e1")
    assert {task: one["source"] for task, one in whole["items"].items()} == {"mine": 77, "others": 0}
    refused = {**shown(item("k", "*")), "facts": {"source-bytes": 5}}
    assert record("b", "k", [refused], {})["items"]["*"]["source"] == 5
