"""AWS's answers made up: errors and bodies that break off, below boto3, above the network."""

from __future__ import annotations

import io
from typing import Any

from botocore.awsrequest import AWSResponse


class Answers:
    """Answers in AWS's stead: status, body and headers for each of the next requests of an operation.

    `only` restricts them to requests with this text in their URL.
    moto carries the request out all the same: what is replaced is the answer, as when it gets lost.
    """

    def __init__(self, client: Any, operation: str, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        self.left = list(answers)
        self.only = ""
        self.asked = 0
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-send.{service}.{operation}", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.only not in request.url:
            return None
        self.asked += 1
        if not self.left:
            return None
        status, body, headers = self.left.pop(0)
        return AWSResponse(request.url, status, {"Content-Length": str(len(body)), **headers}, Raw(body))


class Raw(io.BytesIO):
    """urllib3's face of a response."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def error(code: str) -> bytes:
    """The body of an error of S3."""
    return f"<Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()
