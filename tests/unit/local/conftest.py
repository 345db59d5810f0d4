"""The stack that most tests of the local stack share: each uses names of its own in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.stack_world import StackWorld


@pytest.fixture(scope="module")
def world() -> Iterator[StackWorld]:
    from support.stack_world import running

    with running() as world:
        yield world
