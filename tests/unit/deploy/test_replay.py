"""Dead letters delivered again, one for each kind of target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from support.cloud import ACCOUNT, REGION, cloud
from support.projects import deployed, photos

from batchkit.aws.dead_letters import DeadLetters
from batchkit.aws.delivery import Delivery, Target
from batchkit.deploy.replay import Replay, Replayed, handlers, replay
from batchkit.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/photos-"
QUEUE = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/photos-upload"
S3 = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "time": "2026-11-24T00:00:00Z",
    "detail": {"bucket": {"name": "b"}, "object": {"key": "k\t", "size": 1, "etag": "e", "sequencer": "0A"}},
}


class Recorder:
    """Delivers nothing, and remembers what it was to deliver. Targets are those that are deployed."""

    def __init__(self, aws: Clients, *, fails: bool) -> None:
        self._real = Delivery(aws)
        self._fails = fails
        self.calls: list[tuple[str, Any]] = []

    def target(self, rule: str, arn: str) -> Target:
        return self._real.target(rule, arn)

    def submit(self, target: Target, job: Mapping[str, Any]) -> None:
        if self._fails:
            raise Throttled("AWS kept failing", found="TooManyRequestsException")
        self.calls.append((target.name, job["Parameters"]["key"]))

    def submit_as_scheduled(self, job: Mapping[str, Any]) -> None:
        batch: Any = self
        Delivery(batch).submit_as_scheduled(job)

    @property
    def submitter(self) -> Recorder:
        return self

    def submit_job(self, **request: Any) -> None:
        self.calls.append(("batch", request))

    def invoke(self, function: str, event: Mapping[str, Any]) -> None:
        self.calls.append((function, event["source"]))

    def put_event(self, event: Mapping[str, Any]) -> None:
        self.calls.append(("bus", event["source"]))


@dataclass
class World:
    """A deployed project, and a queue of dead letters of the test's own."""

    aws: Clients
    outputs: Mapping[str, str]
    url: str

    def send(self, body: Mapping[str, Any], **attributes: str) -> None:
        texts: Any = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
        self.aws.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), MessageAttributes=texts)

    def replayed(
        self, *, fails: bool = False, dry_run: bool = False
    ) -> tuple[list[Replayed], list[tuple[str, Any]], int]:
        """What became of the letters, what was delivered, and how many are left."""
        queue, recorder = DeadLetters(self.aws.sqs, self.url, wait_seconds=0), Recorder(self.aws, fails=fails)
        delivery: Any = recorder
        results = list(replay(queue, Replay(delivery, handlers("photos", self.outputs)), dry_run=dry_run))
        return results, recorder.calls, queue.count()


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Clients, dict[str, str]]]:
    with cloud() as clients:
        yield clients, deployed(clients, photos(2))


@pytest.fixture
def world(account: tuple[Clients, dict[str, str]], request: pytest.FixtureRequest) -> World:
    aws, outputs = account
    return World(aws, outputs, aws.sqs.create_queue(QueueName=request.node.name[:80])["QueueUrl"])


def test_an_upload_is_submitted_with_its_key_as_it_is(world: World) -> None:
    world.send(S3, RULE_ARN=f"{RULE}upload-accepted", TARGET_ARN=QUEUE)
    results, calls, left = world.replayed()
    assert [(one.done, one.error) for one in results] == [("submit photos-upload", "")]
    assert (calls, left) == ([("photos-upload", "k\t")], 0)


def test_what_cannot_be_delivered_now_stays(world: World) -> None:
    world.send(S3, RULE_ARN=f"{RULE}upload-accepted", TARGET_ARN=QUEUE)
    results, _, left = world.replayed(fails=True)
    assert "TooManyRequestsException" in results[0].error
    assert left == 1


def test_a_dry_run_says_what_it_would_do_and_leaves_all(world: World) -> None:
    world.send(S3, RULE_ARN=f"{RULE}upload-accepted", TARGET_ARN=QUEUE)
    results, calls, left = world.replayed(dry_run=True)
    assert (len(results), calls, left) == (1, [], 1)


def test_an_upload_that_was_refused_for_its_key_is_dropped(world: World) -> None:
    event = {**S3, "detail": {"bucket": {"name": "b"}, "object": {"key": 'a"b', "size": 1}}}
    world.send(event, RULE_ARN=f"{RULE}upload-accepted", TARGET_ARN=QUEUE)
    results, calls, left = world.replayed()
    assert results[0].done.startswith("drop it")
    assert (calls, left) == ([], 0)


def test_what_made_a_function_fail_goes_to_that_function(world: World) -> None:
    event = {"source": "aws.batch", "detail": {"jobName": "j"}}
    world.send(event, RequestID="r", ErrorCode="200", ErrorMessage="boom")
    assert world.replayed()[1:] == ([("photos-completion", "aws.batch")], 0)


def test_an_event_of_our_own_goes_onto_the_bus_again(world: World) -> None:
    event = {"source": "batchkit.photos", "detail-type": "Run Finished", "detail": {}}
    world.send(event, RULE_ARN=f"{RULE}run-finished", TARGET_ARN="arn:topic")
    assert world.replayed()[1:] == ([("bus", "batchkit.photos")], 0)


def test_an_event_of_our_own_that_a_function_was_to_get_goes_to_that_function_alone(world: World) -> None:
    event = {"source": "batchkit.photos", "detail-type": "Run Finished", "detail": {}}
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:photos-completion"
    world.send(event, RULE_ARN=f"{RULE}batch-finished", TARGET_ARN=function)
    assert world.replayed()[1:] == ([("photos-completion", "batchkit.photos")], 0)


SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/photos/nightly"


def scheduled(time: str) -> dict[str, Any]:
    names = {"JobName": "photos-nightly", "JobQueue": "photos-bulk", "JobDefinition": "photos-operations"}
    return {**names, "Parameters": {"order": "{}", "time": time, "Kept": "as it is"}}


def test_a_schedule_s_job_is_submitted_with_its_parameters_as_they_are(world: World) -> None:
    body = scheduled("2026-11-24T03:00:00Z")
    world.send(body, SCHEDULE_ARN=SCHEDULE, ERROR_CODE="THROTTLING")
    results, calls, left = world.replayed()
    assert [(one.done, one.error) for one in results] == [("submit photos-nightly", "")]
    request = {
        "jobName": "photos-nightly",
        "jobQueue": "photos-bulk",
        "jobDefinition": "photos-operations",
        "parameters": body["Parameters"],
    }
    assert (calls, left) == ([("batch", request)], 0)


def test_what_no_schedule_of_ours_submits_stays_and_is_told(world: World) -> None:
    for body in ({"detail": {}}, scheduled("<aws.scheduler.scheduled-time>")):
        world.send(body, SCHEDULE_ARN=SCHEDULE)
    results, calls, left = world.replayed()
    assert all("not what a schedule" in one.error for one in results)
    assert (len(results), calls, left) == (2, [], 2)


def test_what_nobody_can_place_stays_with_a_way_out(world: World) -> None:
    world.send({"source": "mine"})
    results, calls, left = world.replayed()
    assert "nobody knows" in results[0].error
    assert (calls, left) == ([], 1)
