"""Removing what stacks have made: containers and volumes, found by their labels."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from batchkit.local.docker import ownership
from batchkit.local.docker.engine import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from batchkit.local.docker.engine import Engine

_log = logging.getLogger(__name__)

# Removing waits for the kernel, not for a processor.
_HANDS = 8


def sweep(engine: Engine, stack: str) -> int:
    """Remove everything that `stack` has made; the number of containers there were. Raises EngineLost."""
    label = f"{ownership.STACK}={stack}"
    containers = [each.id for each in engine.containers(label)]
    _each(engine.remove, containers)
    _each(engine.remove_volume, [each.id for each in engine.volumes(label)])
    return len(containers)


def reap(engine: Engine) -> list[str]:
    """Remove what stacks of dead processes of this machine have left; their names. Raises EngineLost."""
    dead = orphans(engine)
    for stack in dead:
        sweep(engine, stack)
    return dead


def orphans(engine: Engine) -> list[str]:
    """The names of stacks of dead processes of this machine that have left something. Raises EngineLost."""
    here = ownership.machine()
    left = [*engine.containers(ownership.STACK), *engine.volumes(ownership.STACK)]
    owners = {ownership.read(each.labels) for each in left}
    dead = {
        owner.stack
        for owner in owners
        if owner is not None and ownership.is_orphan(owner, here, ownership.birth)
    }
    return sorted(dead)


def _each(remove: Callable[[str], None], names: Iterable[str]) -> None:
    with ThreadPoolExecutor(_HANDS) as hands:
        list(hands.map(lambda name: _remove(remove, name), names))


def _remove(remove: Callable[[str], None], name: str) -> None:
    try:
        remove(name)
    except Refused as problem:  # the others must go all the same; the next start tries again
        _log.warning("could not remove %s: %s", name, problem)
