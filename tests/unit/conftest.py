"""Settings of the unit tests, and the AWS in memory that most of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support.moto_world import World, moto_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

# A busy machine is not a failure: no test may depend on time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    """moto once a module: building a client takes longer than most tests."""
    with moto_clients() as found:
        yield found


@pytest.fixture
def world(clients: Clients) -> World:
    """New buckets and a new ledger for each test."""
    return World(clients)
