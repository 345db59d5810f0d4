"""`evaluateOnExit`: who is retried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.batch import model, retry
from batchkit.local.batch.faults import BatchFault
from batchkit.local.batch.model import Attempt, Retry

# What batchkit's own job definitions say.
OURS = retry.parse(
    {
        "attempts": 5,
        "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"},
            {"onStatusReason": "Your Spot Task was interrupted*", "action": "retry"},
            {"onStatusReason": "Task failed to start*", "action": "Retry"},
            {"onExitCode": "75", "action": "RETRY"},
            {"onReason": "*", "action": "EXIT"},
        ],
    }
)


def attempt(
    code: int | None = 1, status_reason: str = model.CONTAINER_EXITED, reason: str | None = None
) -> Attempt:
    return Attempt("arn", None, None, 0, status_reason, code, reason)


@pytest.mark.parametrize(
    ("failed", "repeated"),
    [
        (attempt(None, model.host_terminated("i-0abc")), True),
        (attempt(137, "Host EC2 (instance i-0abc) stopped."), True),
        (attempt(137, "Your Spot Task was interrupted."), True),
        (attempt(None, model.START_FAILED, "CannotPullContainerError: x"), True),
        (attempt(75), True),
        (attempt(1), False),
        (attempt(137, reason="OutOfMemoryError: Container killed due to memory usage"), False),
        (attempt(None, "CannotPullContainerError"), False),
    ],
)
def test_the_texts_of_the_field_are_classified(failed, repeated):
    assert retry.is_repeated(OURS, 1, failed) is repeated


def test_attempts_are_total_tries():
    assert retry.is_repeated(Retry(2), 1, attempt())
    assert not retry.is_repeated(Retry(2), 2, attempt())
    assert not retry.is_repeated(retry.parse({}), 1, attempt())


def test_no_match_means_retry():
    rules = retry.parse({"attempts": 2, "evaluateOnExit": [{"onExitCode": "9", "action": "EXIT"}]}).rules
    assert retry.decides_to_retry(rules, attempt(8))
    assert not retry.decides_to_retry(rules, attempt(9))


def test_the_first_match_decides_and_all_conditions_must_hold():
    entries = [
        {"onExitCode": "1*", "onReason": "Out*", "action": "EXIT"},
        {"onExitCode": "1*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]
    rules = retry.parse({"attempts": 2, "evaluateOnExit": entries}).rules
    assert not retry.decides_to_retry(rules, attempt(137, reason="OutOfMemoryError"))
    assert retry.decides_to_retry(rules, attempt(137))
    assert not retry.decides_to_retry(rules, attempt(2))


def test_a_missing_exit_code_matches_no_pattern_but_a_missing_reason_matches_the_star():
    def rules(**condition: str) -> tuple[model.Rule, ...]:
        return retry.parse({"attempts": 2, "evaluateOnExit": [{**condition, "action": "EXIT"}]}).rules

    assert retry.decides_to_retry(rules(onExitCode="*"), attempt(None))
    assert not retry.decides_to_retry(rules(onReason="*"), attempt(None))


@pytest.mark.parametrize("pattern", ["Host EC2 (instance*", "*x", "a*b", "a-b", "'", "é", "**", "a/b"])
@pytest.mark.parametrize("condition", ["onReason", "onStatusReason"])
def test_restricted_characters_are_refused_in_aws_words(condition, pattern):
    with pytest.raises(BatchFault, match="Evaluate on exit condition contains restricted characters"):
        retry.parse({"attempts": 2, "evaluateOnExit": [{condition: pattern, "action": "EXIT"}]})


@pytest.mark.parametrize("pattern", ["x", "1.", "1 ", "-1", "*1"])
def test_an_exit_code_is_digits(pattern):
    with pytest.raises(BatchFault, match="restricted characters"):
        retry.parse({"attempts": 2, "evaluateOnExit": [{"onExitCode": pattern, "action": "EXIT"}]})


@pytest.mark.parametrize(
    ("strategy", "complaint"),
    [
        ({"evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}]}, "Attempts must be specified"),
        ({"attempts": 2, "evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}] * 6}, "more than 5"),
        ({"attempts": 2, "evaluateOnExit": [{"onExitCode": "1", "action": "STOP"}]}, "must be RETRY or EXIT"),
        ({"attempts": 2, "evaluateOnExit": [{"action": "EXIT"}]}, "at least one condition"),
        ({"attempts": 2, "evaluateOnExit": [{"onReason": "x" * 513, "action": "EXIT"}]}, "at most 512"),
        ({"attempts": 11}, "between 1 and 10"),
    ],
)
def test_strategies_that_batch_refuses(strategy, complaint):
    with pytest.raises(BatchFault, match=complaint):
        retry.parse(strategy)


@given(prefix=st.text("abc .:1", min_size=1, max_size=8), rest=st.text(max_size=8))
def test_a_star_stands_for_any_end_and_nothing_else(prefix, rest):
    (rule,) = retry.parse(
        {"attempts": 2, "evaluateOnExit": [{"onReason": prefix + "*", "action": "EXIT"}]}
    ).rules
    assert not retry.decides_to_retry((rule,), attempt(reason=prefix + rest))
    assert retry.decides_to_retry((rule,), attempt(reason="~" + prefix + rest))
