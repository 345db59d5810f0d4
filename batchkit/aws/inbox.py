"""Reading what a topic publishes: a queue subscribed to it, as any consumer would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from batchkit.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients


class Inbox:
    """An SQS queue that receives the messages of one SNS topic."""

    def __init__(self, clients: Clients, topic_arn: str, name: str) -> None:
        """Creates the queue and the subscription; AWS keeps both until they are deleted."""
        self._sqs = clients.sqs
        with translated(f"subscribing to {topic_arn}"):
            self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
            arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
            clients.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    def messages(self, wait_seconds: int = 0) -> Iterator[str]:
        """The texts that arrived, each once; ends when nothing comes for `wait_seconds` (at most 20)."""
        while True:
            with translated("receiving messages"):
                answer = self._sqs.receive_message(
                    QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
                )
            received = answer.get("Messages", [])
            if not received:
                return
            for message in received:
                with translated("deleting a message"):
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                yield str(json.loads(message["Body"])["Message"])
