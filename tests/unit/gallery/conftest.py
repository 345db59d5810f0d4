"""A gallery of its own a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.gallery import House

if TYPE_CHECKING:
    from support.moto_world import World


@pytest.fixture
def house(world: World) -> House:
    return House(world)
