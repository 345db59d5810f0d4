"""The errors that Batch answers with."""

from __future__ import annotations

import uuid


class BatchFault(Exception):
    """An error answer of the Batch API: `code` as in the service model, HTTP `status`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


def client_exception(message: str) -> BatchFault:
    """A request that is refused as it stands."""
    return BatchFault("ClientException", message)


def refused(reason: str) -> BatchFault:
    """A request refused while it was carried out, in the words in which Batch wraps its reasons."""
    return client_exception(f"Error executing request, Exception : {reason}, RequestId: {uuid.uuid4()}")


def server_exception(message: str) -> BatchFault:
    """A failure that is not the caller's."""
    return BatchFault("ServerException", message, 500)
