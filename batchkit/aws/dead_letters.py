"""Reading a dead-letter queue, and taking out of it only what has been delivered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore import exceptions as boto

from batchkit.aws.errors import code, translated
from batchkit.planning.dead_letters import Letter, parse

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Longer than any delivery takes: nobody else sees a message meanwhile.
HIDDEN_SECONDS = 300

# Amazon SQS API reference, ReceiveMessage: "Valid values: 1 to 10".
MAX_RECEIVED = 10

# Long polling asks all of SQS's servers; a short one may say that there is nothing.
WAIT_SECONDS = 2

# Several servers hold a queue: one may give out again what another still hides.
STALE_ROUNDS = 3

# A message that is deleted, or visible already, because more time than HIDDEN_SECONDS has gone by.
_NOT_HIDDEN = frozenset(
    {"AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue", "MessageNotInflight"}
)


@dataclass(frozen=True)
class Received:
    """A letter, and what SQS wants to see before it deletes it."""

    letter: Letter
    receipt: str


class DeadLetters:
    """One queue."""

    def __init__(self, client: SQSClient, url: str, wait_seconds: int = WAIT_SECONDS) -> None:
        self._client = client
        self._wait_seconds = wait_seconds
        self._url = url

    @property
    def name(self) -> str:
        return self._url.rsplit("/", 1)[-1]

    def count(self) -> int:
        """About how many messages there are, those that somebody is reading included."""
        with translated(f"looking at the queue '{self.name}'"):
            attributes = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])[
                "Attributes"
            ]
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(value) for name, value in attributes.items() if name in names)

    def letters(self, limit: int | None = None) -> Iterator[Received]:
        """Each message once, at most `limit`. It is hidden from others until it is deleted or put back.

        Ends where no message comes, or only known ones do: they come again while their reader is slow.
        """
        seen: set[str] = set()
        stale = 0
        while stale < STALE_ROUNDS and (limit is None or len(seen) < limit):
            with translated(f"reading the queue '{self.name}'"):
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(
                        MAX_RECEIVED, MAX_RECEIVED if limit is None else limit - len(seen)
                    ),
                    MessageAttributeNames=["All"],
                    MessageSystemAttributeNames=["SentTimestamp"],
                    VisibilityTimeout=HIDDEN_SECONDS,
                    WaitTimeSeconds=self._wait_seconds,
                )
            messages = answer.get("Messages", [])
            if not messages:
                return
            fresh = [one for one in messages if one["MessageId"] not in seen]
            stale = 0 if fresh else stale + 1
            for one in fresh:
                seen.add(one["MessageId"])
                attributes = one.get("MessageAttributes", {})
                texts = {name: value.get("StringValue", "") for name, value in attributes.items()}
                sent = int(one.get("Attributes", {}).get("SentTimestamp", 0)) // 1000
                yield Received(parse(one["MessageId"], one["Body"], texts, sent), one["ReceiptHandle"])

    def put_back(self, received: Received) -> None:
        """Let others see the message again at once; nothing where they do already."""
        with translated(f"putting a message back into '{self.name}'"):
            try:
                self._client.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=received.receipt, VisibilityTimeout=0
                )
            except boto.ClientError as error:
                if code(error) not in _NOT_HIDDEN:
                    raise

    def delete(self, received: Received) -> None:
        with translated(f"deleting a message of '{self.name}'"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=received.receipt)
