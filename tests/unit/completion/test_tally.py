from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batchkit.completion.tally import MAX_GROUPS, share, tally
from batchkit.planning.records import ChildFailure, ErrorGroup
from batchkit.planning.shards import Shape
from batchkit.planning.states import Counts

SHAPE = Shape(sources=4, tasks=3, per_child=3)


def report(counts: Counts, *errors: ErrorGroup) -> dict[str, Any]:
    return {"counts": asdict(counts), "errors": [asdict(group) for group in errors]}


def failure(child: int) -> dict[str, Any]:
    return {
        "failure": asdict(ChildFailure("r", child, 4, f"j:{child}", 137, "Host EC2 (i-1) terminated.", "", 5))
    }


def test_items_of_a_dead_child_and_of_a_silent_one_are_errors() -> None:
    found = tally([report(Counts(done=3)), failure(1), report(Counts(done=3))], SHAPE)
    assert found.counts == Counts(done=6)
    assert [(group.error_class, group.count) for group in found.errors()] == [
        ("HostLost", 3),
        ("NoReport", 3),
    ]


def test_a_dead_child_counts_only_for_what_it_did_not_report() -> None:
    partial = {
        **report(Counts(done=1, rejected=1), ErrorGroup("Truncated", 1, "a.jpg", "short")),
        **failure(0),
    }
    full = report(Counts(done=3))
    found = tally([partial, full, full, full], SHAPE)
    assert [(group.error_class, group.count) for group in found.errors()] == [
        ("HostLost", 1),
        ("Truncated", 1),
    ]


def test_the_example_of_items_without_a_word_is_a_silent_child_else_one_that_went_silent() -> None:
    whole, some = report(Counts(done=3)), report(Counts(done=1))
    told = [{**whole, "child": 0}, {**some, "child": 1}, {**whole, "child": 2}]
    for silent, reports in ((3, told), (1, [*told, {**whole, "child": 3}])):
        (group,) = tally(reports, SHAPE).groups()
        assert (group.error_class, group.child) == ("NoReport", silent)


def test_only_the_most_frequent_errors_are_told() -> None:
    groups = [ErrorGroup(f"E{n:02d}", n, "k", "m") for n in range(1, MAX_GROUPS + 6)]
    found = tally([report(Counts(rejected=sum(g.count for g in groups)), *groups)], Shape(1000, 1, 1000))
    assert len(found.errors()) == MAX_GROUPS
    assert found.errors()[1].error_class == f"E{MAX_GROUPS + 5}"


CHILDREN = st.lists(
    st.builds(
        lambda rejected, key: report(
            Counts(done=3 - rejected, rejected=rejected),
            *([ErrorGroup("Bad", rejected, key, "m")] * bool(rejected)),
        ),
        st.integers(0, 3),
        st.text("ab", min_size=1, max_size=3),
    )
    | st.builds(failure, st.integers(0, 3)),
    max_size=4,
)


@given(CHILDREN, st.randoms(use_true_random=False))
def test_the_order_of_the_children_makes_no_difference(children: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(children, len(children))
    first, second = tally(children, SHAPE), tally(shuffled, SHAPE)
    assert (first.counts, first.errors()) == (second.counts, second.errors())


def test_groups_tell_errors_of_one_class_apart_by_what_they_say() -> None:
    errors = (ErrorGroup("E", 2, "a", "cannot read 1"), ErrorGroup("E", 1, "b", "cannot write"))
    other = ErrorGroup("E", 4, "c", "cannot read 22")
    found = tally([report(Counts(failed=3), *errors), report(Counts(failed=4), other)], Shape(7, 1, 4))
    assert [(group.count, group.message) for group in found.groups()] == [
        (6, "cannot read 1"),
        (1, "cannot write"),
    ]
    assert [(group.error_class, group.count) for group in found.errors()] == [("E", 7)]


def test_rejected_and_failed_items_are_told_apart() -> None:
    bad = (ErrorGroup("E", 1, "a", "m"), ErrorGroup("E", 2, "a", "m", rejected=True))
    found = tally([report(Counts(failed=1, rejected=2), *bad)], Shape(1, 3, 3))
    assert [(group.rejected, group.count) for group in found.groups()] == [(True, 2), (False, 1)]


def test_dead_children_of_a_manifest_with_subsets_count_for_no_more_than_is_missing() -> None:
    found = tally([report(Counts(done=1)), failure(1), failure(2)], SHAPE, expected=4)
    assert sum(group.count for group in found.errors()) == 3


def test_each_attempt_that_is_known_counts_and_those_that_nobody_tells_of_are_named() -> None:
    died = failure(1)
    died["failure"]["worked"] = [7, 90, 7]
    last = {**report(Counts(done=3)), "started": 5, "stopped": 9, "attempt": 3}
    found = tally([last, died, failure(2)], SHAPE)
    assert (found.children, found.dead, found.attempts, found.earlier) == (1, 2, {4: 1, 7: 2, 90: 1}, 2)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**6)), st.integers(0, 10**6))
def test_shares_add_up_to_the_total(weights: dict[str, int], total: int) -> None:
    counter = Counter({(name, False, ""): weight for name, weight in weights.items()})
    shares = share(counter, total)
    assert shares.total() == min(counter.total(), total)
    assert all(shares[kind] <= counter[kind] for kind in shares)
