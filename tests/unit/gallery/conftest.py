"""moto once a module; a gallery of its own a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.gallery import House
from support.moto_world import World, moto_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with moto_clients() as found:
        yield found


@pytest.fixture
def house(clients: Clients) -> House:
    return House(World(clients))
