"""One running project for all tests of a module: each test brings its own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.world import World, world

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def photos() -> Iterator[World]:
    with world() as running:
        yield running
