"""Tests of batchkit.aws.queue: what is sent, how fast, and what is known after an error."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore import exceptions as boto
from hypothesis import given
from hypothesis import strategies as st
from support.answers import AWSResponse, Raw
from support.moto_world import moto_clients

from batchkit.aws.queue import MAX_DESCRIBED, BatchJob, Pace, Queue
from batchkit.errors import InternalError, PermissionDenied, Throttled, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchkit.aws.clients import Clients

JOB = BatchJob("b-1-0", "photos-bulk", "photos-bulk", 3, {"run": "b-1"})


class Wire:
    """Batch's answers made up, below boto3: nothing leaves this process. Remembers the requests."""

    def __init__(self, clients: Clients) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[int, dict[str, Any] | Exception]] = []
        for client in (clients.batch, clients.submitter):
            client.meta.events.register_first("before-send.batch", self._answer)

    def _answer(self, request: Any, **_: Any) -> Any:
        self.asked.append((request.url.rsplit("/", 1)[-1], json.loads(request.body or b"{}")))
        status, body = self.answers.pop(0)
        if isinstance(body, Exception):
            raise body
        text = json.dumps(body).encode()
        headers = {"Content-Length": str(len(text)), "x-amzn-errortype": body.get("__type", "")}
        return AWSResponse(request.url, status, headers, Raw(text))


@pytest.fixture(scope="module")
def shared(clients: Clients) -> Wire:
    return Wire(clients)


@pytest.fixture
def wire(shared: Wire) -> Wire:
    shared.asked.clear()
    shared.answers.clear()
    return shared


@pytest.fixture
def queue(clients: Clients) -> Queue:
    return Queue.of(clients, Pace(1e9))


def test_an_array_is_submitted_with_its_size_and_a_plain_job_without(wire: Wire, queue: Queue) -> None:
    wire.answers += [(200, {"jobId": "a", "jobName": "n"}), (200, {"jobId": "b", "jobName": "n"})]
    plain = BatchJob("b-1-1", "photos-bulk", "photos-bulk", 1, vcpus=0.5, memory=1024)
    assert [queue.submit(JOB), queue.submit(plain)] == ["a", "b"]
    (_, array), (_, single) = wire.asked
    assert array["arrayProperties"] == {"size": 3}
    assert array["parameters"] == {"run": "b-1"}
    assert "containerOverrides" not in array
    assert "arrayProperties" not in single
    assert single["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "0.5"},
        {"type": "MEMORY", "value": "1024"},
    ]
    # A worker with more memory than its job definition says must know of it.
    assert single["containerOverrides"]["environment"] == [{"name": "BATCHKIT_MEMORY", "value": "1024"}]


LOST: list[tuple[int, dict[str, Any] | Exception]] = [
    (500, {"__type": "ServerException", "message": "oops"}),
    (503, {"__type": "ServiceUnavailable", "message": "oops"}),
    (0, boto.ReadTimeoutError(endpoint_url="https://batch")),
    (0, boto.ConnectionClosedError(endpoint_url="https://batch")),
    (0, boto.HTTPClientError(error="reset by peer")),
]


@pytest.mark.parametrize("answer", LOST)
def test_a_lost_answer_leaves_it_open_and_is_not_repeated(
    wire: Wire, queue: Queue, answer: tuple[int, Any]
) -> None:
    wire.answers.append(answer)
    with pytest.raises(Unanswered, match="b-1-0"):
        queue.submit(JOB)
    assert len(wire.asked) == 1


REFUSED: list[tuple[tuple[int, Any], type[Exception]]] = [
    ((429, {"__type": "TooManyRequestsException", "message": "slow down"}), Throttled),
    ((403, {"__type": "AccessDeniedException", "message": "no"}), PermissionDenied),
    ((400, {"__type": "ClientException", "message": "no such queue"}), InternalError),
    ((0, boto.EndpointConnectionError(endpoint_url="https://batch")), Throttled),
    ((0, boto.ConnectTimeoutError(endpoint_url="https://batch")), Throttled),
]


@pytest.mark.parametrize(("answer", "kind"), REFUSED)
def test_a_refusal_is_certain_and_is_not_repeated(
    wire: Wire, queue: Queue, answer: tuple[int, Any], kind: type[Exception]
) -> None:
    wire.answers.append(answer)
    with pytest.raises(kind) as caught:
        queue.submit(JOB)
    assert not isinstance(caught.value, Unanswered)
    assert len(wire.asked) == 1


def test_the_sdk_tries_once_even_where_other_calls_are_repeated() -> None:
    with moto_clients(attempts=3) as clients:
        wire = Wire(clients)
        wire.answers += [(500, {"__type": "ServerException", "message": "oops"})] * 2
        with pytest.raises(Unanswered):
            Queue.of(clients, Pace(1e9)).submit(JOB)
        assert len(wire.asked) == 1


def test_a_job_is_found_by_its_exact_name_and_the_newest_counts(wire: Wire, queue: Queue) -> None:
    found = [
        {"jobId": "old", "jobName": "b-1-0", "createdAt": 5},
        {"jobId": "new", "jobName": "b-1-0", "createdAt": 9},
        {"jobId": "other", "jobName": "B-1-0", "createdAt": 99},
    ]
    wire.answers += [
        (200, {"jobSummaryList": found[:1], "nextToken": "more"}),
        (200, {"jobSummaryList": found[1:]}),
    ]
    assert queue.find("photos-bulk", "b-1-0") == "new"
    operation, request = wire.asked[0]
    assert operation == "listjobs"
    assert request["filters"] == [{"name": "JOB_NAME", "values": ["b-1-0"]}]
    assert "jobStatus" not in request


def test_a_job_that_nobody_submitted_is_not_found(wire: Wire, queue: Queue) -> None:
    wire.answers.append((200, {"jobSummaryList": []}))
    assert queue.find("photos-bulk", "b-1-0") is None


@pytest.mark.parametrize(("ids", "calls"), [(0, []), (1, [1]), (100, [100]), (250, [100, 100, 50])])
def test_jobs_are_described_a_hundred_at_a_time(wire: Wire, queue: Queue, ids: int, calls: list[int]) -> None:
    wire.answers += [(200, {"jobs": [{"jobId": "x", "jobName": "x"}]})] * len(calls)
    assert len(list(queue.describe(map(str, range(ids))))) == len(calls)
    assert [len(request["jobs"]) for _, request in wire.asked] == calls
    assert MAX_DESCRIBED == 100


def test_a_reason_is_cut_to_what_batch_takes(wire: Wire, queue: Queue) -> None:
    wire.answers.append((200, {}))
    queue.terminate("a", "x" * 2000)
    ((operation, request),) = wire.asked
    assert (operation, request) == ("terminatejob", {"jobId": "a", "reason": "x" * 1024})


CALLS: list[Callable[[Queue], object]] = [
    lambda queue: queue.find("photos-bulk", "b"),
    lambda queue: list(queue.describe(["a"])),
    lambda queue: queue.terminate("a", "because"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_throttling_and_server_errors_of_other_calls_are_one_error(
    wire: Wire, queue: Queue, call: Callable[[Queue], object], status: int
) -> None:
    wire.answers.append((status, {"__type": "TooManyRequestsException", "message": "slow down"}))
    with pytest.raises(Throttled):
        call(queue)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(
    rate=st.floats(0.1, 50),
    gaps=st.lists(st.floats(0, 1), min_size=2, max_size=60),
)
def test_never_more_calls_than_the_rate_go_out(rate: float, gaps: list[float]) -> None:
    time, went = Time(), []
    pace = Pace(rate, time.clock, time.sleep)
    for gap in gaps:
        time.sleep(gap)
        pace.wait()
        went.append(time.now)
    assert all(b - a >= 1 / rate - 1e-9 for a, b in itertools.pairwise(went))


def test_a_slow_caller_is_not_held_up() -> None:
    time = Time()
    pace = Pace(20, time.clock, time.sleep)
    for _ in range(3):
        pace.wait()
        time.sleep(1)
    assert time.now == 3.0


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="impossible rate"):
        Pace(0)
