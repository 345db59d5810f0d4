"""Dead letters whose reader takes longer than they are hidden."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchkit.aws.dead_letters import DeadLetters
from batchkit.errors import BatchkitError


class Queue:
    """SQS that gives out these rounds of messages, and refuses to make one visible with `refusal`."""

    def __init__(self, *rounds: str, refusal: str = "") -> None:
        self._rounds = list(rounds)
        self._refusal = refusal

    def receive_message(self, **_: Any) -> dict[str, Any]:
        ids = self._rounds.pop(0)
        return {"Messages": [{"MessageId": one, "Body": "{}", "ReceiptHandle": one} for one in ids]}

    def change_message_visibility(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self._refusal}}, "ChangeMessageVisibility")


def letters(queue: Any) -> DeadLetters:
    return DeadLetters(queue, "https://sqs/1/q")


def test_a_round_of_known_messages_is_not_the_end() -> None:
    assert [one.letter.id for one in letters(Queue("ab", "a", "bc", "")).letters()] == ["a", "b", "c"]


def test_reading_ends_where_only_known_messages_come() -> None:
    assert [one.letter.id for one in letters(Queue("a", "a", "a", "a")).letters()] == ["a"]


@pytest.mark.parametrize("refusal", ["AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"])
def test_what_is_visible_already_need_not_be_put_back(refusal: str) -> None:
    queue = letters(Queue("a", refusal=refusal))
    queue.put_back(next(queue.letters()))


def test_another_refusal_is_an_error() -> None:
    queue = letters(Queue("a", refusal="AccessDenied"))
    with pytest.raises(BatchkitError):
        queue.put_back(next(queue.letters()))
