"""Calls that fail on purpose, as boto3's clients see them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from support.stack_world import PATIENCE, REGION, InstantExecutor, session

from batchkit.local.call_faults import REFUSALS, Aim, CallFaults, fate
from batchkit.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.local.trace import Trace

ALWAYS_THROTTLED = CallFaults(throttle=1.0)
ALWAYS_FAILED = CallFaults(error=1.0)

SOME_CALL: dict[str, tuple[str, dict[str, Any]]] = {
    "batch": ("list_jobs", {"jobQueue": "q"}),
    "dynamodb": ("list_tables", {}),
    "events": ("put_events", {"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}),
    "lambda": ("invoke", {"FunctionName": "f"}),
    "logs": ("describe_log_groups", {}),
    "s3": ("list_objects_v2", {"Bucket": "b"}),
    "ec2": ("describe_spot_price_history", {}),
    "sns": ("list_topics", {}),
    "sts": ("get_caller_identity", {}),
}


class Calls:
    """A stack whose calls fail, clients that try `attempts` times, and what the stack said of it."""

    def __init__(self, stack: LocalStack[InstantExecutor], traces: list[Trace]) -> None:
        self._stack = stack
        self._traces = traces

    def client(self, service: str, attempts: int = 1, **config: Any) -> Any:
        return session().client(
            service,
            endpoint_url=self._stack.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=PATIENCE, **config
            ),
        )

    def error(self, service: str) -> tuple[str, int]:
        """Code and HTTP status that a client sees of SOME_CALL."""
        method, arguments = SOME_CALL[service]
        with pytest.raises(ClientError) as caught:
            getattr(self.client(service), method)(**arguments)
        answer = caught.value.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]

    def fates(self) -> list[str]:
        return [trace.data["fate"] for trace in self._traces if "fate" in trace.data]


@contextmanager
def calls(faults: CallFaults) -> Iterator[Calls]:
    traces: list[Trace] = []
    with LocalStack(lambda _: InstantExecutor(), call_faults=faults, observe=traces.append) as stack:
        yield Calls(stack, traces)


def test_every_call_of_this_file_is_of_a_service_that_can_fail() -> None:
    assert set(SOME_CALL) == set(REFUSALS)


def test_each_service_throttles_in_its_own_words() -> None:
    with calls(ALWAYS_THROTTLED) as failing:
        assert {service: failing.error(service) for service in REFUSALS} == {
            "batch": ("TooManyRequestsException", 429),
            "dynamodb": ("ThrottlingException", 400),
            "events": ("ThrottlingException", 400),
            "lambda": ("TooManyRequestsException", 429),
            "logs": ("ThrottlingException", 400),
            "ec2": ("RequestLimitExceeded", 503),
            "s3": ("SlowDown", 503),
            "sns": ("Throttled", 429),
            "sts": ("Throttling", 400),
        }


def test_each_service_fails_in_its_own_words() -> None:
    with calls(ALWAYS_FAILED) as failing:
        assert {service: failing.error(service) for service in REFUSALS} == {
            "batch": ("ServerException", 500),
            "dynamodb": ("InternalServerError", 500),
            "events": ("InternalException", 500),
            "lambda": ("ServiceException", 500),
            "logs": ("ServiceUnavailableException", 503),
            "ec2": ("InternalError", 500),
            "s3": ("InternalError", 500),
            "sns": ("InternalError", 500),
            "sts": ("InternalFailure", 500),
        }


@pytest.mark.parametrize("faults", [ALWAYS_THROTTLED, ALWAYS_FAILED])
def test_clients_repeat_every_call_that_failed_on_purpose(faults: CallFaults) -> None:
    with calls(faults) as failing:
        for service, (method, arguments) in SOME_CALL.items():
            with pytest.raises(ClientError) as caught:
                getattr(failing.client(service, attempts=2), method)(**arguments)
            assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 1, service


def test_a_throttled_call_had_no_effect_and_a_lost_answer_leaves_one() -> None:
    seen: dict[str, set[bool]] = {}
    with calls(CallFaults(throttle=0.3, error=0.5, seed=3)) as failing:
        s3, unsigned = failing.client("s3"), failing.client("s3", signature_version=UNSIGNED)
        unsigned.create_bucket(Bucket="bucket")
        for number in range(40):
            before = len(failing.fates())
            try:
                s3.put_object(Bucket="bucket", Key=str(number), Body=b"x")
            except ClientError:
                (met,) = failing.fates()[before:]
            else:
                met = "answered"
            listed = unsigned.list_objects_v2(Bucket="bucket", Prefix=f"{number}")
            there = any(each["Key"] == f"{number}" for each in listed.get("Contents", []))
            seen.setdefault(met, set()).add(there)
    assert seen == {"answered": {True}, "throttled": {False}, "failed": {False}, "lost": {True}}


def test_a_fault_that_is_aimed_meets_the_call_that_was_meant_and_no_other() -> None:
    aims = (Aim("throttled", "PutObject", 2), Aim("lost", "ListObjectsV2", 1), Aim("failed", "SubmitJob", 9))
    with calls(CallFaults(aimed=aims)) as failing:
        s3 = failing.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="1", Body=b"x")
        with pytest.raises(ClientError, match="SlowDown"):
            s3.put_object(Bucket="bucket", Key="2", Body=b"x")
        with pytest.raises(ClientError, match="InternalError"):
            s3.list_objects_v2(Bucket="bucket")
        assert [each["Key"] for each in s3.list_objects_v2(Bucket="bucket")["Contents"]] == ["1"]
        assert failing.fates() == ["throttled", "lost"]


def test_a_head_fails_without_a_body() -> None:
    with calls(ALWAYS_THROTTLED) as failing:
        with pytest.raises(ClientError) as caught:
            failing.client("s3").head_object(Bucket="b", Key="k")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_what_deploys_and_what_has_no_signature_is_left_alone() -> None:
    with calls(ALWAYS_THROTTLED) as failing:
        assert failing.client("cloudformation").describe_stacks()["Stacks"] == []
        assert failing.client("iam").list_roles()["Roles"] == []
        failing.client("s3", signature_version=UNSIGNED).create_bucket(Bucket="bucket")
        assert failing.fates() == []


def test_without_faults_nothing_fails_on_purpose() -> None:
    with calls(CallFaults()) as working:
        working.client("sns").list_topics()
        assert working.fates() == []


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.integers(), st.sampled_from(sorted(REFUSALS)), st.integers(0))
def test_the_same_seed_makes_the_same_choices(
    throttle: float, error: float, seed: int, service: str, number: int
) -> None:
    faults = CallFaults(throttle, error, seed)
    assert fate(faults, service, number) == fate(CallFaults(throttle, error, seed), service, number)


def test_the_shares_are_the_shares_of_the_calls() -> None:
    fates = [fate(CallFaults(0.2, 0.1, seed=7), "s3", number) for number in range(10_000)]
    assert fates.count("throttled") == pytest.approx(2000, rel=0.1)
    assert fates.count("failed") == pytest.approx(500, rel=0.2)
    assert fates.count("lost") == pytest.approx(500, rel=0.2)


def test_services_and_seeds_differ_in_their_choices() -> None:
    def choices(seed: int, service: str) -> str:
        return json.dumps([fate(CallFaults(0.5, 0, seed), service, number) for number in range(64)])

    assert len({choices(1, "s3"), choices(2, "s3"), choices(1, "dynamodb")}) == 3
