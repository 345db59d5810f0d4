from __future__ import annotations

import pytest

from batchkit.local.events.delivery import Delivery, DeliveryFault
from batchkit.local.events.retries import after_failure, aws_backoff

BROKEN = DeliveryFault("ERROR_FROM_TARGET", "out of order", retry=True)


def delivery(**policy: int) -> Delivery:
    return Delivery({}, "arn:rule", "rule", {"Id": "1", "Arn": "arn:target", "RetryPolicy": policy})


def fail_until_given_up(one: Delivery) -> tuple[int, str]:
    """How many attempts were made, and which limit ended them."""
    for attempts in range(1, 1000):
        one, limit = after_failure(one, BROKEN, aws_backoff)
        if limit is not None:
            return attempts, limit
    raise AssertionError("never given up")


@pytest.mark.parametrize("retries", [0, 1, 5, 50])
def test_a_delivery_is_tried_once_and_then_as_often_as_the_policy_says(retries: int) -> None:
    assert fail_until_given_up(delivery(MaximumRetryAttempts=retries)) == (
        retries + 1,
        "MaximumRetryAttempts",
    )


def test_an_old_event_is_given_up_before_its_retries_are_used() -> None:
    attempts, limit = fail_until_given_up(delivery(MaximumEventAgeInSeconds=60))
    assert limit == "MaximumEventAgeInSeconds"
    # 1 + 2 + 4 + 8 + 16 + 32 seconds are more than 60.
    assert attempts == 6


def test_without_a_policy_a_day_of_retries_is_made() -> None:
    attempts, _ = fail_until_given_up(delivery())
    assert 150 < attempts <= 186


def test_a_final_fault_reaches_no_limit() -> None:
    _, limit = after_failure(
        delivery(MaximumRetryAttempts=0), DeliveryFault("INVALID_JSON", "x"), aws_backoff
    )
    assert limit is None


def test_policies_may_be_strings_as_cloudformation_parameters_are() -> None:
    one = Delivery({}, "r", "r", {"Arn": "a", "RetryPolicy": {"MaximumRetryAttempts": "2"}})
    assert fail_until_given_up(one)[0] == 3
