"""Retries of the bus against a Batch that answers as the test wants; no stack, no network."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from moto.events import events_backends
from moto.iam import iam_backends
from moto.sqs import sqs_backends
from support.stack_world import ACCOUNT, REGION, policy_for

from batchkit.local import backends as moto_backends
from batchkit.local.backends import Backends
from batchkit.local.batch.faults import BatchFault
from batchkit.local.events.bus import LocalBus
from batchkit.local.events.targets.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q"
DEAD = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
EVENT = {"id": "1", "source": "s", "detail-type": "t", "region": REGION, "time": "", "detail": {}}


class Moody:
    """A Batch API that raises its moods one after the other, then takes everything."""

    def __init__(self, *moods: Exception) -> None:
        self.moods = list(moods)
        self.calls = 0

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.moods:
            raise self.moods.pop(0)
        return {}


@pytest.fixture
def backends() -> Iterator[Backends]:
    """A rule with a Batch target that retries three times, and a dead-letter queue."""
    moto_backends.reset()
    version = {"Version": "2012-10-17"}
    policy = json.dumps({**version, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    principal = {"Service": "events.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({**version, "Statement": statement})
    iam = iam_backends[ACCOUNT]["aws"]
    role = iam.create_role("r", trust, "/", None, "", {}, 3600)
    iam.put_role_policy("r", "p", policy)
    sqs_backends[ACCOUNT][REGION].create_queue("dead", Policy=json.dumps(policy_for("sqs:SendMessage", DEAD)))
    events = events_backends[ACCOUNT][REGION]
    events.put_rule("rule", event_pattern='{"source": ["s"]}')
    target = {
        "Id": "1",
        "Arn": QUEUE,
        "RoleArn": role.arn,
        "BatchParameters": {"JobDefinition": "d", "JobName": "j"},
        "RetryPolicy": {"MaximumRetryAttempts": 3},
        "DeadLetterConfig": {"Arn": DEAD},
    }
    events.put_targets("rule", None, [target])
    yield Backends(ACCOUNT, REGION)
    moto_backends.reset()


def deliver(backends: Backends, batch: Moody) -> list[dict[str, str]]:
    """Puts one event, waits, and returns the attributes of the dead letters."""
    functions: Any = SimpleNamespace(invoke_later=None)
    bus = LocalBus(Services(backends, batch, functions), scale=0)
    bus.put(EVENT)
    assert bus.drain(60)
    bus.close()
    messages = sqs_backends[ACCOUNT][REGION].queues["dead"]._messages
    return [
        {name: value["StringValue"] for name, value in each.message_attributes.items()} for each in messages
    ]


THROTTLED = BatchFault("TooManyRequestsException", "slow down", 429)
BROKEN = BatchFault("ServerException", "oops", 500)


@pytest.mark.parametrize("mood", [THROTTLED, BROKEN, RuntimeError("a bug")])
def test_a_passing_trouble_is_retried_until_the_target_takes_the_event(
    backends: Backends, mood: Exception
) -> None:
    batch = Moody(mood, mood)
    assert deliver(backends, batch) == []
    assert batch.calls == 3


@pytest.mark.parametrize(("mood", "code"), [(THROTTLED, "THROTTLING"), (BROKEN, "ERROR_FROM_TARGET")])
def test_a_lasting_trouble_ends_after_the_policy_s_retries(
    backends: Backends, mood: Exception, code: str
) -> None:
    batch = Moody(*[mood] * 10)
    [letter] = deliver(backends, batch)
    assert batch.calls == 4
    assert letter["ERROR_CODE"] == code
    assert letter["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert letter["RETRY_ATTEMPTS"] == "3"


def test_a_client_error_is_not_retried(backends: Backends) -> None:
    batch = Moody(BatchFault("ClientException", "no such queue"))
    [letter] = deliver(backends, batch)
    assert batch.calls == 1
    assert letter["ERROR_MESSAGE"] == "ClientException: no such queue"
