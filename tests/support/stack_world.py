"""A local stack for tests: jobs that end at once, clients that are cheap to make, resources in one call."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from batchkit.local.batch.executor import Exit, Task, Watcher
from batchkit.local.events.retries import SCALE
from batchkit.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.local.events.faults import Faults
    from batchkit.local.trace import Trace

ACCOUNT = "123456789012"
REGION = "us-east-1"
# Seconds that only a fault takes, even on a busy machine.
PATIENCE = 300.0

# Every client of a session shares what botocore has read from disk.
session = cache(boto3.Session)


@dataclass
class InstantExecutor:
    """Ends every task with exit code 0 as soon as it starts, and remembers it."""

    tasks: list[Task] = field(default_factory=list)
    closed: bool = False

    def attach(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def start(self, task: Task) -> None:
        self.tasks.append(task)
        self._watcher.running(task.id)
        self._watcher.output(task.id, b"hello from the task\n")
        self._watcher.output(task.id, b"")
        self._watcher.finished(task.id, Exit(0))

    def stop(self, task_id: str, grace: float) -> None:
        """Nothing runs."""

    def close(self) -> None:
        self.closed = True


@dataclass
class StackWorld:
    """A running stack, its clients, what it told its observer, and the tasks that jobs became."""

    stack: LocalStack
    executor: InstantExecutor
    traces: list[Trace]

    def client(self, service: str, *, endpoint: str | None = None, **config: Any) -> Any:
        return session().client(
            service,
            endpoint_url=endpoint or self.stack.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=PATIENCE, **config),
        )

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def sqs(self) -> Any:
        return self.client("sqs")

    @cached_property
    def events(self) -> Any:
        return self.client("events")

    @cached_property
    def iam(self) -> Any:
        return self.client("iam")

    def bucket(self, name: str, *, eventbridge: bool = True) -> str:
        self.s3.create_bucket(Bucket=name)
        if eventbridge:
            self.s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        return name

    def queue(self, name: str, *, open_to_events: bool = True) -> str:
        """The ARN of a new queue that EventBridge may send to."""
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        if open_to_events:
            policy = json.dumps(policy_for("sqs:SendMessage", arn))
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return arn

    def rule(self, name: str, pattern: Mapping[str, Any], *targets: Mapping[str, Any]) -> None:
        self.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.events.put_targets(Rule=name, Targets=numbered)

    def role(self, name: str, service: str, action: str, resource: str = "*") -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        allowed = {"Effect": "Allow", "Action": action, "Resource": resource}
        created = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_document(trust)))
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(_document(allowed)))
        return str(created["Role"]["Arn"])

    def function(self, name: str, code: str, *, timeout: int = 20, **environment: str) -> str:
        """The ARN of a new function `handler` of the module `code`, open to EventBridge."""
        awslambda = self.client("lambda")
        role = self.role(f"{name}-role", "lambda.amazonaws.com", "sqs:SendMessage")
        created = awslambda.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="task.handler",
            Code={"ZipFile": zipped({"task.py": code})},
            Timeout=timeout,
            Environment={"Variables": environment},
        )
        awslambda.add_permission(
            FunctionName=name,
            StatementId="events",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
        )
        return str(created["FunctionArn"])

    def put_event(self, detail: Mapping[str, Any], source: str = "test") -> None:
        entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}
        answer = self.events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0

    def settle(self) -> None:
        assert self.stack.drain(PATIENCE)

    def messages(self, queue_arn: str) -> list[dict[str, Any]]:
        """All messages of a queue once everything has settled, taken away."""
        self.settle()
        url = self.sqs.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
        found: list[dict[str, Any]] = []
        while batch := self._receive(url):
            found += batch
        return found

    def bodies(self, queue_arn: str) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.messages(queue_arn)]

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=600
        )
        return list(answer.get("Messages", []))


@contextmanager
def running(faults: Faults | None = None, scale: float = SCALE, port: int = 0) -> Iterator[StackWorld]:
    """A fresh stack for the time of a `with`."""
    executor = InstantExecutor()
    traces: list[Trace] = []
    stack = LocalStack(lambda _: executor, observe=traces.append, faults=faults, scale=scale, port=port)
    with stack:
        yield StackWorld(stack, executor, traces)


def policy_for(action: str, resource: str, **more: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        **more,
    }
    return _document(statement)


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
