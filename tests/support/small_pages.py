"""Listings of many pages from few objects."""

from __future__ import annotations

from typing import Any


class SmallPages:
    """An S3 client whose pages are small: what takes a million keys takes some tens."""

    def __init__(self, client: Any, size: int) -> None:
        self._client, self._size = client, size
        self.requests: list[dict[str, Any]] = []

    def list_objects_v2(self, **arguments: Any) -> Any:
        self.requests.append(arguments)
        limit = min(arguments.get("MaxKeys", self._size), self._size)
        return self._client.list_objects_v2(**{**arguments, "MaxKeys": limit})
