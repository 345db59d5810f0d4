"""Duplicated and reordered events, on request."""

from __future__ import annotations

import json

from support.stack_world import running

from batchkit.local.events.faults import Faults

FIFTY_EVENTS = 50


def test_duplicates_keep_their_id_and_no_event_is_lost_among_them() -> None:
    with running(faults=Faults(duplicate=0.5, reorder=1, hold=0.05, seed=7)) as world:
        queue = world.queue("faulty")
        world.rule("faulty", {"source": ["test"]}, {"Arn": queue})
        for first in range(0, FIFTY_EVENTS, 10):
            # Ten in one request: they come within less than `hold`, however slow requests are.
            entries = [
                {"Source": "test", "DetailType": "Test", "Detail": json.dumps({"n": number})}
                for number in range(first, first + 10)
            ]
            assert world.events.put_events(Entries=entries)["FailedEntryCount"] == 0
        bodies = world.bodies(queue)
    arrived = [body["detail"]["n"] for body in bodies]
    assert set(arrived) == set(range(FIFTY_EVENTS))
    assert len(arrived) > FIFTY_EVENTS
    assert arrived != sorted(arrived)
    assert len({body["id"] for body in bodies}) == FIFTY_EVENTS
