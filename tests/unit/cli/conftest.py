"""S3 and DynamoDB in process, for commands that are taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.moto_world import World, moto_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with moto_clients() as found:
        yield found


@pytest.fixture
def world(clients: Clients) -> World:
    return World(clients)
