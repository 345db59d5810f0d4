"""Stacks in every state that CloudFormation knows, and what deploying makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto.cloudformation.models import cloudformation_backends
from support.cloud import ACCOUNT, REGION, cloud

from batchkit.aws.objects import Head
from batchkit.aws.stacks import Event
from batchkit.deploy.deploy import execute
from batchkit.deploy.executor import AwsExecutor
from batchkit.deploy.preview import Previewer
from batchkit.deploy.steps import File, FromOutput, Plan, Removal, Stack
from batchkit.deploy.tools import Tools
from batchkit.deploy.worker_image import WorkerImage
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

QUEUE = """
Parameters:
  Name: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Name}
Outputs:
  Url: {Value: !Ref Queue}
"""

# The second resource needs what is not there.
BROKEN = """
Parameters:
  Name: {Type: String}
Resources:
  Kept:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: !Ref Name}
  Definition:
    Type: AWS::Batch::JobQueue
    DependsOn: Kept
    Properties:
      Priority: 1
      ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: none}]
"""

BROKEN_UPDATE = QUEUE.replace(
    "Outputs:",
    """
  Broken:
    Type: AWS::Batch::JobQueue
    Properties: {Priority: 1, ComputeEnvironmentOrder: [{Order: 1, ComputeEnvironment: none}]}
Outputs:
""",
)


@pytest.fixture
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        yield clients


@pytest.fixture
def tools(aws: Clients) -> Tools:
    return Tools.of(aws, "photos")


def stack(template: str = QUEUE, name: str = "photos-s", **parameters: Any) -> Stack:
    return Stack(name, "t.yaml", template, parameters or {"Name": "one"})


def carried_out(tools: Tools, *steps: Any) -> list[str]:
    executor = AwsExecutor(tools)
    execute(Plan("photos", steps), executor)
    return executor.changed


def known(name: str = "photos-s") -> Any:
    """moto's own stack, to be put into a state that only misfortune brings about."""
    stacks = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    return next(one for one in stacks if one.name == name)


def test_a_step_that_is_done_is_not_done_again(tools: Tools, aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="artifacts")
    steps = (File("artifacts", "k", b"x", "text/plain"), stack())
    assert carried_out(tools, *steps) == ["artifacts/k", "photos-s"]
    assert carried_out(tools, *steps) == []


def test_what_is_only_put_first_never_replaces_what_came_between_look_and_write(
    tools: Tools, aws: Clients
) -> None:
    aws.s3.create_bucket(Bucket="outputs")
    step = File("outputs", "k", b"empty", "text/plain", first=True)

    class Unseen(File):
        """As if somebody had written it just after the look."""

        def is_there(self, found: Head | None) -> bool:
            return False

    assert carried_out(tools, step) == ["outputs/k"]
    aws.s3.put_object(Bucket="outputs", Key="k", Body=b"filled")
    assert carried_out(tools, step) == []
    assert carried_out(tools, Unseen(**vars(step))) == []
    assert aws.s3.get_object(Bucket="outputs", Key="k")["Body"].read() == b"filled"


def test_a_failure_is_told_by_what_failed_first_and_leaves_nothing_behind(tools: Tools, aws: Clients) -> None:
    with pytest.raises(ConfigError) as error:
        carried_out(tools, stack(BROKEN, Name="kept"))
    assert "Definition (AWS::Batch::JobQueue)" in str(error.value.found)
    assert "ROLLBACK_COMPLETE" in str(error.value.expected)
    # Retained, it would take the name away from the next attempt.
    assert aws.s3.list_buckets()["Buckets"] == []


def test_a_stack_that_never_came_into_being_is_cleared_away_first(tools: Tools) -> None:
    with pytest.raises(ConfigError):
        carried_out(tools, stack(BROKEN, Name="kept"))
    previewer = Previewer(tools)
    execute(Plan("photos", (stack(),)), previewer)
    assert [one.verdict for one in previewer.stacks] == ["recreate"]
    assert carried_out(tools, stack()) == ["photos-s"]


def test_a_failed_update_leaves_what_was_there(tools: Tools, aws: Clients) -> None:
    carried_out(tools, stack())
    with pytest.raises(ConfigError, match="could not deploy"):
        carried_out(tools, stack(BROKEN_UPDATE, Name="one"))
    state = tools.stacks.state("photos-s")
    assert state is not None
    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    assert state.outputs["Url"].endswith("/one")
    assert carried_out(tools, stack(Name="two")) == ["photos-s"]


def test_a_stack_that_was_only_reviewed_is_not_there(tools: Tools) -> None:
    from batchkit.aws.change_sets import Wanted

    tools.change_sets.create(Wanted("photos-s", QUEUE, {"Name": "one"}))
    assert known().status == "REVIEW_IN_PROGRESS"
    assert carried_out(tools, stack()) == ["photos-s"]


def test_somebody_else_s_work_on_a_stack_is_waited_for(aws: Clients) -> None:
    tools, waited = Tools.of(aws, "photos"), list[float]()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        known().status = "CREATE_COMPLETE"

    carried_out(tools, stack())
    known().status = "CREATE_IN_PROGRESS"
    object.__setattr__(tools.watch, "sleep", sleep)
    assert carried_out(tools, stack()) == []
    assert len(waited) == 1


def test_a_stack_that_the_project_no_longer_has_is_deleted_once(tools: Tools) -> None:
    carried_out(tools, stack())
    previewer = Previewer(tools)
    execute(Plan("photos", (Removal("photos-s"),)), previewer)
    ((preview,), (change,)) = previewer.stacks, previewer.stacks[0].changes
    assert (preview.verdict, change.verb, change.loses_data) == ("delete", "remove", True)
    assert carried_out(tools, Removal("photos-s")) == ["photos-s"]
    assert carried_out(tools, Removal("photos-s")) == []


def test_what_awaits_an_earlier_stack_is_previewed_with_what_is_known(tools: Tools) -> None:
    first, second = stack(), stack(name="photos-t", Name=FromOutput("photos-s", "Url"))
    previewer = Previewer(tools)
    execute(Plan("photos", (first, second)), previewer)
    assert [one.verdict for one in previewer.stacks] == ["create", "create"]


def test_the_image_is_pushed_before_the_first_stack_that_names_it(tools: Tools) -> None:
    told: list[str] = []
    image = WorkerImage("one", lambda: told.append("pushed"))
    executor = AwsExecutor(tools, image=image)
    execute(Plan("photos", (stack(Name="other"), stack(name="photos-t"))), executor)
    assert told == ["pushed"]
    assert executor.changed == ["photos-s", "one", "photos-t"]


def test_events_come_once_and_in_order(aws: Clients) -> None:
    heard: list[Event] = []
    carried_out(Tools.of(aws, "photos", heard.append), stack())
    assert [event.status for event in heard] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_COMPLETE",
    ]
    assert len({event.id for event in heard}) == len(heard)
